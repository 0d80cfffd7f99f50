"""Laws of the fold: order across topics and repetition do not matter, whatever the blocks."""

import random
from collections.abc import Sequence

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import Topic
from streams.block import decode
from streams.params import DAY, Brand, Brands, Params
from streams.partition import Partition
from streams.records.spans import Record, Records

BRANDS = Brands({"miot": Brand()}, others=Params())
TYPES = {
    Topic.LIKES: ["like", "unlike"],
    Topic.REPOSTS: ["repost", "show"],
    Topic.COMMENTS: ["comment", "mention"],
    Topic.PURCHASES: ["purchase", "refund"],
}
SUMS = ("talk", "share", "credit", "on_brand", "whole")

acts = st.lists(
    st.tuples(st.sampled_from(sorted(TYPES)), st.booleans(), st.integers(0, 50 * DAY), st.booleans()), max_size=25
)
Act = tuple[Topic, bool, int, bool]


def records(history: Sequence[Act], topic: Topic) -> list[Record]:
    out = []
    for n, (of, second, at, prize) in enumerate(history):
        if of == topic:
            event = dict(event_id=f"e{n}", brand_id="miot", fan_id="f", platform="weibo", incentivized=prize)
            event |= dict(event_time=1_700_000_000_000 + at, type=TYPES[topic][second])
            if topic == Topic.COMMENTS:
                event["sentiment"] = -0.4
            if topic == Topic.PURCHASES:
                event |= dict(order_id="o", amount_minor=1, currency="CNY")
            out.append(Record(n, 0, b"miot:f", msgspec.json.encode(event)))
    return out


def fold_all(history: Sequence[Act], seed: int, repeat: bool = False) -> Partition:
    rng, partition = random.Random(seed), Partition(BRANDS)
    queues = {topic: records(history, topic) for topic in TYPES}
    while any(queues.values()):
        topic = rng.choice([topic for topic, queue in queues.items() if queue])
        n = rng.randint(1, len(queues[topic]))
        head, queues[topic] = queues[topic][:n], queues[topic][n:]
        for _ in range(1 + repeat):
            partition.fold(decode(Records.of(head), topic, partition.fans, now=1 << 60).events, topic)
    return partition


@given(acts, st.integers(0, 99), st.integers(0, 99))
@settings(deadline=None, max_examples=50)
def test_topics_may_arrive_in_any_order(history: list[Act], one: int, other: int) -> None:
    a, b = fold_all(history, one), fold_all(history, other, repeat=True)
    assert len(a.fans.index) == len(b.fans.index)
    for name in ("count", "n_days", "newest_day", "active_days", "first_seen", "last_seen", "as_of", "suspect"):
        assert np.array_equal(a.fans.columns.rows[name], b.fans.columns.rows[name]), name
    for name in SUMS:
        np.testing.assert_allclose(a.fans.columns.rows[name], b.fans.columns.rows[name], rtol=1e-12, atol=1e-12)
    assert ((a.fans.columns.rows["score"] >= 0.0) & (a.fans.columns.rows["score"] <= 100.0)).all()


def test_silence_turns_once_and_an_act_turns_back() -> None:
    history: list[Act] = [(Topic.LIKES, False, day * DAY, False) for day in range(20)]
    partition = fold_all(history, 1)
    start = 1_700_000_000_000
    partition.fans.feeds.newest[:] = start + 100 * DAY  # other fans keep the feed alive
    seen = [partition.tick(start + day * DAY // 4, set(), most=100) for day in range(80, 400)]
    turns = np.concatenate(seen)
    churn = turns[turns["flag"] == 1]
    assert churn["after"].tolist() == [2, 3]
    late = records([(Topic.LIKES, False, 150 * DAY, False)], Topic.LIKES)
    late = [late[0]._replace(offset=99, value=(late[0].value or b"").replace(b"e0", b"late"))]
    back = partition.fold(decode(Records.of(late), Topic.LIKES, partition.fans, 1 << 60).events, Topic.LIKES)
    assert back[back["flag"] == 1]["after"].tolist() == [4]


def test_the_changelog_gives_the_same_rows() -> None:
    history: list[Act] = [(Topic.REPOSTS, False, day * DAY, False) for day in range(9)]
    partition, other = fold_all(history, 1), Partition(BRANDS)
    keys, values = partition.fans.records()
    changelog = [Record(i, 0, keys.at(i), values.at(i)) for i in range(len(keys.start))]
    other.fans.restore(Records.of(changelog))
    assert other.fans.columns.rows[:1].tobytes() == partition.fans.columns.rows[:1].tobytes()
    assert not len(partition.fans.records()[0].start)
