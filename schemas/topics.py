"""Every topic: its name, key, cleanup and retention. Names are a contract; the group's own topics carry its name."""

from enum import StrEnum

from msgspec import Struct

DAY_MS = 86_400_000
APPEND_TIME = "LogAppendTime"
PARTITIONS = 12  # default of FANPULSE_PARTITIONS

LIKES, REPOSTS, COMMENTS, PURCHASES = "likes", "reposts", "comments", "purchases"
FAN_SCORES, FAN_FLAGS, DEAD_LETTERS = "fan-scores", "fan-flags", "dead-letters"
INPUTS = (LIKES, REPOSTS, COMMENTS, PURCHASES)  # the order of ``Topic``
OUTPUTS = (FAN_SCORES, FAN_FLAGS, DEAD_LETTERS)


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

    >>> Names("eu-", "eu-", "fanpulse").changelog
    'eu-fanpulse-changelog'
    """

    input_prefix: str
    output_prefix: str
    group: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """The four input topics, in the order of ``schemas.events.Topic``."""
        return tuple(self.input_prefix + name for name in INPUTS)

    @property
    def credits(self) -> str:
        """Influence on its way to the fan who earned it: a group's own, or two groups would pay twice."""
        return f"{self.output_prefix}{self.group}-credits"

    @property
    def ticks(self) -> str:
        """Time, as an input."""
        return f"{self.output_prefix}{self.group}-ticks"

    @property
    def changelog(self) -> str:
        """The rows: the truth."""
        return f"{self.output_prefix}{self.group}-changelog"

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
        act, fan, owner = "one act of one fan", "brand_id:fan_id", "internal"
        gone, kept = Cleanup.DELETE, Cleanup.COMPACT
        return (
            *(TopicSpec(name, fan, gone, 30 * DAY_MS, act) for name in self.inputs),
            TopicSpec(self.credits, fan, gone, 30 * DAY_MS, f"{owner}: influence earned by another fan's repost"),
            TopicSpec(
                self.ticks, "none", gone, DAY_MS, f"{owner}: time, a record per partition every few seconds", False
            ),
            TopicSpec(self.changelog, fan, kept, -1, f"{owner}: the fans' rows, the truth", False),
            TopicSpec(self.fan_scores, fan, kept, -1, "the whole current view of a fan"),
            TopicSpec(self.fan_flags, fan, gone, 30 * DAY_MS, "one record per transition"),
            TopicSpec(self.dead_letters, "as received", gone, 30 * DAY_MS, "what was refused, with the reason"),
        )
