"""The table of input fields, row by row: what is taken, what is refused, and what is meant by what is left out."""

from typing import Any

import msgspec
import pytest

from schemas.inputs import COMMENTS, INPUTS, LIKES, PURCHASES, REPOSTS
from schemas.inputs.declaration import Input
from schemas.inputs.lookup import public

EVERY = public(INPUTS)
GOOD = {"event_id": "e1", "brand_id": "miot", "fan_id": "weibo:123", "platform": "weibo", "event_time": 1}
GOOD |= {"text": "", "order_id": "o1", "amount_minor": 0, "currency": "CNY"}
LEFT_OUT = ...


def taken(source: Input, /, **fields: Any) -> Any:
    """Return the act that a record with these fields becomes, None where it is refused."""
    record = {name: value for name, value in {**GOOD, **fields}.items() if value is not LEFT_OUT}
    try:
        return msgspec.json.decode(msgspec.json.encode(record), type=source.record)
    except msgspec.ValidationError:
        return None


@pytest.mark.parametrize("source", EVERY, ids=lambda source: source.name)
@pytest.mark.parametrize("field", ["event_id", "brand_id", "fan_id"])
def test_ids_have_one_to_sixty_four_characters(source: Input, field: str) -> None:
    assert taken(source, **{field: "猫" * 64})
    assert not any(taken(source, **{field: wrong}) for wrong in ("", "e" * 65, 7, None, LEFT_OUT))


@pytest.mark.parametrize("source", EVERY, ids=lambda source: source.name)
@pytest.mark.parametrize("field", ["platform", "event_time"])
def test_platform_and_time_must_be_there(source: Input, field: str) -> None:
    assert not taken(source, **{field: LEFT_OUT})


@pytest.mark.parametrize("source", EVERY, ids=lambda source: source.name)
def test_a_time_is_whole_milliseconds_from_one_on(source: Input) -> None:
    assert taken(source, event_time=1)
    assert not any(taken(source, event_time=wrong) for wrong in (0, -1, 1.5, "1", None))


@pytest.mark.parametrize(
    ("source", "default", "others"),
    [
        (LIKES, "like", ("unlike",)),
        (REPOSTS, "repost", ("show",)),
        (COMMENTS, "comment", ("review", "mention")),
        (PURCHASES, "purchase", ("refund",)),
    ],
)
def test_a_topic_has_its_types_and_a_default(source: Input, default: str, others: tuple[str, ...]) -> None:
    assert taken(source).type == default
    mine = {default, *others}
    every = {
        "like",
        "unlike",
        "repost",
        "show",
        "comment",
        "review",
        "mention",
        "purchase",
        "refund",
        "attribution",
        "",
    }
    assert {kind for kind in every if taken(source, type=kind)} == mine


@pytest.mark.parametrize("source", EVERY, ids=lambda source: source.name)
def test_what_is_optional_may_be_left_out_or_null_and_is_checked_where_it_is_given(source: Input) -> None:
    for field in ("account_id", "post_id", "parent_fan_id", "depth", "campaign_id", "source"):
        assert taken(source, **{field: None}), field
    assert taken(source).incentivized is False
    assert taken(source, incentivized=True, depth=1, source="paid_ad", parent_fan_id="x" * 64, unknown=[{}])
    wrong = {"depth": 0, "source": "friend", "incentivized": "yes", "parent_fan_id": "x" * 65, "account_id": 7}
    assert not any(taken(source, **{field: value}) for field, value in wrong.items())


def test_a_comment_has_words_or_a_sentiment() -> None:
    assert taken(COMMENTS, text=LEFT_OUT, sentiment=-1)
    assert taken(COMMENTS, text="猫" * 2000)
    assert not taken(COMMENTS, text=LEFT_OUT)
    assert not taken(COMMENTS, text=None, sentiment=None)
    assert not taken(COMMENTS, text="a" * 2001)
    assert not any(taken(COMMENTS, sentiment=wrong) for wrong in (-1.01, 1.01, "-1"))


def test_a_purchase_has_an_order_an_amount_and_a_currency() -> None:
    assert taken(PURCHASES, quantity=1)
    for field in ("order_id", "amount_minor", "currency"):
        assert not taken(PURCHASES, **{field: LEFT_OUT}), field
    wrong: list[tuple[str, object]] = [("amount_minor", -1), ("amount_minor", 1.5), ("quantity", 0), ("order_id", 5)]
    wrong += [("currency", name) for name in ("cny", "CNYX", "CN", "", "CNY\n")]
    assert not any(taken(PURCHASES, **{field: value}) for field, value in wrong)
