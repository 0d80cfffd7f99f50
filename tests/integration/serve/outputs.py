"""Records of the output topics, written by the tests themselves in the worker's place."""

from typing import Self

import msgspec
from kafka import KafkaProducer

from agents.kafka.connection import kafka_options
from agents.settings import Settings
from schemas.outputs import Counts, Evidence, FanFlag, FanScore, FlagKind, Parts, Sentiment, StandingFlag

T0 = 1_732_180_000_000  # ms


def score(fan: str, seq: int = 1, *, brand: str = "miot", **changes: object) -> FanScore:
    """Return a fan's view; ``changes`` are fields that differ from the usual."""
    parts, counts = Parts(0.6, 0.35, 0.12, 1.0, 1.0), Counts(like=12, comment=7)
    record = FanScore(
        1, brand, fan, 42.37, parts, "active", "active", 0.18, Sentiment(-0.12, 7), [], 259_200, counts,
        T0 - 30 * 86_400_000, T0, "1", T0, seq,
    )  # fmt: skip
    return msgspec.structs.replace(record, **changes)


def flag(fan: str, flag_id: str, kind: FlagKind, state: str, before: str = "active", **changes: object) -> FanFlag:
    """Return a transition; ``changes`` are fields that differ from the usual."""
    evidence = Evidence(259_200, 1_382_400, "e1", None)
    record = FanFlag(
        1,
        flag_id,
        "miot",
        fan,
        kind,
        state,
        before,
        "silence",
        1,
        evidence,
        38.1,
        "1",
        T0,
        5,
    )
    return msgspec.structs.replace(record, **changes)


def angry(flag_id: str, severity: int = 2, since: int = T0) -> list[StandingFlag]:
    """Return the standing flags of a fan who is angry."""
    return [StandingFlag(flag_id, "negative", severity, since)]


class Writer:
    """A producer to the output topics; what it wrote is on the broker when a method returns."""

    def __init__(self, settings: Settings) -> None:
        self.names = settings.names
        self.producer = KafkaProducer(**kafka_options(settings), acks="all", linger_ms=5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.producer.close()

    def write(self, *records: FanScore | FanFlag) -> None:
        sent = []
        for record in records:
            topic = self.names.fan_scores if isinstance(record, FanScore) else self.names.fan_flags
            key = f"{record.brand_id}:{record.fan_id}"
            sent.append(self.producer.send(topic, key=key.encode(), value=msgspec.json.encode(record)))
        for future in sent:
            future.get(30)

    def raw(self, topic: str, key: bytes | None, value: bytes | None, partition: int | None = None) -> None:
        self.producer.send(topic, key=key, value=value, partition=partition).get(30)
