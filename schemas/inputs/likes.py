"""Likes: a fan likes a post of a brand, or takes the like back."""

from typing import Annotated, Literal

from msgspec import Meta

from schemas.inputs.declaration import Act, Input, Kind, Part


class Like(Act, gc=False, kw_only=True):
    """One like, or its withdrawal."""

    type: Annotated[Literal["like", "unlike"], Meta(description="What the fan did. Default: like.")] = "like"


LIKES = Input(
    number=0,
    name="likes",
    about="One like or unlike.",
    record=Like,
    kinds=(
        Kind(0, "like", Part.TALK, weight=1.0, count_cell=36, cap_cells=(37, 38)),
        Kind(1, "unlike", Part.TALK, weight=-1.0, count_cell=39),
    ),
    rhythm=0,
    examples=(
        {
            "event_id": "like-1",
            "brand_id": "miot",
            "fan_id": "weibo:123",
            "platform": "weibo",
            "event_time": 1_732_180_000_000,
            "post_id": "p77",
        },
    ),
)
