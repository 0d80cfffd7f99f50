"""The program's fold agrees with the oracle, history by history: no Kafka, the same comparison."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import KINDS, Kind, Topic
from schemas.fan import Tier
from streams.block import decode
from streams.offline.replay import views
from streams.params import Brands, Params
from streams.partition import Partition
from streams.records.spans import Records
from tests.ground.bots import bots
from tests.integration.oracle.compare import differences
from tests.integration.oracle.doubt import in_doubt
from tests.integration.oracle.replay import Line, key_of, replay
from tests.oracle.histories import TOPIC, act

PARTS = ("talk", "share", "influence", "relevance", "authenticity")
acts = st.builds(
    act,
    kind=st.sampled_from(sorted(TOPIC)),
    day=st.sampled_from([0.0, 0.1, 0.7, 1.0, 2.5, 9.0, 61.3]) | st.floats(0, 400),
    fan=st.sampled_from("fg"),
    incentivized=st.booleans(),
    sentiment=st.floats(-1, 1),
    parent_fan_id=st.sampled_from([None, "f", "g", "h"]),
)


def published(lines: list[Line]) -> dict[str, dict[str, Any]]:
    """Fold every line, in order, then what was earned; return the views of all fans."""
    partition, offsets = Partition(Brands({}, others=Params())), Counter[Topic]()
    earned = []
    for one in lines:
        topic = Topic[one["topic"].upper()]
        if fold(partition, topic, offsets, key_of(one), one):
            credit = one | {"fan_id": one["parent_fan_id"], "by_fan_id": one["fan_id"]}
            earned.append(credit)
    for credit in earned:
        fold(partition, Topic.CREDITS, offsets, key_of(credit), credit)
    picked = np.arange(len(partition.fans.index))
    rows, shown = partition.fans.columns.rows[picked], views(partition.fans.columns, picked, partition.brands.rows)
    keys = partition.fans.index.keys(picked)
    return {key.decode(): view(row, parts) for key, row, parts in zip(keys, rows, shown, strict=True)}


def fold(partition: Partition, topic: Topic, offsets: Counter[Topic], key: str, told: dict[str, Any]) -> bool:
    """Fold one record; say whether it earned another fan a credit."""
    record = SimpleNamespace(offset=offsets[topic], timestamp=0, key=key.encode(), value=msgspec.json.encode(told))
    offsets[topic] += 1
    block = decode(Records.of([record]), topic, partition.fans, now=1 << 60)
    assert not block.refused
    partition.fold(block.events, topic)
    return bool(block.events["earns"][0])


def view(row: np.void, parts: np.void) -> dict[str, Any]:
    """Return one fan as fan-scores would show him."""
    seen = {name: int(row[name]) for name in ("first_seen", "last_seen", "as_of")}
    counts = {name: int(row["count"][kind]) for name, kind in KINDS.items() if kind != Kind.CREDIT}
    return seen | {
        "counts": {name: n for name, n in counts.items() if n},
        "score": float(row["score"]),
        "parts": {name: float(parts[name]) for name in PARTS},
        "tier": Tier(int(row["tier"])).name.lower().replace("_", "-"),
        "sentiment": {"mean": float(row["mood"]), "n": int(row["mood_n"])},
    }


@given(st.lists(acts, max_size=60))
@settings(deadline=None, max_examples=100)
def test_any_history_gives_what_the_oracle_says(lines: list[Line]) -> None:
    assert differences(published(lines), replay(lines).fans, in_doubt(lines).fans) == []


def test_bots_are_seen_through_as_the_oracle_does() -> None:
    lines = list(bots())
    assert differences(published(lines), replay(lines).fans) == []
