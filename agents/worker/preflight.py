"""Preflight checks: a worker refuses to go on with topics or a group that its rows do not belong to."""

from collections.abc import Mapping

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.structs import OffsetAndMetadata

from agents.errors import ConfigError
from agents.kafka import offsets as kafka_offsets
from agents.kafka.commit_metadata import CommitMetadata
from agents.kafka.connection import admin
from agents.kafka.topic_ids import topic_ids
from agents.kafka.topics import check, partition_counts
from agents.settings import Settings
from schemas.topics import Names
from streams.task import Task

NEW_GROUP = "start with another FANPULSE_GROUP, which reads everything from the beginning"


class Preflight:
    """Checks that are made at the start, and after each restore."""

    def __init__(self, settings: Settings, names: Names, partitions: int) -> None:
        """``names`` has the inputs that this worker subscribes, ``partitions`` their count when it started.

        Raises:
            UnavailableError, ConfigError: no broker answers, or it does not let us see a topic.
        """
        self.settings, self.names, self.partitions = settings, names, partitions
        with admin(settings) as client:
            ids = topic_ids(client, (*names.inputs, names.clock))
        self.metadata = {name: CommitMetadata(partitions, topic_id) for name, topic_id in ids.items()}

    def check(self, tasks: Mapping[int, Task]) -> None:
        """Check topics, group, and the applied offsets of restored tasks; note the topic ids that they count in.

        Raises:
            ConfigError: partition counts differ or changed, an offset is beyond the end of its topic, a topic is not
                the one that was read before, or a changelog lost what its group committed.
            UnavailableError: no broker answers.
        """
        names = self.names
        places = [TopicPartition(topic, n) for topic in names.inputs for n in range(self.partitions)]
        with admin(self.settings) as client:
            if problems := check(self.settings, [spec for spec in names.specs() if spec.is_required], client=client):
                raise ConfigError("; ".join(problems))
            self._check_partitions(client)
            ids = topic_ids(client, list(names.inputs))
            for topic in names.inputs:
                if not self.metadata[topic].is_same_topic(ids.get(topic, "")):
                    since = f"since this worker started: its id was {self.metadata[topic].topic_id}"
                    raise _recreated(topic, since, ids.get(topic, "another one"))
            committed = kafka_offsets.committed_entries(client, self.settings.group, places)
            ends = kafka_offsets.offsets(client, places, OffsetSpec.LATEST)
        for tp, entry in committed.items():
            self._check_committed(tp, entry, ids, ends[tp])
        for number, task in tasks.items():
            for topic, source in names.inputs.items():
                tp = TopicPartition(topic, number)
                self._check_applied(tp, task, source.number, ids, ends[tp])
                self._check_changelog(tp, task, source.number, committed.get(tp))
                task.topic_ids[source.number] = ids[topic]

    def _check_partitions(self, client: KafkaAdminClient) -> None:
        topic = self.names.changelog("fans")
        found = partition_counts(client, [topic])[topic]  # all required topics are equal
        if found != self.partitions:
            raise ConfigError(
                f"topics have {found} partitions, and had {self.partitions} when this worker started; {NEW_GROUP}"
            )

    def _check_committed(self, tp: TopicPartition, entry: OffsetAndMetadata, ids: Mapping[str, str], end: int) -> None:
        """Check a committed offset; one without our metadata was set by hand."""
        group, metadata = self.settings.group, CommitMetadata.parse(entry.metadata)
        if metadata is not None and metadata.partitions != self.partitions:
            raise ConfigError(
                f"group {group} committed with partitions={metadata.partitions}, and the topics have "
                f"{self.partitions} now: fans would be split between two partitions; {NEW_GROUP}"
            )
        if metadata is not None and not metadata.is_same_topic(ids.get(tp.topic, "")):
            since = f"since group {group} committed offset {entry.offset} of it: its id was {metadata.topic_id}"
            raise _recreated(tp.topic, since, ids[tp.topic])
        if entry.offset > end:
            raise _beyond_end(tp, int(entry.offset), end)

    def _check_applied(self, tp: TopicPartition, task: Task, number: int, ids: Mapping[str, str], end: int) -> None:
        applied, topic_id = task.applied.get(number, 0), task.topic_ids.get(number, "")
        if applied == 0:  # nothing of a topic that may have been deleted since
            return
        if topic_id and ids[tp.topic] and topic_id != ids[tp.topic]:
            since = f"since the rows took in everything before its offset {applied}: its id was {topic_id}"
            raise _recreated(tp.topic, since, ids[tp.topic])
        if applied > end:
            raise _beyond_end(tp, applied, end)

    def _check_changelog(self, tp: TopicPartition, task: Task, number: int, entry: OffsetAndMetadata | None) -> None:
        """Refuse a changelog behind what its group committed: the rows lost events that nobody would read again."""
        if entry is None or CommitMetadata.parse(entry.metadata) is None:
            return
        applied = task.applied.get(number, 0)
        if entry.offset > applied:
            raise ConfigError(
                f"group {self.settings.group} committed offset {entry.offset} of {tp.topic}, partition {tp.partition}, "
                f"and the changelog {self.names.changelog('fans')} contains what is before {applied}: it lost records; "
                f"restore it from a backup, or {NEW_GROUP}"
            )


def _recreated(topic: str, since: str, topic_id: str) -> ConfigError:
    return ConfigError(f"topic {topic} was deleted and created again {since}, and is {topic_id} now; {NEW_GROUP}")


def _beyond_end(tp: TopicPartition, offset: int, end: int) -> ConfigError:
    return ConfigError(
        f"offset {offset} of topic {tp.topic}, partition {tp.partition}, is beyond the topic's end {end}: "
        f"was it deleted and created again? {NEW_GROUP}"
    )
