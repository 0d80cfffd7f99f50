"""The assignment handler: which tasks this worker owns over the generations of its group."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping

from faust.types import TP

from agents.clock import Clock
from agents.errors import FailStopError
from agents.metrics import Metrics
from agents.transport.group_metadata import GroupMetadata
from agents.worker.active_task import ActiveTask
from agents.worker.flush import Flush
from agents.worker.restore import Restored
from schemas.topics import Names
from streams.task import Task

log = logging.getLogger(__name__)

CreateTask = Callable[[int], Task]
RestoreTasks = Callable[[Mapping[int, Task]], Awaitable[Restored]]
PreflightCheck = Callable[[Mapping[int, Task]], Awaitable[None]]
WithLag = Callable[[Mapping[TP, int | None]], set[TP]]


class AssignmentHandler:
    """The worker's tasks. A task belongs to the worker that holds the partition of its leading input.

    Faust groups topics by the exact set of members that subscribe them: in a rolling upgrade a new topic's partitions
    may all go to the new worker. What arrives without its task is not read, not applied and not committed.
    """

    def __init__(
        self,
        names: Names,
        create: CreateTask,
        restore: RestoreTasks,
        check: PreflightCheck,
        flush: Flush,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        """Take what makes a task, what restores some, and what refuses to go on with them (``ConfigError``)."""
        self.names, self.create, self.restore_tasks, self.check = names, create, restore, check
        self.flush, self.metrics, self.clock = flush, metrics, clock
        self.tasks: dict[int, ActiveTask] = {}
        self.assigned: set[TP] = set()
        self.member: GroupMetadata | None = None  # None: between two assignments
        self.last_member: GroupMetadata | None = None
        self.is_ready = False
        self.since = clock.monotonic()
        self.on_error: Callable[[Exception], None] = _raise

    def current_member(self) -> GroupMetadata | None:
        """Return who we are while our tasks are restored and have offsets: without these no transaction is fenced."""
        is_active = self.is_ready and all(active.offsets for active in self.tasks.values())
        return self.member if is_active else None

    def is_incomplete(self, assigned: set[TP]) -> bool:
        """Return whether an assignment lacks inputs of our tasks, or the leading input of required ones.

        All versions of the program subscribe the required inputs, so that Faust assigns them together.
        """
        leading = {tp.partition for tp in assigned if tp.topic == self.names.leading_input}
        required = {name for name, source in self.names.public_inputs.items() if source.is_required}
        missing = {TP(name, number) for name in self.names.inputs for number in leading} - assigned
        return bool(missing) or any(tp.topic in required and tp.partition not in leading for tp in assigned)

    def owns(self, tp: TP) -> bool:
        """Return whether records of a partition may be processed: its task is ours."""
        return tp.partition in self.tasks

    def is_clock(self, tp: TP) -> bool:
        """Return whether a partition is of the clock topic, which brings a record every second, traffic or none."""
        return bool(tp.topic == self.names.clock)

    async def on_partitions_revoked(self) -> None:
        """Commit what is applied while the group still accepts it.

        Nothing is applied from here on: what a batch left behind during the transaction would be neither written nor
        read again, because the rows of a partition that comes back to us have its offsets already.
        """
        member = self.current_member()
        self.is_ready, self.member, self.since = False, None, self.clock.monotonic()
        try:
            await self.flush.flush(self.tasks, lambda: member)
        except FailStopError as error:
            self.on_error(error)

    def on_partitions_assigned(self, assigned: set[TP], member: GroupMetadata) -> None:
        """Take a new assignment; drop tasks that others may have changed since we owned them."""
        self.metrics.rebalances.inc()
        self.assigned = assigned
        wanted = self._wanted()
        is_next = self.last_member is not None and member.generation == self.last_member.generation + 1
        for number in self.tasks.keys() - (wanted if is_next else set()):
            del self.tasks[number]
        self.member = self.last_member = member
        if strange := sorted({tp.topic for tp in assigned if tp.partition not in wanted}):
            log.warning(
                "partitions of %s are assigned without their tasks: other workers own the tasks", ", ".join(strange)
            )
        log.info(
            "generation %s: partitions %s, of which %s are in memory",
            member.generation,
            _ranges(wanted),
            _ranges(self.tasks),
        )

    async def restore(self) -> None:
        """Restore the tasks that are not in memory; Faust asks for committed offsets after this, and then starts.

        Raises:
            FanpulseError: a changelog cannot be read, or is not that of these topics.
        """
        member, began = self.member, self.clock.monotonic()
        missing = {number: self.create(number) for number in self._wanted() - self.tasks.keys()}
        restored = await self.restore_tasks(missing)
        await self.check({**{number: active.task for number, active in self.tasks.items()}, **missing})
        if self.member is not member:
            return  # another rebalance came meanwhile: it starts over
        now, delay = self.clock.monotonic(), self.flush.publish_delay_s
        for place, (number, task) in enumerate(sorted(missing.items()), 1):
            self.tasks[number] = ActiveTask(number, task, now + delay * place / len(missing))
        for active in self.tasks.values():
            active.seek({})
        took = now - began
        self.metrics.restore.set(took)
        self.metrics.restored.set(restored.fans)
        self.is_ready = True
        self.flush.has_pending.set()
        log.info(
            "restored %s partitions: %s fans from %s records in %.1f s",
            len(missing),
            restored.fans,
            restored.records,
            took,
        )

    def starting_offsets(self, committed: Mapping[TP, int | None]) -> dict[TP, int]:
        """Return where reading begins by the applied offsets, which are what the rows contain.

        Where committed offsets differ, they are older than the last transaction's markers, or were set by hand.
        """
        starts: dict[TP, int] = {}
        overruled = dict.fromkeys((source.name for source in self.names.declared), 0)
        for tp, offset in committed.items():
            source = self.names.inputs.get(tp.topic)
            if source is None or tp.partition not in self.tasks:
                continue
            applied = self.tasks[tp.partition].task.applied.get(source.number)
            if applied is None:
                continue
            starts[tp] = applied
            if offset is not None and offset != applied:
                overruled[source.name] += 1
                log.warning(
                    "%s, partition %s: committed offset is %s, the rows contain everything before %s: reading from "
                    "there (to process events again use `fanpulse replay`, to leave some out `fanpulse offsets skip`)",
                    tp.topic,
                    tp.partition,
                    offset,
                    applied,
                )
        for topic, partitions in overruled.items():
            self.metrics.overruled.labels(topic).set(partitions)
        return starts

    def on_seek(self, offsets: dict[TP, int]) -> None:
        """Take the offsets from which all partitions are read."""
        for number, active in self.tasks.items():
            own = {tp: offset for tp, offset in offsets.items() if tp.partition == number}
            active.seek(own)
            for tp, offset in own.items():
                if (source := self.names.inputs.get(tp.topic)) is not None:
                    active.task.applied[source.number] = offset
        self.flush.has_pending.set()

    def on_fenced(self, reason: str) -> None:
        """End the process: our partitions are others'."""
        self.on_error(FailStopError(reason))

    def lag(self, number: int, with_lag: WithLag) -> frozenset[int]:
        """Return the inputs of a partition number that have lag; ``with_lag`` takes the offsets applied."""
        offsets = self.tasks[number].offsets
        inputs = {tp: self.names.inputs[tp.topic] for tp in offsets if tp.topic in self.names.inputs}
        partitions_with_lag = with_lag({tp: offsets[tp] for tp in inputs})
        return frozenset(inputs[tp].number for tp in partitions_with_lag)

    def _wanted(self) -> set[int]:
        return {tp.partition for tp in self.assigned if tp.topic == self.names.leading_input}


def _raise(error: Exception) -> None:
    raise error


def _ranges(numbers: Iterable[int]) -> str:
    """Return numbers as a person writes them.

    >>> _ranges({0, 1, 2, 5})
    '0-2, 5'
    """
    out: list[list[int]] = []
    for number in sorted(numbers):
        if out and number == out[-1][1] + 1:
            out[-1][1] = number
        else:
            out.append([number, number])
    return ", ".join(f"{a}-{b}" if b > a else str(a) for a, b in out) or "none"
