"""Reposts: a fan passes on a post, or shows an order."""

from typing import Annotated, Literal

from msgspec import Meta

from schemas.inputs.declaration import Act, Input, Kind, Part


class Repost(Act, gc=False, kw_only=True):
    """One repost; ``parent_fan_id`` is the fan who gains influence by it."""

    type: Annotated[Literal["repost", "show"], Meta(description="What the fan did. Default: repost.")] = "repost"


REPOSTS = Input(
    number=1,
    name="reposts",
    about="One repost. A show is a repost that shows an order.",
    record=Repost,
    kinds=(
        Kind(2, "repost", Part.SHARE, weight=5.0, count_cell=40, cap_cells=(41, 42)),
        Kind(3, "show", Part.SHARE, weight=8.0, count_cell=43, cap_cells=(44, 45)),
    ),
    emits_attribution=True,
    rhythm=1,
    examples=(
        {
            "event_id": "repost-1",
            "brand_id": "miot",
            "fan_id": "weibo:123",
            "platform": "weibo",
            "event_time": 1_732_180_000_000,
            "post_id": "p77",
            "parent_fan_id": "weibo:9",
            "depth": 1,
        },
    ),
)
