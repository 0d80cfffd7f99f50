"""Claims about the kernel that writes flags: what it writes is what the contract and the turns say."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import Topic
from schemas.layout import Rows
from schemas.outputs import Evidence, FanFlag, FanScore
from streams.columns import TURN, Flag
from streams.partition import Partition
from streams.records.flag_ids import KINDS, flag_id
from streams.records.flags import BEFORE, REASONS, STATES, Proof, json_flags
from streams.records.scores import json_scores
from tests.streams.histories import BRANDS, fold, record

read = msgspec.json.Decoder(FanFlag).decode
NAMES = st.text(min_size=1, max_size=64).filter(lambda name: name.encode("utf-8", "replace").decode() == name)


def known(name: str = "f") -> Partition:
    """Return a partition that knows one fan."""
    partition = Partition(BRANDS)
    fold(partition, Topic.LIKES, [record(0, 0, fan=name)])
    return partition


def written(partition: Partition, turns: Rows, proofs: list[Proof | None]) -> list[FanFlag]:
    fans = partition.fans
    texts = json_flags(fans.columns, turns, proofs, BRANDS, fans.index)
    return [read(texts.at(i)) for i in range(len(turns))]


@pytest.mark.parametrize("flag", Flag)
def test_every_state_that_a_flag_can_turn_to_and_from_is_told_by_its_name(flag: Flag) -> None:
    for after, state in enumerate(STATES[flag]):
        turns = np.zeros(len(BEFORE[flag]) * len(REASONS), TURN)
        turns["flag"], turns["after"], turns["since"], turns["at"] = flag, after, 5, 7
        turns["before"] = np.arange(len(turns)) % len(BEFORE[flag])
        turns["reason"] = np.arange(len(turns)) // len(BEFORE[flag])
        turns["score"], turns["seq"], turns["severity"] = 12.345, 9, 3
        turns["usual_gap_s"], turns["silent_for_s"] = 60, 3600
        ident = flag_id(b"miot:f", KINDS[flag], 5).decode()
        assert written(known(), turns, [None] * len(turns)) == [
            FanFlag(1, ident, "miot", "f", KINDS[flag], state, before, reason, 3, Evidence(60, 3600), 12.35, "1", 7, 9)
            for reason in REASONS
            for before in BEFORE[flag]
        ]


@settings(deadline=None)  # the first call compiles
@given(NAMES, NAMES, st.none() | NAMES)
def test_any_id_comes_back_as_it_was(fan: str, event: str, post: str | None) -> None:
    proof = event.encode(), None if post is None else post.encode()
    (flag,) = written(known(fan), np.zeros(1, TURN), [proof])
    assert (flag.fan_id, flag.evidence.event_id, flag.evidence.post_id) == (fan, event, post)


def test_flags_that_stand_are_in_the_score_with_the_ids_that_raised_them() -> None:
    partition = Partition(BRANDS)
    fold(partition, Topic.COMMENTS, [record(n, n, fan=f"f{n}", sentiment=-0.9 if n % 2 else 0.5) for n in range(6)])
    fans, rows = partition.fans, partition.fans.columns.rows
    rows["life"][[1, 2]], rows["churn_from"][[1, 2]], rows["churn_severity"][[1, 2]] = 3, 77, 2
    texts = json_scores(fans.columns, np.arange(6), BRANDS, fans.index)
    told = [msgspec.json.decode(texts.at(i), type=FanScore) for i in range(6)]
    kinds = [[flag.kind for flag in score.flags] for score in told]
    assert kinds == [[], ["churn", "negative"], ["churn"], ["negative"], [], ["negative"]]
    for score in told:
        for flag in score.flags:
            assert flag.flag_id == flag_id(f"miot:{score.fan_id}".encode(), flag.kind, flag.since).decode()
    assert [(flag.severity, flag.since) for flag in told[2].flags] == [(2, 77)]
