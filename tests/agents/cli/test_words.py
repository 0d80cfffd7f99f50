"""What a flag means in a sentence, for every transition that the rules declare."""

import pytest

from agents.cli.inspect.words import sentence
from schemas.outputs.records import Evidence, FanFlag
from streams.fans.model import MODEL, Model
from tests.streams.model.composed import TEST_MODEL

WHY = Evidence(usual_gap_s=259_200, silent_for_s=1_382_400, post_id="p7")


def flag(kind: str, state: str, reason: str) -> FanFlag:
    return FanFlag(1, "", "miot", "f", kind, state, "fan", reason, 1, WHY, 38.1, "1", 0, 1)


@pytest.mark.parametrize(
    ("kind", "state", "reason", "result"),
    [
        ("tier", "core", "score", "fan -> core"),
        ("negative", "raised", "comment", "severity 1, post p7"),
        ("negative", "cleared", "mean", "calmed down"),
        ("churn", "at_risk", "silence", "usually comes every 3 days; silent for 16 days"),
        ("churn", "churned", "negative", "usually comes every 3 days; silent for 16 days (was unhappy)"),
        ("churn", "returned", "act", "back after 16 days"),
        ("churn", "cleared", "act", "active again after 16 days"),
        ("loud", "raised", "visits", "raised (visits)"),
    ],
)
def test_a_transition_has_a_sentence(kind: str, state: str, reason: str, result: str) -> None:
    assert sentence(flag(kind, state, reason)) == result


@pytest.mark.parametrize("model", [MODEL, TEST_MODEL])
def test_every_declared_transition_has_a_sentence(model: Model) -> None:
    for spec in model.flag_specs:
        for state, reason in spec.transitions:
            assert sentence(flag(spec.kind, state, reason)), spec.kind
