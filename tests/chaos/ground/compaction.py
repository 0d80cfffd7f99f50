"""Has Kafka compact a changelog now: what it keeps of each fan must be the newest row."""

import numpy as np
from kafka.admin import ConfigResource

from agents.kafka.connection import admin
from schemas.fan import FAN
from tests.chaos.ground.trial import Trial
from tests.ground.reading import Record, read

# A segment ends with the next record, and is compacted as soon as the cleaner looks (QUICK in conftest.py).
AT_ONCE = {"segment.ms": "100", "min.cleanable.dirty.ratio": "0.001", "max.compaction.lag.ms": "100"}
LEFT = 4  # at most one in so many of the old records is left


def compact(trial: Trial) -> None:
    """Compact while events flow, and wait until it is done; no fan may go back to an older row."""
    settings = trial.settings
    before = read(settings.broker, settings.names.changelog)
    ends = {record.partition: record.offset for record in before}
    with admin(settings) as client:
        client.alter_configs([ConfigResource("TOPIC", settings.names.changelog, dict(AT_ONCE))])

    def is_done() -> bool:
        now = read(settings.broker, settings.names.changelog)
        return sum(record.offset <= ends.get(record.partition, -1) for record in now) < len(before) / LEFT

    trial.until("the changelog is compacted", is_done)
    old, new = last_seq(before), last_seq(read(settings.broker, settings.names.changelog))
    assert old.keys() <= new.keys(), "compaction lost fans"
    back = {key: (seq, new[key]) for key, seq in old.items() if new[key] < seq}
    assert not back, f"an older row survived: {back}"


def last_seq(records: list[Record]) -> dict[bytes, int]:
    """Return the seq of each fan's last row."""
    return {record.key or b"": int(np.frombuffer(record.value or b"", FAN)["seq"][0]) for record in records}
