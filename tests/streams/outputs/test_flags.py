"""Claims about the kernel that writes flags: what it writes is what the contract and the transitions say."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.inputs import COMMENTS, LIKES
from schemas.outputs import records
from schemas.outputs.fields import FlagSpec
from schemas.outputs.records import FanFlag, FanScore
from schemas.row import Rows
from streams.fans.model import MODEL
from streams.outputs.flag_ids import flag_id
from streams.outputs.flags import EvidenceTexts, json_flags
from streams.outputs.scores import json_scores
from streams.rules.churn import Lifecycle
from streams.rules.rule import TRANSITION
from streams.task import Task
from tests.streams.histories import new_task, process, record

read = msgspec.json.Decoder(FanFlag).decode
NAMES = st.text(min_size=1, max_size=64).filter(lambda name: name.encode("utf-8", "replace").decode() == name)


def known(name: str = "f") -> Task:
    """Return a task that knows one fan."""
    task = new_task()
    process(task, LIKES, [record(0, 0, fan=name)])
    return task


def written(task: Task, transitions: Rows, evidence: list[EvidenceTexts | None]) -> list[FanFlag]:
    fans = task.fans
    texts = json_flags(MODEL.flag_specs, fans.columns.code, transitions, evidence, fans.brands, fans.index)
    return [read(texts.at(i)) for i in range(len(transitions))]


@pytest.mark.parametrize("spec", MODEL.flag_specs, ids=lambda spec: spec.kind)
def test_every_state_that_a_flag_can_turn_to_and_from_is_written_by_its_name(spec: FlagSpec) -> None:
    task = known()
    for after, state in enumerate(spec.states):
        transitions = np.zeros(len(spec.origins) * len(spec.reasons), TRANSITION)
        transitions["flag"], transitions["after"], transitions["since"], transitions["at"] = spec.number, after, 5, 7
        transitions["before"] = np.arange(len(transitions)) % len(spec.origins)
        transitions["reason"] = np.arange(len(transitions)) // len(spec.origins)
        transitions["score"], transitions["seq"], transitions["severity"] = 12.345, 9, 3
        transitions["usual_gap_s"], transitions["silent_for_s"] = 60, 3600
        ident, evidence = flag_id(b"miot:f", spec.kind, 5).decode(), records.Evidence(60, 3600)
        assert written(task, transitions, [None] * len(transitions)) == [
            FanFlag(1, ident, "miot", "f", spec.kind, state, before, reason, 3, evidence, 12.35, "1", 7, 9)
            for reason in spec.reasons
            for before in spec.origins
        ]


@settings(deadline=None)  # the first call compiles
@given(NAMES, NAMES, st.none() | NAMES)
def test_any_id_comes_back_as_it_was(fan: str, event: str, post: str | None) -> None:
    evidence = event.encode(), None if post is None else post.encode()
    (flag,) = written(known(fan), np.zeros(1, TRANSITION), [evidence])
    assert (flag.fan_id, flag.evidence.event_id, flag.evidence.post_id) == (fan, event, post)


def test_flags_that_stand_are_in_the_score_with_the_ids_that_raised_them() -> None:
    task = new_task()
    process(task, COMMENTS, [record(n, n, fan=f"f{n}", sentiment=-0.9 if n % 2 else 0.5) for n in range(6)])
    fans, rows = task.fans, task.fans.columns.rows
    rows["lifecycle"][[1, 2]], rows["churn_since"][[1, 2]], rows["churn_severity"][[1, 2]] = Lifecycle.CHURNED, 77, 2
    texts = json_scores(MODEL, fans.columns, np.arange(6), fans.brands, fans.index)
    scores = [msgspec.json.decode(texts.at(i), type=FanScore) for i in range(6)]
    kinds = [[flag.kind for flag in score.flags] for score in scores]
    assert kinds == [[], ["churn", "negative"], ["churn"], ["negative"], [], ["negative"]]
    for score in scores:
        for flag in score.flags:
            assert flag.flag_id == flag_id(f"miot:{score.fan_id}".encode(), flag.kind, flag.since).decode()
    assert [(flag.severity, flag.since) for flag in scores[2].flags] == [(2, 77)]
