"""A test-only input: one declaration, as any new input would be."""

from typing import Annotated, Literal

from msgspec import Meta

from schemas.inputs.declaration import Act, Input, Kind, Part


class Ping(Act, gc=False, kw_only=True):
    """One ping, or an echo of it."""

    type: Annotated[Literal["test_ping", "test_echo"], Meta(description="What the fan did.")] = "test_ping"


TEST_PINGS = Input(
    number=200,
    name="test-pings",
    about="One ping or echo.",
    record=Ping,
    kinds=(
        Kind(200, "test_ping", Part.TALK, weight=3.0, count_cell=200, cap_cells=(201, 202)),
        Kind(201, "test_echo", Part.NONE, weight=0.0, count_cell=203),
    ),
    is_required=False,
    contributes_to_watermark=False,
    holds_service_clock=True,
)
