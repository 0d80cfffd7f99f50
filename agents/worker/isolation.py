"""Poison-pill isolation: a batch that killed the process again and again is applied record by record."""

import logging
import traceback

from aiokafka import TopicPartition

from agents.logs import frames
from agents.transport.fetching import FetchedBatch
from agents.worker.active_task import ActiveTask
from agents.worker.crash_marker import CrashMarker
from schemas.dead_letters import Refusal, RefusalKind
from schemas.inputs.declaration import Input
from streams.decode.decoder import DecodedBatch, Sentiment, decode
from streams.pending import DeadLetter
from streams.savepoint import Savepoint
from streams.wire.records import Record, Records

log = logging.getLogger(__name__)

MAX_TRACE = 4000  # characters of a traceback that are kept
KILLED = Refusal(RefusalKind.KILLED_THE_WORKER, "killed the process when applied alone")


class Isolation:
    """Applies each record of a batch alone; one that fails is refused, and its fan is as before it."""

    def __init__(self, marker: CrashMarker, sentiment: Sentiment | None) -> None:
        self.marker, self.sentiment = marker, sentiment

    def apply(
        self, active: ActiveTask, source: Input, tp: TopicPartition, batch: FetchedBatch, now: int
    ) -> list[DecodedBatch]:
        """Apply the records of a batch, and return those that were; ``now`` in ms."""
        applied: list[DecodedBatch] = []
        log.warning("%s, offsets %s to %s: applied one by one", tp, batch.offset, batch.next_offset - 1)
        for record in batch.records:
            if self.marker.is_poison_pill(tp, record.offset):
                log.error("%s, offset %s: killed the process; it goes to dead letters", tp, record.offset)
                active.task.pending.dead_letters.append(DeadLetter(source, record, KILLED))
                continue
            with self.marker.covering_record(tp, record.offset):
                applied += self._apply(active, source, record, now)
        return applied

    def _apply(self, active: ActiveTask, source: Input, record: Record, now: int) -> list[DecodedBatch]:
        task, savepoint = active.task, None
        try:
            batch = decode(source, Records.of([record]), now, self.sentiment)
            savepoint = Savepoint.of(task, source, batch)
            return [task.process(source, batch, record.offset + 1, now)]
        except Exception as error:  # noqa: BLE001  it is logged, and the record refused
            log.error("offset %s of %s: it goes to dead letters:\n%s", record.offset, source.name, frames(error))  # noqa: TRY400
            if savepoint is not None:
                savepoint.roll_back()
            trace = "".join(traceback.format_exception(error))[-MAX_TRACE:]
            refusal = Refusal(RefusalKind.KILLED_THE_WORKER, f"killed the worker: {type(error).__name__}")
            task.pending.dead_letters.append(DeadLetter(source, record, refusal, trace))
            return []
