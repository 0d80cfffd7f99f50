"""The product's sanity figures, by the oracle: who the personas must be to give them."""

import random

import pytest

from tests.integration.oracle.formulas import score
from tests.integration.oracle.replay import Line, replay
from tests.oracle.histories import act, every

FRIENDS = [one | {"fan_id": f"friend-{n}"} for n, one in enumerate(every("repost", 5, until=0, parent_fan_id="f"))]
PRIZES = [one for kind in ("like", "like", "comment", "repost") for one in every(kind, 1, until=0, incentivized=True)]

PERSONAS = {
    "two likes a month: a lurker": (2.6, 1, every("like", 15, until=0)),
    "a like a day, a mention every other day": (30.6, 1, every("like", 1, until=0) + every("mention", 2, until=0)),
    "a comment a week, a repost a month": (22.4, 1, every("comment", 7, until=0) + every("repost", 30, until=-9)),
    "a core fan, reposted by others every 5 days": (
        64,
        0,
        every("like", 1, until=0) + every("comment", 3, until=0) + every("repost", 7, until=0) + FRIENDS,
    ),
    "a gift hunter with 4 acts a day": (0.7, 1, PRIZES),
}


@pytest.mark.parametrize("name", PERSONAS)
def test_persona_has_the_printed_score(name: str) -> None:
    printed, digits, history = PERSONAS[name]
    fan = replay(history).fans["miot:f"]
    # By formula: these histories are as even as a machine's, which the figures leave aside.
    assert round(score(fan.parts(fan.touched) | {"authenticity": 1.0}), digits) == printed


def bursts(days: list[int], acts: int) -> list[Line]:
    rng = random.Random(1)
    return [act("like", day + at) for day in days for at in sorted(rng.random() ** 4 for _ in range(acts))]


def test_like_bot_sinks_from_40_to_4_once_it_is_known() -> None:
    wary = replay(bursts([day for day in range(120) if day % 7 < 4], acts=30)).fans["miot:f"]
    known = replay(bursts(list(range(120)), acts=30)).fans["miot:f"]
    assert (wary.is_suspect, round(wary.score(wary.touched))) == (False, 40)
    assert (known.is_suspect, round(known.score(known.touched))) == (True, 4)
