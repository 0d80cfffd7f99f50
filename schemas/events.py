"""The inputs: what a platform tells us about one act of one fan."""

from enum import IntEnum
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

LONGEST = 65_536  # bytes of a record's value
COLON = "brand_id has a colon - at `$.brand_id`"
AHEAD_MS = 300_000  # that a producer's clock may run ahead of ours


class Topic(IntEnum):
    """Topics that a row follows; the number is the place of its offset in the row."""

    LIKES = 0
    REPOSTS = 1
    COMMENTS = 2
    PURCHASES = 3
    CREDITS = 4


class Kind(IntEnum):
    """What a fan did; the order is part of the row's layout (``Fan.count``)."""

    LIKE = 0
    UNLIKE = 1
    REPOST = 2
    SHOW = 3
    COMMENT = 4
    REVIEW = 5
    MENTION = 6
    PURCHASE = 7
    REFUND = 8
    CREDIT = 9


KINDS = {kind.name.lower(): int(kind) for kind in Kind}

Name = Annotated[str, Meta(min_length=1, max_length=64)]
# A colon is refused by the decoder: a pattern here would cost a regular expression per event, 12 % of decoding.
Brand = Annotated[str, Meta(min_length=1, max_length=64, extra_json_schema={"pattern": "^[^:]*$"})]
Moment = Annotated[int, Meta(ge=1, le=1 << 52)]  # ms since the epoch, UTC
Source: TypeAlias = Literal["organic", "paid_ad", "campaign", "affiliate", "offline", "import"]


class Act(Struct, gc=False, kw_only=True):
    """What every input has; unknown fields are ignored, so that producers can add some."""

    event_id: Name
    brand_id: Brand
    fan_id: Name
    platform: Name
    event_time: Moment
    type: str
    account_id: str | None = None
    post_id: str | None = None
    parent_fan_id: Name | None = None
    depth: Annotated[int, Meta(ge=1)] | None = None
    campaign_id: str | None = None
    incentivized: bool = False
    source: Source | None = None


class Like(Act, gc=False, kw_only=True):
    """One like, or its withdrawal."""

    type: Literal["like", "unlike"] = "like"


class Repost(Act, gc=False, kw_only=True):
    """One repost; ``parent_fan_id`` earns influence."""

    type: Literal["repost", "show"] = "repost"


class Comment(Act, gc=False, kw_only=True):
    """One comment: ``text`` or ``sentiment`` must be there, a given ``sentiment`` wins over our model."""

    type: Literal["comment", "review", "mention"] = "comment"
    text: Annotated[str, Meta(max_length=2000)] | None = None
    lang: str | None = None
    sentiment: Annotated[float, Meta(ge=-1, le=1)] | None = None

    def __post_init__(self) -> None:
        if self.text is None and self.sentiment is None:
            raise ValueError("comment without text or sentiment")


class Purchase(Act, gc=False, kw_only=True):
    """One order, or its refund; ``amount_minor`` is in minor units (1 fen = 1)."""

    type: Literal["purchase", "refund"] = "purchase"
    order_id: str
    amount_minor: Annotated[int, Meta(ge=0)]
    currency: Annotated[str, Meta(max_length=3, pattern="^[A-Z]{3}$")]  # $ alone lets a line end through
    quantity: Annotated[int, Meta(ge=1)] | None = None


class Credit(Struct, gc=False, kw_only=True):
    """Influence that a repost by ``by_fan_id`` earns for ``fan_id``; internal, one per repost that counts."""

    event_id: Name  # the repost's
    brand_id: Brand
    fan_id: Name
    by_fan_id: Name
    event_time: Moment


ACTS: dict[Topic, type[Act]] = {
    Topic.LIKES: Like,
    Topic.REPOSTS: Repost,
    Topic.COMMENTS: Comment,
    Topic.PURCHASES: Purchase,
}
