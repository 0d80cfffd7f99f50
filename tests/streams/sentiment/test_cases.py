"""Named cases for the shipped model: what it gets right, and what it is known to get wrong.

A known miss is held here as it is: when a new model gets one right, move it up.
"""

# ruff: noqa: RUF001  these are the very characters that the texts of fans have

import pytest

from streams.sentiment.model import shipped

MODEL = shipped()

NEGATIVE = {
    "plain": "质量太差了，退款！",
    "plain English": "worst service ever",
    "negated": "不好",
    "negated wish": "再也不会买了",
    "negated English": "I don't like it",
    "negated English, typeset": "I don’t like it",
    "negated English, no apostrophe": "i dont like it",
    "negated English adjective": "not happy with this",
    "traditional": "客服態度惡劣，再也不買了",
    "simplified": "客服态度恶劣，再也不买了",
    "emoji": "😡",
    "many emoji": "😡😡😡",
    "thumb down": "👎",
    "bracket emoticon": "[怒]",
    "sarcastic smile of Weibo": "[微笑]",
    "sarcasm with its fact": "服务真是太好了，等了三个小时",
    "English sarcasm with its fact": "great, another delayed flight",
    "comparative": "不能再差了",
}
POSITIVE = {
    "plain": "东西很好，很喜欢",
    "traditional": "東西很好，很喜歡",
    "plain English": "love it!",
    "full-width": "ＧＯＯＤ",
    "negative word in a positive form": "不错",
    "double negation, fixed form": "不得不说很好",
    "emoji": "👍",
    "emoji with skin tone": "👍🏻",
    "emoji with variation selector": "❤️",
    "bracket emoticon": "[哈哈]",
}
NO_ALARM = {
    "news": "今天发货了",
    "question": "什么时候发货",
    "greeting": "hello",
    "number": "2024",
    "a lone question mark": "？",
    "folded hands, of thanks and of begging": "🙏",
}
MISSED_AS_NEGATIVE = {  # they are positive
    "double negation": "不是不好",
    "double negation of a wish": "我不是不喜欢这个产品",
    "nothing to complain of": "没有不满意的地方",
    "none bad at all": "没有一点不好",
    "superlative by negation": "再好不过了",
    "English litotes": "not bad at all",
}
FALSE_ALARMS = {  # they ask or answer, and are not angry
    "are you there": "在吗",
    "why": "为什么",
    "English why": "why?",
    "a plain no": "no",
}
MISSED_ALARMS = {  # they are negative
    "sarcasm by quotation marks": "真是“好”服务",
    "sarcasm by a dry laugh": "呵呵，服务真好",
    "English sarcasm": "thanks for nothing",
}


def score(text: str) -> float:
    return float(MODEL.score([text])[0])


@pytest.mark.parametrize("name", NEGATIVE)
def test_alarms(name: str) -> None:
    assert score(NEGATIVE[name]) <= -0.6


@pytest.mark.parametrize("name", POSITIVE)
def test_is_glad(name: str) -> None:
    assert score(POSITIVE[name]) >= 0.5


@pytest.mark.parametrize("name", NO_ALARM)
def test_raises_no_alarm(name: str) -> None:
    assert score(NO_ALARM[name]) > -0.6


@pytest.mark.parametrize("name", MISSED_AS_NEGATIVE)
def test_known_miss_is_called_negative(name: str) -> None:
    assert score(MISSED_AS_NEGATIVE[name]) < 0


@pytest.mark.parametrize("name", MISSED_ALARMS)
def test_known_miss_raises_no_alarm(name: str) -> None:
    assert score(MISSED_ALARMS[name]) > -0.6


@pytest.mark.parametrize("name", FALSE_ALARMS)
def test_known_false_alarm_is_raised(name: str) -> None:
    assert score(FALSE_ALARMS[name]) <= -0.6
