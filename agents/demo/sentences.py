"""What the made-up fans write: sentences of our own, each with its language and its sentiment."""
# ruff: noqa: RUF001 - Chinese is written with full-width punctuation

from random import Random
from typing import NamedTuple


class Sentence(NamedTuple):
    """A comment; ``sentiment`` is -1..1."""

    lang: str
    text: str
    sentiment: float


HAPPY = (
    Sentence("zh", "新手机真的很好用，拍照太清楚了", 0.9),
    Sentence("zh", "客服回复特别快，赞一个", 0.8),
    Sentence("zh", "用了三年还是很流畅，会一直支持", 0.85),
    Sentence("zh", "这次发布会太精彩了，期待新品", 0.75),
    Sentence("zh", "送给爸妈的，他们都很喜欢", 0.8),
    Sentence("zh", "包装很用心，物流也快，满意", 0.8),
    Sentence("en", "Love the new camera, the night shots are stunning", 0.9),
    Sentence("en", "Three years in and the battery still lasts all day, great phone", 0.85),
    Sentence("en", "Support fixed my issue in ten minutes, thank you!", 0.85),
    Sentence("en", "The update made everything faster, well done", 0.75),
)
PLAIN = (
    Sentence("zh", "请问什么时候再有货？", 0.0),
    Sentence("zh", "蓝色和黑色哪个好看一点", 0.1),
    Sentence("zh", "这个充电器可以带上飞机吗", 0.0),
    Sentence("zh", "打卡，今天也来看看", 0.2),
    Sentence("en", "Does it come with a charger in the box?", 0.0),
    Sentence("en", "Which colour are you all getting?", 0.1),
    Sentence("en", "When does the store in Chengdu open?", 0.05),
)
ANGRY = (
    Sentence("zh", "垃圾客服，等了三天没人回复，太失望了", -0.9),
    Sentence("zh", "刚买一周就死机，质量太差，要求退货", -0.9),
    Sentence("zh", "虚假宣传，电池半天就没电，再也不买了", -0.85),
    Sentence("zh", "退款拖了一个月，骗子，差评", -0.95),
    Sentence("zh", "屏幕到手就是坏的，售后还推卸责任，气死了", -0.9),
    Sentence("en", "Screen broke after two days and support just ignores me, terrible", -0.9),
    Sentence("en", "Worst phone I ever had, it overheats and crashes all the time", -0.95),
    Sentence("en", "Still no refund after four weeks. I am furious and I am done with you", -0.9),
    Sentence("en", "The update bricked my phone and nobody answers, this is a scam", -0.9),
)


def pick(rng: Random, angry: float = 0.0) -> Sentence:
    """Return a sentence: an angry one with that probability, else happy twice as often as plain."""
    if rng.random() < angry:
        return rng.choice(ANGRY)
    return rng.choice(HAPPY if rng.random() < 2 / 3 else PLAIN)
