"""Comments: what a fan says, and how it sounds."""

from typing import Annotated, Literal

from msgspec import Meta

from schemas.inputs.declaration import Act, Input, Kind, Part


class Comment(Act, gc=False, kw_only=True):
    """One comment: ``text`` or ``sentiment`` must be there, a given ``sentiment`` wins over our model."""

    type: Annotated[
        Literal["comment", "review", "mention"],
        Meta(description="What the fan did. Default: comment."),
    ] = "comment"
    text: Annotated[
        Annotated[str, Meta(max_length=2000)] | None,
        Meta(description="What the fan wrote. Never stored, logged or published, except in dead letters."),
    ] = None
    lang: Annotated[str | None, Meta(description="Language of the text, such as zh or en.")] = None
    sentiment: Annotated[
        Annotated[float, Meta(ge=-1, le=1)] | None,
        Meta(description="-1 is angry, 1 is happy. If given, it replaces the model's value."),
    ] = None

    def __post_init__(self) -> None:
        if self.text is None and self.sentiment is None:
            raise ValueError("comment without text or sentiment")


COMMENTS = Input(
    number=2,
    name="comments",
    about="One comment, review or mention, with `text` or `sentiment`.",
    record=Comment,
    kinds=(
        Kind(4, "comment", Part.TALK, weight=4.0, count_cell=46, cap_cells=(47, 48)),
        Kind(5, "review", Part.TALK, weight=6.0, count_cell=49, cap_cells=(50, 51)),
        Kind(6, "mention", Part.TALK, weight=2.0, count_cell=52, cap_cells=(53, 54)),
    ),
    holds_service_clock=True,
    has_text=True,
    requires_any_of=("text", "sentiment"),
    examples=(
        {
            "event_id": "comment-1",
            "brand_id": "miot",
            "fan_id": "weibo:123",
            "platform": "weibo",
            "event_time": 1_732_180_000_000,
            "post_id": "p77",
            "text": "broke after two days",
            "lang": "en",
        },
        {
            "event_id": "comment-2",
            "brand_id": "miot",
            "fan_id": "weibo:123",
            "platform": "weibo",
            "event_time": 1_732_180_000_000,
            "type": "review",
            "sentiment": 0.8,
        },
    ),
)
