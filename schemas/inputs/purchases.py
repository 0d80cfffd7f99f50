"""Purchases: a fan orders, or gets the money back."""

from typing import Annotated, Literal

from msgspec import Meta

from schemas.inputs.declaration import Act, Input, Kind, Part


class Purchase(Act, gc=False, kw_only=True):
    """One order, or its refund; ``amount_minor`` is in minor units (1 fen = 1)."""

    type: Annotated[Literal["purchase", "refund"], Meta(description="What the fan did. Default: purchase.")] = (
        "purchase"
    )
    order_id: Annotated[str, Meta(description="Id of the order.")]
    amount_minor: Annotated[int, Meta(ge=0, description="Amount in minor units of the currency, such as fen.")]
    # $ alone lets a line end through
    currency: Annotated[str, Meta(max_length=3, pattern="^[A-Z]{3}$", description="ISO 4217, such as CNY.")]
    quantity: Annotated[Annotated[int, Meta(ge=1)] | None, Meta(description="Number of items.")] = None


PURCHASES = Input(
    number=3,
    name="purchases",
    about="One order or its refund.",
    record=Purchase,
    kinds=(
        Kind(7, "purchase", Part.TALK, weight=10.0, count_cell=55, cap_cells=(56, 57)),
        Kind(8, "refund", Part.TALK, weight=-10.0, count_cell=58),
    ),
    examples=(
        {
            "event_id": "order-1",
            "brand_id": "miot",
            "fan_id": "weibo:123",
            "platform": "weibo",
            "event_time": 1_732_180_000_000,
            "order_id": "o5",
            "amount_minor": 129_900,
            "currency": "CNY",
        },
    ),
)
