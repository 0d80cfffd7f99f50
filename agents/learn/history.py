"""A history from a file: the format of `fanpulse load`, one event a line with the name of its topic."""

import zlib
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from agents.errors import FanpulseError
from agents.learn.files import opened
from schemas.events import Brand, Moment, Name
from schemas.topics import INPUTS
from streams.fitting.rhythm import Acts
from streams.trial.replay import History, Line


class Event(msgspec.Struct, gc=False):
    """What is read of a record here; the fold reads the rest."""

    event_id: Name
    brand_id: Brand
    fan_id: Name
    event_time: Moment
    topic: Literal["likes", "reposts", "comments", "purchases"] | None = None  # a line of a file has it


class Pile:
    """One brand's events as they come."""

    def __init__(self) -> None:
        self._fans: dict[bytes, int] = {}
        self._seen: set[int] = set()
        self._rows: list[tuple[int, int, int, bytes, bytes]] = []

    def add(self, event: Event, topic: int, record: bytes) -> None:
        """Take in one event; a platform's redelivery of the same id counts once."""
        key = f"{event.brand_id}:{event.fan_id}".encode()
        ident = hash((topic, key, event.event_id))
        if ident in self._seen:
            return
        self._seen.add(ident)
        fan = self._fans.setdefault(key, len(self._fans))
        self._rows.append((event.event_time, fan, topic, key, record))

    def history(self) -> History:
        """Return all events in the order of their time."""
        self._rows.sort(key=lambda row: row[0])
        lines = [Line(offset, at, key, value) for offset, (at, _, _, key, value) in enumerate(self._rows)]
        fan = np.array([row[1] for row in self._rows], np.int64)
        acts = Acts(fan, np.array([row[0] for row in self._rows], np.int64))
        return History(lines, np.array([row[2] for row in self._rows], np.int8), acts, list(self._fans))


class Piles:
    """The events of all brands, or of one, in memory."""

    def __init__(self, brand: str | None) -> None:
        self.brand = brand
        self._read = msgspec.json.Decoder(Event).decode
        self._piles: dict[str, Pile] = {}

    def add(self, record: bytes, topic: int | None = None) -> None:
        """Take in one event; without ``topic`` it names its own.

        Raises:
            ValueError: it is none.
        """
        event = self._read(record)  # msgspec's errors are ValueErrors
        if topic is None:
            if event.topic is None:
                raise ValueError("Object missing required field `topic`")
            topic = INPUTS.index(event.topic)
        if self.brand is None or event.brand_id == self.brand:
            self._piles.setdefault(event.brand_id, Pile()).add(event, topic, record)

    def histories(self, source: str) -> dict[str, History]:
        """Return each brand's history, by name.

        Raises:
            FanpulseError: there was no event.
        """
        if not self._piles:
            raise FanpulseError(f"{source}: no events" + (f" of brand {self.brand}" if self.brand else ""))
        return {name: pile.history() for name, pile in sorted(self._piles.items())}


def read_histories(path: Path, brand: str | None) -> dict[str, History]:
    """Return each brand's history, or that of ``brand`` alone; all of it is held in memory.

    Raises:
        FanpulseError: the file cannot be read, a line is no event, or no event is of that brand.
    """
    piles = Piles(brand)
    try:
        with opened(path) as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    _add(piles, line, f"{path}, line {number}")
    except (OSError, EOFError, zlib.error) as error:
        raise FanpulseError(f"{path} cannot be read: {error}") from None
    return piles.histories(str(path))


def _add(piles: Piles, line: bytes, place: str) -> None:
    try:
        piles.add(line)
    except ValueError as error:
        raise FanpulseError(f"{place}: {error}") from None
