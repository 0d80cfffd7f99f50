"""TxnOffsetCommit version 3: offsets that the broker takes only from a current member of the group (KIP-447).

aiokafka sends version 0, which carries neither generation nor member: a worker that lost its partitions while it
slept could still commit.
"""

from collections import defaultdict
from types import MethodType
from typing import Any

from aiokafka import errors
from aiokafka.producer.sender import CoordinationType, TxnOffsetCommitHandler
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)

from agents.transport.group_metadata import FENCED_INSTANCE_ID, UNKNOWN_MEMBER_ID, GroupMetadata

ILLEGAL_GENERATION = 22
STALE = {
    ILLEGAL_GENERATION: "our generation is over",
    UNKNOWN_MEMBER_ID: "the group does not know us any more",
    FENCED_INSTANCE_ID: "another worker has our instance id",
}
TEXT = CompactString("utf-8")


class StaleMemberError(errors.KafkaError):
    """The broker refused our offsets: other workers own the partitions now."""


class TxnOffsetCommitResponse3(Response):
    """TxnOffsetCommit response, version 3."""

    API_KEY = 28
    API_VERSION = 3
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "errors",
            CompactArray(
                ("topic", TEXT),
                ("partition_errors", CompactArray(("partition", Int32), ("error_code", Int16), ("tags", TaggedFields))),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class TxnOffsetCommitRequest3(RequestStruct):
    """TxnOffsetCommit request, version 3, the first flexible and fenced one."""

    API_KEY = 28
    API_VERSION = 3
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = TxnOffsetCommitResponse3
    SCHEMA = Schema(
        ("transactional_id", TEXT),
        ("group_id", TEXT),
        ("producer_id", Int64),
        ("producer_epoch", Int16),
        ("generation_id", Int32),
        ("member_id", TEXT),
        ("group_instance_id", TEXT),
        (
            "topics",
            CompactArray(
                ("topic", TEXT),
                (
                    "partitions",
                    CompactArray(
                        ("partition", Int32),
                        ("offset", Int64),
                        ("leader_epoch", Int32),
                        ("metadata", TEXT),
                        ("tags", TaggedFields),
                    ),
                ),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class FencedOffsets(Request[TxnOffsetCommitRequest3]):
    """The offsets of one transaction, signed by a member."""

    API_KEY = 28

    def __init__(self, manager: Any, member: GroupMetadata, offsets: dict[Any, Any]) -> None:
        self.manager, self.member, self.offsets = manager, member, offsets

    def build(self, request_struct_class: type[TxnOffsetCommitRequest3]) -> TxnOffsetCommitRequest3:
        """Return the request as it goes over the wire."""
        topics: dict[str, list[object]] = defaultdict(list)
        for tp, offset in sorted(self.offsets.items()):
            topics[tp.topic].append((tp.partition, offset.offset, -1, offset.metadata, {}))
        m, member = self.manager, self.member
        return request_struct_class(
            m.transactional_id,
            member.group,
            m.producer_id,
            m.producer_epoch,
            member.generation,
            member.member_id,
            member.instance_id or None,
            [(topic, partitions, {}) for topic, partitions in topics.items()],
            {},
        )


class FencedHandler(TxnOffsetCommitHandler):
    """Sends the fenced request, and reports a refusal to whoever waits for the transaction."""

    def __init__(self, sender: Any, offsets: dict[Any, Any], member: GroupMetadata) -> None:
        super().__init__(sender, offsets, member.group)
        self.member = member

    def create_request(self) -> FencedOffsets:
        """Return the request in place of aiokafka's."""
        return FencedOffsets(self._sender._txn_manager, self.member, self._offsets)

    def handle_response(self, response: Any) -> float | None:
        """Return the seconds to wait before another try, None when done."""
        codes = {code for _, partitions, _ in response.errors for _, code, _ in partitions}
        stale = codes & STALE.keys()
        if stale:
            self._sender._txn_manager.error_transaction(StaleMemberError(STALE[min(stale)]))
            return None
        response.errors = [(topic, [(p, code) for p, code, _ in parts]) for topic, parts, _ in response.errors]
        backoff: float | None = super().handle_response(response)
        return backoff


def fence(producer: Any) -> None:
    """Make a producer's offset commits carry ``producer.group_metadata``, which must be set before each commit."""
    sender = producer._sender

    async def commit(self: Any, offsets: dict[Any, Any], group_id: str) -> None:
        node = await self._find_coordinator(CoordinationType.GROUP, group_id)
        await FencedHandler(self, offsets, producer.group_metadata).do(node)

    sender._do_txn_offset_commit = MethodType(commit, sender)
