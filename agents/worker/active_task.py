"""A task that this worker owns: one partition number over all inputs, with its place in Kafka."""

from aiokafka import TopicPartition

from schemas.row import Ints
from streams.task import Task


class ActiveTask:
    """What a worker knows of one partition number.

    ``offsets`` has the next offset of each input, the clock included; it is empty until the seek. ``moved`` has those
    that changed since the last transaction.
    """

    def __init__(self, number: int, task: Task, publish_at: float) -> None:
        """``publish_at``: monotonic seconds at which small changes are published."""
        self.number, self.task, self.publish_at = number, task, publish_at
        self.offsets: dict[TopicPartition, int] = {}
        self.moved: dict[TopicPartition, int] = {}
        self.records = 0  # applied or refused since the last transaction
        self.appended: list[tuple[str, Ints]] = []  # topic label, and when the broker got each event, ms
        self.newest_append: dict[TopicPartition, int] = {}  # of what is applied, ms
        self.caught_up_at: dict[TopicPartition, int] = {}  # when nothing waited last, ms
        self.silence_at = 0  # when silent fans are judged next, ms
        self.judged_at = 0  # when they were judged last, ms

    def has_output(self) -> bool:
        """Return whether a transaction is due; clock offsets alone are committed along with the next one."""
        return self.records > 0 or self.task.has_output()

    def advance_to(self, tp: TopicPartition, next_offset: int) -> None:
        """Note that all records of an input before an offset are applied."""
        self.offsets[tp] = self.moved[tp] = next_offset

    def take_moved(self) -> dict[TopicPartition, int]:
        """Return the offsets to commit, which are then committed."""
        moved, self.moved = self.moved, {}
        return moved

    def take_appended(self) -> list[tuple[str, Ints]]:
        """Return when the broker got the events since the last call, by topic."""
        appended, self.appended = self.appended, []
        return appended

    def seek(self, offsets: dict[TopicPartition, int]) -> None:
        """Begin at these offsets: nothing after them is applied."""
        self.offsets, self.moved, self.records, self.appended = dict(offsets), {}, 0, []
