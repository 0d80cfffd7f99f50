"""Reads each brand's history into memory: from a file as for `fanpulse load`, or from the input topics."""

import gzip
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, cast

import msgspec
import numpy as np
from kafka import IsolationLevel, TopicPartition
from kafka.admin import OffsetSpec

from agents.errors import ConfigError, FanpulseError
from agents.kafka import offsets
from agents.kafka.connection import admin
from agents.kafka.reading import records
from agents.kafka.topics import partition_counts
from agents.settings import Settings
from schemas.inputs import INPUTS
from schemas.inputs.declaration import Brand, Input, Moment, Name
from schemas.inputs.lookup import public
from streams.offline.replay import History
from streams.offline.rhythm import Acts
from streams.wire.records import Record


class HistoryEvent(msgspec.Struct, gc=False):
    """What is read of a record here; the task reads the rest."""

    event_id: Name
    brand_id: Brand
    fan_id: Name
    event_time: Moment
    type: str | None = None
    topic: str | None = None  # name of the input; a line of a file has it


class BrandEvents:
    """One brand's events in the order in which they are read."""

    def __init__(self) -> None:
        self._fans: dict[bytes, int] = {}
        self._seen: set[int] = set()
        self._rows: list[tuple[int, int, int, bytes, bytes]] = []

    def add(self, event: HistoryEvent, source: Input, record: bytes) -> None:
        """Add one event of an input; a repeat counts once, as in a worker."""
        key = f"{event.brand_id}:{event.fan_id}".encode()
        ident = hash((source.number, event.type or source.kinds[0].name, key, event.event_id))
        if ident in self._seen:
            return
        self._seen.add(ident)
        fan = self._fans.setdefault(key, len(self._fans))
        self._rows.append((event.event_time, fan, source.number, key, record))

    def history(self) -> History:
        """Return all events in the order of their event time."""
        self._rows.sort(key=lambda row: row[0])
        records = [Record(offset, at, key, value) for offset, (at, _, _, key, value) in enumerate(self._rows)]
        at, fan, source = (np.array([row[column] for row in self._rows], np.int64) for column in range(3))
        return History(records, source, Acts(fan, at), list(self._fans))


class Histories:
    """The events of all brands, or of one, in memory: acts of fans, of inputs that producers write to."""

    def __init__(self, brand: str | None, inputs: Iterable[Input] = INPUTS) -> None:
        self.brand = brand
        self._inputs = {source.name: source for source in public(inputs)}
        self._read = msgspec.json.Decoder(HistoryEvent).decode
        self._brands: dict[str, BrandEvents] = {}

    def add(self, record: bytes, source: Input | None = None) -> None:
        """Add one event; without ``source`` the event names its topic. An event that is no act of the fan is left out.

        Raises:
            ValueError: the record is no event.
        """
        event = self._read(record)  # msgspec's errors are ValueErrors
        source = source or self._inputs.get(event.topic or "")
        if source is None:
            raise ValueError(f"field topic must be one of {', '.join(self._inputs)}")
        if source.by_fan and self.brand in (None, event.brand_id):
            self._brands.setdefault(event.brand_id, BrandEvents()).add(event, source, record)

    def of_brands(self, source: str) -> dict[str, History]:
        """Return each brand's history, by name.

        Raises:
            FanpulseError: there is no event.
        """
        if not self._brands:
            raise FanpulseError(f"{source}: no events" + (f" of brand {self.brand}" if self.brand else ""))
        return {name: events.history() for name, events in sorted(self._brands.items())}


def read_histories(path: Path, brand: str | None) -> dict[str, History]:
    """Return each brand's history, or that of ``brand`` alone; all of it is held in memory.

    Raises:
        FanpulseError: the file cannot be read, a line is no event, or no event is of that brand.
    """
    found = Histories(brand)
    try:
        with open_input(path) as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    _add_line(found, line, f"{path}, line {number}")
    except (OSError, EOFError, zlib.error) as error:
        raise FanpulseError(f"{path} cannot be read: {error}") from None
    return found.of_brands(str(path))


def _add_line(found: Histories, line: bytes, place: str) -> None:
    try:
        found.add(line)
    except ValueError as error:
        raise FanpulseError(f"{place}: {error}") from None


def open_input(path: Path) -> BinaryIO:
    """Open a file for reading; it is decompressed if its name ends in .gz."""
    return cast("BinaryIO", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def read_topics(settings: Settings, brand: str | None) -> dict[str, History]:
    """Return each brand's history, or that of ``brand`` alone, as far as the input topics still hold it.

    Only committed records are read, as a worker does. Records that are no events are left out: a worker has put them
    into dead-letters. An optional topic that does not exist is left out, too.

    Raises:
        ConfigError: a required topic does not exist.
        UnavailableError: no broker answers, or it does not hand out the records.
        FanpulseError: there is no event.
    """
    found, topics = Histories(brand), settings.names.public_inputs
    with admin(settings) as client:
        counts = partition_counts(client, list(topics))
        for name, source in topics.items():
            if source.is_required and name not in counts:
                raise ConfigError(f"topic {name} does not exist; `fanpulse topics create` creates it")
        places = [TopicPartition(name, number) for name, count in counts.items() for number in range(count)]
        starts = offsets.offsets(client, places, OffsetSpec.EARLIEST)
        # The last stable offset: beyond it a transaction is open, and a reader of committed records would wait.
        latest = dict.fromkeys(places, OffsetSpec.LATEST)
        stable = client.list_partition_offsets(latest, isolation_level=IsolationLevel.READ_COMMITTED)
        ends = {at: int(found_at.offset) for at, found_at in stable.items()}
    for record in records(settings, starts, ends):
        try:
            found.add(record.value or b"", topics[record.topic])
        except ValueError:
            continue
    return found.of_brands("the input topics")
