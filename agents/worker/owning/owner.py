"""Who owns the partitions: takes them over, gives them up, and keeps what they hold in between."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from faust.types import TP

from agents.errors import FailStopError
from agents.kafka.commit_metadata import CommitMetadata
from agents.metrics import Metrics
from agents.settings import Settings
from agents.transport.membership import Membership
from agents.worker.owning.held import Held
from agents.worker.owning.refusals import check_applied, examine
from agents.worker.owning.takeover import restore
from agents.worker.telling.flush import Flush
from schemas.events import Topic
from streams.params import Brands
from streams.partition import Partition

log = logging.getLogger(__name__)


class Owner:
    """The worker's partitions over the generations of its group."""

    def __init__(
        self,
        settings: Settings,
        brands: Brands,
        partitions: int,
        metadata: Mapping[str, CommitMetadata],
        flush: Flush,
        metrics: Metrics,
        options: dict[str, object],
    ) -> None:
        self.settings, self.brands, self.partitions, self.metadata = settings, brands, partitions, metadata
        self.flush, self.metrics, self.options = flush, metrics, options
        self.held: dict[int, Held] = {}
        self.wanted: set[int] = set()
        self.who: Membership | None = None  # None: between two assignments
        self.last: Membership | None = None
        self.is_ready = False
        self.since = time.monotonic()
        self.end: Callable[[Exception], None] = _raise

    def member(self) -> Membership | None:
        """Return who we are while the partitions are ours, restored, and have a position: without it none is fenced."""
        return self.who if self.is_ready and all(one.applied for one in self.held.values()) else None

    async def give_up(self) -> None:
        """Commit what is in hand while the group still takes it from us.

        Nothing is applied from here on: what a block left behind during the transaction would be neither written nor
        read again, for the rows of a partition that comes back to us have its offsets already.
        """
        who = self.member()
        self.is_ready, self.who, self.since = False, None, time.monotonic()
        try:
            await self.flush.flush(self.held, lambda: who)
        except FailStopError as error:
            self.end(error)

    def take(self, assigned: set[TP], who: Membership) -> None:
        """Note a new assignment; forget what others may have changed since we held it."""
        self.metrics.rebalances.inc()
        self.wanted = {tp.partition for tp in assigned}
        followed = self.last is not None and who.generation == self.last.generation + 1
        kept = self.wanted if followed else set()
        for number in self.held.keys() - kept:
            del self.held[number]
        self.who = self.last = who
        log.info(
            "generation %s: partitions %s, of which %s are still in memory",
            who.generation,
            _ranges(self.wanted),
            _ranges(self.held.keys()) if self.held else "none",
        )

    async def take_over(self) -> None:
        """Read back what we do not hold yet; Faust asks for the committed offsets after this, and then starts.

        Raises:
            FanpulseError: the changelog cannot be read, or is not that of these topics.
        """
        generation, began = self.who, time.monotonic()
        missing = {n: Partition(self.brands, n, self.partitions) for n in self.wanted - self.held.keys()}
        rows = await restore(self.options, self.settings.names.changelog, missing) if missing else 0
        ends = await asyncio.to_thread(examine, self.settings, self.partitions, self.metadata)
        if self.who is not generation:
            return  # another rebalance came meanwhile: it starts over
        spread = self.settings.settle_s / max(len(self.wanted), 1)
        for place, (number, partition) in enumerate(sorted(missing.items())):
            self.held[number] = Held(number, partition, time.monotonic() + spread * (place + 1))
        for one in self.held.values():
            one.take_outbox()
            one.applied.clear()
            check_applied(one, self.settings.names, ends)
        took, fans = time.monotonic() - began, sum(len(partition.fans) for partition in missing.values())
        self.metrics.recovery.set(took)
        self.metrics.recovered.set(fans)
        self.is_ready = True
        self.flush.changed.set()
        log.info("took over %s partitions: %s fans from %s records in %.1f s", len(missing), fans, rows, took)

    def sought(self, offsets: dict[TP, int]) -> None:
        """Note from where all partitions are read: what was committed, or the earliest offset where nothing was."""
        for tp, offset in offsets.items():
            if tp.partition in self.held:
                self.held[tp.partition].applied[tp] = offset
        self.flush.changed.set()

    def fenced(self, reason: str) -> None:
        """End the process: our partitions are others'."""
        self.end(FailStopError(reason))

    def lagging(self, number: int, ask: Callable[[dict[TP, int | None]], set[TP]]) -> set[Topic]:
        """Return the inputs of a partition number that are not read to their end; ``ask`` takes what is applied."""
        held, inputs = self.held[number], self.settings.names.inputs
        tps = [TP(name, number) for name in inputs]
        lagging = ask({tp: held.applied.get(tp) for tp in tps})
        return {Topic(i) for i, tp in enumerate(tps) if tp in lagging}


def _raise(error: Exception) -> None:
    raise error


def _ranges(numbers: object) -> str:
    """Return numbers as a person writes them.

    >>> _ranges({0, 1, 2, 5})
    '0-2, 5'
    """
    assert isinstance(numbers, set) or hasattr(numbers, "__iter__")
    out: list[list[int]] = []
    for number in sorted(numbers):
        if out and number == out[-1][1] + 1:
            out[-1][1] = number
        else:
            out.append([number, number])
    return ", ".join(f"{a}-{b}" if b > a else str(a) for a, b in out) or "none"
