"""Static membership: who we are in the group, and a heartbeat that says so (aiokafka's omits the instance id)."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.group import HeartbeatRequest
from aiokafka.protocol.types import Int16, Int32, Schema, String

UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID = 25, 82


class GroupMetadata(NamedTuple):
    """What the broker checks a commit against; of one generation of the group."""

    group: str
    generation: int
    member_id: str
    instance_id: str


class HeartbeatResponse3(Response):
    """Heartbeat response, version 3."""

    API_KEY = 12
    API_VERSION = 3
    SCHEMA = Schema(("throttle_time_ms", Int32), ("error_code", Int16))


class HeartbeatRequest3(RequestStruct):
    """Heartbeat request, version 3 (KIP-345): the first that carries the instance id."""

    API_KEY = 12
    API_VERSION = 3
    RESPONSE_TYPE = HeartbeatResponse3
    SCHEMA = Schema(
        ("group", String("utf-8")),
        ("generation_id", Int32),
        ("member_id", String("utf-8")),
        ("group_instance_id", String("utf-8")),
    )


class StaticHeartbeat(Request[HeartbeatRequest3]):
    """A heartbeat of a static member."""

    API_KEY = 12

    def __init__(self, member: GroupMetadata) -> None:
        self.member = member

    def build(self, request_struct_class: type[HeartbeatRequest3]) -> HeartbeatRequest3:
        """Return the request as it goes over the wire."""
        return request_struct_class(
            self.member.group, self.member.generation, self.member.member_id, self.member.instance_id
        )


def heartbeat_as_static_member(coordinator: Any, on_fenced: Callable[[str], None]) -> None:
    """Make a coordinator's heartbeats carry its instance id; tell when the group has no place for us any more."""
    send: Callable[[Any], Awaitable[Any]] = coordinator._send_req

    async def send_req(request: Any) -> Any:
        if not isinstance(request, HeartbeatRequest):
            return await send(request)
        response = await send(StaticHeartbeat(group_metadata_of(coordinator)))
        if response.error_code == FENCED_INSTANCE_ID:
            on_fenced(f"another worker runs with our instance id {coordinator._group_instance_id!r}")
        elif response.error_code == UNKNOWN_MEMBER_ID:
            on_fenced("the group went on without us: no heartbeat within the session timeout")
        return response

    coordinator._send_req = send_req


def group_metadata_of(coordinator: Any) -> GroupMetadata:
    """Return who we are now; read it in the consumer's thread, where it cannot change meanwhile."""
    instance = coordinator._group_instance_id or ""
    return GroupMetadata(coordinator.group_id, coordinator.generation, coordinator.member_id, instance)
