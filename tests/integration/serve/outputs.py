"""A producer of the output topics: tests write their records in the worker's place."""

from typing import Self

import msgspec
from kafka import KafkaProducer

from agents.kafka.connection import kafka_options
from agents.settings import Settings
from schemas.outputs.records import FanFlag, FanScore


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
