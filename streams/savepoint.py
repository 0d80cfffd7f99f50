"""What a task goes back to when one record made the program fail: as if it had not been there."""

from typing import NamedTuple, Self

from schemas.inputs.declaration import Input
from schemas.row import Bytes, Floats, Ints, Rows
from streams.decode.decoder import DecodedBatch
from streams.dedup.event_hash import Hashes
from streams.task import Task


class Savepoint(NamedTuple):
    """The rows of a batch's fans, and how much a task had pending, before the batch.

    Sparse stores are not part of it: they take in a batch last, and only what the fans counted.
    """

    task: Task
    source: Input
    rows: Ints
    saved: Rows
    dirty: Bytes
    due: Ints
    queued: Ints
    class_counts: Ints
    score_sums: Floats
    pending: tuple[int, int, int, int]
    hashes: Hashes

    @classmethod
    def of(cls, task: Task, source: Input, batch: DecodedBatch) -> Self:
        """Return what ``roll_back`` restores; fans that are new get their rows now."""
        rows = task.fans.find(batch.accepted().keys())
        rows, t = rows[rows >= 0], task.fans.columns
        return cls(
            task=task,
            source=source,
            rows=rows,
            saved=t.rows[rows].copy(),
            dirty=t.dirty[rows].copy(),
            due=t.due[rows].copy(),
            queued=t.queued.copy(),
            class_counts=t.class_counts.copy(),
            score_sums=t.score_sums.copy(),
            pending=task.pending.sizes(),
            hashes=task.new_hashes(source, batch),
        )

    def roll_back(self) -> None:
        """Undo the batch; its offsets stay, because a refused record counts as read."""
        t, task = self.task.fans.columns, self.task
        t.rows[self.rows], t.dirty[self.rows], t.due[self.rows] = self.saved, self.dirty, self.due
        t.queued[:], t.class_counts[:], t.score_sums[:] = self.queued, self.class_counts, self.score_sums
        task.pending.truncate(self.pending)
        if len(self.hashes):
            task.dedup.forget(self.source.number, self.hashes)
