"""What an input topic is: one declaration from which decoding, counting, contract, metrics, CLI and page derive."""

from enum import IntEnum
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta, Struct

MAX_VALUE_BYTES = 65_536  # of a record
MAX_CLOCK_AHEAD_MS = 300_000  # that a producer's clock may run ahead of ours
COLON_IN_BRAND = "brand_id has a colon - at `$.brand_id`"

MS_UTC = "ms since the epoch, UTC"

Name = Annotated[str, Meta(min_length=1, max_length=64)]
# A colon is refused by the decoder: a pattern here would cost a regular expression per event, 12 % of decoding.
Brand = Annotated[str, Meta(min_length=1, max_length=64, extra_json_schema={"pattern": "^[^:]*$"})]
Moment = Annotated[int, Meta(ge=1, le=1 << 52)]  # ms since the epoch, UTC
Source: TypeAlias = Literal["organic", "paid_ad", "campaign", "affiliate", "offline", "import"]


class Part(IntEnum):
    """The part of the score that a kind adds to."""

    NONE = 0
    TALK = 1
    SHARE = 2
    INFLUENCE = 3


class Kind(Struct, frozen=True):
    """One type of event. ``number`` and the numbers of its row cells are never reused.

    A kind with a positive weight is capped a day, and has two cells for that.
    """

    number: int
    name: str  # the value of ``type``
    part: Part
    weight: float
    count_cell: int
    cap_cells: tuple[int, int] | None = None  # newest day, acts on it


class Input(Struct, frozen=True, kw_only=True, eq=False):
    """One input topic.

    Args:
        number: identity of the topic in applied offsets; never reused.
        record: struct of a record; its fields carry their own description for the contract.
        kinds: types of event, the topic's default first.
        is_required: without the topic a worker refuses to start; an optional topic that is absent is left out.
        is_internal: the group owns the topic.
        by_fan: the events are acts of the fan, and so a sign of life.
        contributes_to_watermark: lag or silence of the topic holds back the clock of silence.
        holds_service_clock: lag of the topic holds back the service clock, on which timers of sparse stores run.
        deduplicates: a producer's repeats are recognised by ``event_id``.
        emits_attribution: an event about another fan's post gives that fan influence.
        has_text: events may carry ``text`` or ``sentiment``.
        rhythm: place among the inputs whose gaps are watched for machines; None: not watched.
        requires_any_of: fields of which at least one must be there, for the contract.
        examples: records that the contract shows.
    """

    number: int
    name: str
    about: str
    record: type[Struct]
    kinds: tuple[Kind, ...]
    is_required: bool = True
    is_internal: bool = False
    by_fan: bool = True
    contributes_to_watermark: bool = True
    holds_service_clock: bool = False
    deduplicates: bool = True
    emits_attribution: bool = False
    has_text: bool = False
    rhythm: int | None = None
    requires_any_of: tuple[str, ...] = ()
    examples: tuple[dict[str, Any], ...] = ()


class Act(Struct, gc=False, kw_only=True):
    """What every public input has; unknown fields are ignored, so that producers can add some."""

    event_id: Annotated[
        Name,
        Meta(
            description="Id of the event. A repeat (same fan, type and id) within the topic's dedup window counts once."
        ),
    ]
    brand_id: Annotated[
        Brand, Meta(description="The brand. It is the first part of the key, so it must not contain a colon.")
    ]
    fan_id: Annotated[
        Name, Meta(description="The fan: a pseudonymous id, the same on all accounts of a brand, such as weibo:123.")
    ]
    platform: Annotated[Name, Meta(description="Where it happened: weibo, wechat, tmall, offline or any other name.")]
    event_time: Annotated[
        Moment,
        Meta(
            description=f"When it happened: {MS_UTC}. Late events count; more than 5 minutes in the future is refused."
        ),
    ]
    type: str
    account_id: Annotated[str | None, Meta(description="The brand's account on which it happened.")] = None
    post_id: Annotated[str | None, Meta(description="The post that it is about. Flags name it.")] = None
    parent_fan_id: Annotated[
        Name | None, Meta(description="The fan whose post it was. A repost gives that fan influence.")
    ] = None
    depth: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="Depth in the cascade of reposts. 1 is a repost of the original."),
    ] = None
    campaign_id: Annotated[str | None, Meta(description="The campaign that it belongs to.")] = None
    incentivized: Annotated[bool, Meta(description="Whether the fan got a prize or a coupon for it.")] = False
    source: Annotated[Source | None, Meta(description="How the fan found the brand.")] = None
