"""Label sets derive from the model: what a rule or an input declares has a series before its first event."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from agents.metrics import Metrics
from schemas.dead_letters import RefusalKind
from schemas.inputs import INPUTS
from schemas.inputs.declaration import Act, Input, Kind, Part
from streams.fans.model import MODEL
from tests.streams.histories import new_task, process, record

BRANDS = ["other", "miot"]


class Visit(Act, kw_only=True):
    type: Literal["visit"] = "visit"


VISITS = Input(number=9, name="visits", about="", record=Visit, kinds=(Kind(20, "visit", Part.TALK, 1.0, 90),))


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(MODEL, ["weibo"])


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def labels(metrics: Metrics, name: str) -> set[tuple[str, ...]]:
    found = [sample for family in metrics.registry.collect() for sample in family.samples if sample.name == name]
    return {tuple(sample.labels.values()) for sample in found}


def test_every_input_outcome_and_refusal_has_a_series(metrics: Metrics) -> None:
    for source in INPUTS:
        for outcome in ("applied", "replayed", "duplicate", "late", "ignored", "rejected"):
            assert value(metrics, "fanpulse_events_total", topic=source.name, platform="weibo", outcome=outcome) == 0.0
        for kind in RefusalKind:
            assert value(metrics, "fanpulse_dead_letters_total", topic=source.name, kind=str(kind)) == 0.0


def test_a_new_input_has_its_series_without_another_edit() -> None:
    metrics = Metrics(replace(MODEL, inputs=(*INPUTS, VISITS)), [])
    assert value(metrics, "fanpulse_events_total", topic="visits", platform="other", outcome="applied") == 0.0
    assert value(metrics, "fanpulse_lost_to_retention_total", topic="visits") == 0.0


def test_flags_begin_at_zero_with_the_transitions_that_can_occur(metrics: Metrics) -> None:
    metrics.begin_at_zero(["miot"])
    wanted = {(brand, spec.kind, *pair) for brand in BRANDS for spec in MODEL.flag_specs for pair in spec.transitions}
    assert labels(metrics, "fanpulse_flags_total") == wanted
    assert set(metrics.transitions.values()) == {row[1:] for row in wanted}


def test_fans_are_counted_by_each_set_that_a_rule_declares(metrics: Metrics) -> None:
    task = new_task()
    likes, purchases = INPUTS[0], INPUTS[3]
    process(task, likes, [record(0, 0, "a"), record(1, 1, "b"), record(2, 2, "c", brand_id="acme")])
    process(task, purchases, [record(0, 0, "a"), record(1, 86_400_000, "a")])
    columns = task.fans.columns
    metrics.fans.put(BRANDS, columns.class_counts, columns.score_sums)
    assert value(metrics, "fanpulse_fans", brand="miot", lifecycle="new") == 1.0
    assert value(metrics, "fanpulse_fans", brand="miot", lifecycle="active") == 1.0
    assert value(metrics, "fanpulse_fans", brand="other", lifecycle="new") == 1.0
    tiers = {row[1]: value(metrics, "fanpulse_tier_fans", brand="miot", tier=row[1])
             for row in labels(metrics, "fanpulse_tier_fans")}  # fmt: skip
    assert sum(n or 0.0 for n in tiers.values()) == 2.0
    assert tiers["fan"] == 1.0
    assert value(metrics, "fanpulse_suspects", brand="miot") == 0.0
    assert value(metrics, "fanpulse_score_sum", brand="miot") == pytest.approx(
        float(task.fans.columns.rows["score"][:2].sum()), rel=1e-5
    )


def test_a_partition_that_is_revoked_has_no_series(metrics: Metrics) -> None:
    metrics.lag.put({("likes", 0): 3.0, ("likes", 1): 0.0})
    metrics.lag.put({("likes", 1): 5.0})
    assert labels(metrics, "fanpulse_consumer_lag_messages") == {("likes", "1")}


def test_latencies_are_counted_in_their_buckets(metrics: Metrics) -> None:
    metrics.latency.observe("likes", np.array([0.005, 0.05, 100.0]))
    name = "fanpulse_end_to_end_latency_seconds"
    assert value(metrics, f"{name}_bucket", topic="likes", le="0.01") == 1.0
    assert value(metrics, f"{name}_bucket", topic="likes", le="0.06") == 2.0
    assert value(metrics, f"{name}_count", topic="likes") == 3.0
