"""A worker with one of its guards switched off: a scenario that passes without the guard would prove nothing.

    python -m tests.chaos.ground.without fence worker

The guards are taken out here, from outside: the program itself has no way to run without them.
"""

import asyncio
import sys
from collections.abc import Callable, Mapping
from typing import Any

from aiokafka import TopicPartition
from kafka import TopicPartition as Place
from kafka.admin import OffsetSpec

from agents.kafka import offsets
from agents.kafka.commit_metadata import CommitMetadata
from agents.kafka.connection import admin
from agents.settings import Settings
from agents.transport import writer
from agents.worker import process, watch
from agents.worker.applying import continuity
from agents.worker.owning import owner
from agents.worker.telling import flush
from agents.worker.telling import pace as pace_of
from tests.ground import faults


def put(place: Any, name: str, value: object) -> None:
    """Replace what must be there."""
    assert hasattr(place, name), f"{place.__name__} has no {name} any more"
    setattr(place, name, value)


def fence() -> None:
    """Commit offsets as aiokafka does: no generation, no member."""
    put(writer, "fence", lambda producer: None)


def unmoved_offset() -> None:
    """Commit no offset in a transaction in which none moved."""
    send = writer.AIOKafkaProducer.send_offsets_to_transaction

    async def send_some(self: Any, offsets: Mapping[Any, Any], group: str) -> None:
        if offsets:
            await send(self, offsets, group)

    put(writer.AIOKafkaProducer, "send_offsets_to_transaction", send_some)
    put(writer, "require_offsets", lambda load: None)
    put(flush.Flush, "_unmoved_offset", lambda self, held: {})


def refusals() -> None:
    """Look at nothing at the start."""

    def examine(
        settings: Settings, partitions: int, expected: Mapping[str, CommitMetadata]
    ) -> Mapping[TopicPartition, int]:
        names = settings.names
        places = [Place(topic, n) for topic in (*names.inputs, names.credits) for n in range(partitions)]
        with admin(settings) as client:
            ends = offsets.offsets(client, places, OffsetSpec.LATEST)
        return {TopicPartition(*at): end for at, end in ends.items()}

    put(process, "examine", examine)
    put(owner, "examine", examine)
    put(owner, "check_applied", lambda held, names, ends: None)
    put(continuity, "check", lambda *said: None)


def recovery_watchdog() -> None:
    """Wait for a takeover for ever."""
    look = watch.Watch._check

    def check(self: Any, now: float) -> None:
        self.owner.since = now
        look(self, now)

    put(watch.Watch, "_check", check)


def stall_watchdog() -> None:
    """Let the lag stand for ever."""
    look = watch.Watch._check

    def check(self: Any, now: float) -> None:
        self.owner.flush.committed_at = now
        look(self, now)

    put(watch.Watch, "_check", check)


def loop_watchdog() -> None:
    """Let the event loop be blocked for ever."""
    put(watch.Watch, "late", lambda self: None)


def flush_watchdog() -> None:
    """Wait for a transaction for ever."""

    async def guarded(self: Any, work: Any) -> None:
        await asyncio.shield(work)

    put(writer.Writer, "_guarded", guarded)


def pace() -> None:
    """Write all there is in one transaction, however long that takes."""
    put(flush.Flush, "_is_full", lambda self, held: False)
    put(pace_of, "MOST", 1 << 60)
    put(pace_of, "LEAST", 1 << 60)


GUARDS: Mapping[str, Callable[[], None]] = {
    guard.__name__: guard
    for guard in (
        fence,
        unmoved_offset,
        refusals,
        recovery_watchdog,
        stall_watchdog,
        loop_watchdog,
        flush_watchdog,
        pace,
    )
}

if __name__ == "__main__":
    from agents.cli.main import main

    GUARDS[sys.argv.pop(1)]()
    faults.install()
    main()
