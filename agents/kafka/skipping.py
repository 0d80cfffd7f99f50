"""Skip records of an input: the workers continue behind them, and dead-letters records that they were left out.

The applied offsets in the fans changelog decide where a worker reads, so they are what must change. One transaction
writes the new ones, the dead letter, the dedup position and the group's offset.
"""

import asyncio
from typing import NamedTuple

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec

from agents.errors import ConfigError, FanpulseError
from agents.kafka.applied import InputPosition, newest_values, position, read_applied
from agents.kafka.commit_metadata import CommitMetadata
from agents.kafka.connection import admin, reader
from agents.kafka.offsets import members, offsets, stable_entries
from agents.kafka.topic_ids import topic_ids
from agents.kafka.topics import ensure
from agents.kafka.transactions import Mark, PlacedRecord, TransactionalPublisher
from agents.settings import Settings
from schemas.dead_letters import Refusal, RefusalKind, headers
from schemas.outputs.applied_offsets import APPLIED_OFFSETS_KEY, AppliedOffset, AppliedOffsets, encode
from streams.dedup.record import pass_over


class Skipped(NamedTuple):
    """What was left out: the offsets from ``begin`` to before ``end``."""

    topic: str
    partition: int
    begin: int
    end: int


def skip(settings: Settings, name: str, partition: int, to: int, *, dry_run: bool = False) -> Skipped:
    """Let the workers continue at an offset of an input's partition, without what comes before it.

    Args:
        settings: of the stopped workers.
        name: of the input, with or without prefix.
        partition: its number.
        to: the next offset to be read.
        dry_run: check everything, write nothing.

    Raises:
        ConfigError: no such input or partition, the offset is not ahead, or is beyond the end.
        FanpulseError: the group has members.
        UnavailableError: the broker does not answer, or did not commit; the command can be called again.
    """
    at = TopicPartition(_topic(settings, name), partition)
    count = ensure(settings, [spec for spec in settings.names.specs() if spec.is_required])
    if not 0 <= partition < count:
        raise ConfigError(f"topic {at.topic} has partitions 0 to {count - 1}, not {partition}")
    with admin(settings) as client:
        require_stopped(settings, members(client, settings.group))
        if dry_run:
            return _plan(client, settings, at, to)[0]
        skipped = asyncio.run(_skip(client, settings, at, to, count))
        if members(client, settings.group):
            raise FanpulseError(
                "a worker has joined the group while this was written and may not know of it: stop the workers and "
                "call this again; `fanpulse offsets show` says whether it still needs to be done"
            )
    return skipped


def require_stopped(settings: Settings, members: int) -> None:
    """Refuse to go on while the group has members.

    Raises:
        FanpulseError: it has.
    """
    if members:
        raise FanpulseError(
            f"group {settings.group} has {members} member(s), which would overwrite this: stop all workers and call it "
            f"again (a stopped worker counts as a member for {settings.session_timeout_s:g} s)"
        )


def check_target(settings: Settings, at: InputPosition, to: int) -> Skipped:
    """Return what a skip leaves out.

    Raises:
        ConfigError: the offset is not ahead of what is applied, or is beyond the end.
    """
    where = f"{at.topic}, partition {at.partition}"
    applied = at.committed or at.begin if at.applied is None else at.applied
    if to < applied:
        raise ConfigError(
            f"{where}: everything before offset {applied} has been scored, and going back to {to} would count events "
            "twice; `fanpulse replay` scores them again in a group of its own"
        )
    if to == applied:
        raise ConfigError(f"{where}: offset {to} is already the next to be read; there is nothing to skip")
    if to > at.end:
        raise ConfigError(f"{where}: offset {to} is beyond the end {at.end}; the largest possible --to is {at.end}")
    return Skipped(at.topic, at.partition, applied, to)


def _topic(settings: Settings, name: str) -> str:
    for topic, source in settings.names.inputs.items():
        if name in {topic, source.name}:
            return topic
    raise ConfigError(f"{name} is not an input; the inputs are {', '.join(settings.names.inputs)}")


def _plan(
    client: KafkaAdminClient, settings: Settings, at: TopicPartition, to: int
) -> tuple[Skipped, AppliedOffsets, str]:
    """Return what is left out, the applied offsets as they are, and the topic's id."""
    entry = stable_entries(client, settings.group, [at]).get(at)
    applied = read_applied(client, settings, [at.partition]).get(at.partition, AppliedOffsets({}))
    begin = offsets(client, [at], OffsetSpec.EARLIEST)[at]
    end = offsets(client, [at], OffsetSpec.LATEST)[at]
    topic_id = topic_ids(client, [at.topic]).get(at.topic, "")
    own = applied.inputs.get(settings.names.inputs[at.topic].number)
    if own is not None and not CommitMetadata(0, own.topic_id).is_same_topic(topic_id):
        raise ConfigError(
            f"topic {at.topic} was deleted and created again since it was scored, so its offsets mean something else "
            "now; start with another FANPULSE_GROUP, which reads everything from the beginning"
        )
    return check_target(settings, position(settings, at, (begin, end), applied, entry), to), applied, topic_id


async def _skip(client: KafkaAdminClient, settings: Settings, at: TopicPartition, to: int, count: int) -> Skipped:
    names, number = settings.names, settings.names.inputs[at.topic].number
    async with TransactionalPublisher(settings, {}, settings.group) as out:
        # Only now: entering has fenced another call.
        skipped, applied, topic_id = _plan(client, settings, at, to)
        moved = AppliedOffsets({**applied.inputs, number: AppliedOffset(to, topic_id)})
        refusal = Refusal(RefusalKind.SKIPPED, f"skipped by hand: offsets {skipped.begin} to {to - 1}")
        dead_letter = headers(at.topic, at.partition, skipped.begin, refusal)
        records = [
            PlacedRecord(names.changelog("fans"), at.partition, APPLIED_OFFSETS_KEY, encode(moved), []),
            PlacedRecord(names.dead_letters, at.partition, None, None, dead_letter),
        ]
        if (dedup := _dedup_record(client, settings, at, number, to)) is not None:
            records.append(PlacedRecord(names.dedup, at.partition, None, dedup, []))
        await out.write_placed(records, {at: Mark(to, str(CommitMetadata(count, topic_id)))})
    return skipped


def _dedup_record(
    client: KafkaAdminClient, settings: Settings, at: TopicPartition, number: int, to: int
) -> bytes | None:
    """Return the dedup record with which a restore does not read the ids of what is skipped; None if there is none.

    Without it a restore would read the skipped records: one that a worker cannot decode would stop it again, and one
    that is corrected and sent again would count as a duplicate.
    """
    place = TopicPartition(settings.names.dedup, at.partition)
    begins, ends = offsets(client, [place], OffsetSpec.EARLIEST), offsets(client, [place], OffsetSpec.LATEST)
    with reader(settings) as consumer:
        newest = newest_values(consumer, begins, ends, None).get(place)
    return None if newest is None else pass_over(newest, number, to)
