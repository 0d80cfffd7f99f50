"""A test-only sparse store: the newest ping of each fan, dropped a minute later by the service clock."""

from heapq import heappop, heappush
from typing import Any

import msgspec
from msgspec import Struct

from schemas.inputs.declaration import Input
from streams.fans.model import StoreSpec
from tests.streams.model.pings import TEST_PINGS

NAME = "test-reminders"
WAIT_MS = 60_000


class Reminder(Struct):
    """When a fan pinged last, and how often since the last drop; ms."""

    at: int
    pings: int


class Reminders:
    """Reminders by record key, and a heap of (due, key)."""

    def __init__(self) -> None:
        self.reminders: dict[bytes, Reminder] = {}
        self._timers: list[tuple[int, bytes]] = []
        self._changed: dict[bytes, None] = {}
        self._decode = msgspec.json.Decoder(Reminder).decode

    def observe(self, source: Input, acts: list[Any], now: int) -> None:
        """Take in pings."""
        if source is not TEST_PINGS:
            return
        for act in acts:
            key = f"{act.brand_id}:{act.fan_id}".encode()
            before = self.reminders.get(key, Reminder(0, 0))
            self._put(key, Reminder(max(before.at, act.event_time), before.pings + 1))
            self._changed[key] = None

    def fire_timers(self, now: int) -> None:
        """Drop what is due."""
        while self._timers and self._timers[0][0] <= now:
            _, key = heappop(self._timers)
            found = self.reminders.get(key)
            if found is not None and found.at + WAIT_MS <= now:
                del self.reminders[key]
                self._changed[key] = None

    def poll_changelog(self) -> list[tuple[bytes, bytes | None]]:
        """Return what changed."""
        changed = [(key, self.reminders.get(key)) for key in self._changed]
        self._changed = {}
        return [(key, None if found is None else msgspec.json.encode(found)) for key, found in changed]

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take back one record."""
        if value is None:
            self.reminders.pop(key, None)
        else:
            self._put(key, self._decode(value))

    def _put(self, key: bytes, reminder: Reminder) -> None:
        self.reminders[key] = reminder
        heappush(self._timers, (reminder.at + WAIT_MS, key))


SPEC = StoreSpec(NAME, Reminders)
