"""What the data sets promise the oracle: repeats come soon, and each topic keeps its order."""

from collections import Counter

from tests.integration.oracle.doubt import in_doubt
from tests.integration.oracle.replay import TOPICS, histories, replay
from tests.support.bots import bots
from tests.support.datasets import APART, TWICE, twice

LINES = list(bots())
DOUBLED = list(twice(LINES, seed=1))


def test_some_lines_come_twice_and_none_thrice() -> None:
    times = Counter(Counter(one["event_id"] for one in DOUBLED).values())
    assert set(times) == {1, 2}
    assert abs(times[2] / len(LINES) - TWICE) < 0.01


def test_a_repeat_follows_within_a_few_lines_of_its_topic() -> None:
    for topic in TOPICS:
        ids = [one["event_id"] for one in DOUBLED if one["topic"] == topic]
        gaps = [ids.index(one, n + 1) - n for n, one in enumerate(ids) if one in ids[n + 1 : n + 40]]
        # Repeats of others may stand between; a ring of 4 ids still holds the first.
        assert all(gap <= 2 * APART for gap in gaps)


def test_repeats_change_neither_order_nor_answer() -> None:
    assert histories(DOUBLED) == histories(LINES)


def test_bots_are_what_their_names_say() -> None:
    fans = replay(LINES).fans
    suspects = {key.split(":")[2].split("-")[1] for key, fan in fans.items() if fan.is_suspect}
    others = {key.split(":")[2].split("-")[1] for key, fan in fans.items() if not fan.is_suspect and fan.acts}
    assert suspects == {"even", "doubtful", "capped", "resting"}
    assert others == {"reformed", "human", "released", "tame"}
    assert not in_doubt(LINES).fans
