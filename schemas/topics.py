"""Every topic: its name, key, cleanup and retention. Names are a contract; the group's own topics carry its name."""

from enum import StrEnum

from msgspec import Struct

from schemas.inputs import INPUTS
from schemas.inputs.declaration import Input

DAY_MS = 86_400_000
RETENTION_MS = 30 * DAY_MS
APPEND_TIME = "LogAppendTime"
PARTITIONS = 12  # default of FANPULSE_PARTITIONS

FAN_SCORES, FAN_FLAGS, DEAD_LETTERS = "fan-scores", "fan-flags", "dead-letters"
OUTPUTS = (FAN_SCORES, FAN_FLAGS, DEAD_LETTERS)
CLOCK, DEDUP = "clock", "dedup"


class Cleanup(StrEnum):
    """What Kafka does with old records."""

    COMPACT = "compact"
    DELETE = "delete"


class TopicSpec(Struct, frozen=True):
    """A topic as it must exist; ``retention_ms`` -1 keeps forever.

    ``has_append_time``: the broker stamps records when it appends them, whatever the producer says. Lag, latency and
    retention are measured by that stamp, and a producer may take the event's time for it.
    """

    name: str
    key: str
    cleanup: Cleanup
    retention_ms: int
    about: str
    is_required: bool = True
    is_internal: bool = False
    has_append_time: bool = True

    def config(self, replication: int) -> dict[str, str]:
        """Return the topic's settings on the broker for a replication factor.

        >>> TopicSpec("t", "k", Cleanup.DELETE, 5, "").config(3)["min.insync.replicas"]
        '2'
        """
        config = {"cleanup.policy": self.cleanup, "retention.ms": str(self.retention_ms)}
        if self.has_append_time:
            config["message.timestamp.type"] = APPEND_TIME
        if replication >= 3:
            config["min.insync.replicas"] = "2"
        return config


class Names(Struct, frozen=True):
    """The full names of one installation: a prefix for what it shares, the group's name for what it owns.

    >>> Names("eu-", "eu-", "fanpulse").changelog("fans")
    'eu-fanpulse-fans-changelog'
    """

    input_prefix: str
    output_prefix: str
    group: str
    declared: tuple[Input, ...] = INPUTS
    stores: tuple[str, ...] = ("fans",)

    def of(self, source: Input) -> str:
        """Return the topic of an input; one that is internal is the group's own, or two groups would count twice."""
        return self._own(source.name) if source.is_internal else self.input_prefix + source.name

    @property
    def inputs(self) -> dict[str, Input]:
        """The inputs by the names of their topics."""
        return {self.of(source): source for source in self.declared}

    @property
    def public_inputs(self) -> dict[str, Input]:
        """The inputs that producers write to, by the names of their topics."""
        return {name: source for name, source in self.inputs.items() if not source.is_internal}

    @property
    def leading_input(self) -> str:
        """The input whose partitions decide which worker owns a task."""
        return self.of(self.declared[0])

    @property
    def clock(self) -> str:
        """Time, as an input."""
        return self._own(CLOCK)

    @property
    def dedup(self) -> str:
        """The newest event ids of each input."""
        return self._own(DEDUP)

    def changelog(self, store: str) -> str:
        """Return the changelog of a store."""
        return self._own(f"{store}-changelog")

    @property
    def fan_scores(self) -> str:
        """The whole current view of each fan."""
        return self.output_prefix + FAN_SCORES

    @property
    def fan_flags(self) -> str:
        """One record per transition."""
        return self.output_prefix + FAN_FLAGS

    @property
    def dead_letters(self) -> str:
        """What was refused, and why."""
        return self.output_prefix + DEAD_LETTERS

    def specs(self) -> tuple[TopicSpec, ...]:
        """Return every topic of the installation; all have the same partition count."""
        fan = "brand_id:fan_id"
        delete, compact = Cleanup.DELETE, Cleanup.COMPACT
        own = {"is_internal": True, "has_append_time": False}
        return (
            *(
                TopicSpec(name, fan, delete, RETENTION_MS, source.about, source.is_required, source.is_internal)
                for name, source in self.inputs.items()
            ),
            TopicSpec(self.clock, "none", delete, DAY_MS, "time: one record per second and partition", **own),
            TopicSpec(self.dedup, "none", delete, 7 * DAY_MS, "log of the dedup windows", **own),
            *(
                TopicSpec(self.changelog(store), fan, compact, -1, f"state of the store {store}", **own)
                for store in self.stores
            ),
            TopicSpec(self.fan_scores, fan, compact, -1, "the whole current view of a fan"),
            TopicSpec(self.fan_flags, fan, delete, RETENTION_MS, "one record per transition"),
            TopicSpec(self.dead_letters, "as received", delete, RETENTION_MS, "refused records, with the reason"),
        )

    def _own(self, name: str) -> str:
        return f"{self.output_prefix}{self.group}-{name}"
