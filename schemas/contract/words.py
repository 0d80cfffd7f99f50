"""What each field means, for those who never read our code; bounds that outputs keep without being checked."""

from typing import Any

from msgspec import Struct

from schemas.events import Act, Comment, Like, Purchase, Repost
from schemas.fan import LIVES, TIERS
from schemas.outputs import Counts, Evidence, FanFlag, FanScore, Parts, Sentiment, StandingFlag

Said = dict[str, Any]

CHURN = ["at_risk", "churned", "returned", "cleared"]
NEGATIVE = ["raised", "cleared"]
REASONS = ["score", "silence", "negative", "campaign_only", "act", "comment", "mood"]


def said(description: str, **bounds: object) -> Said:
    """Return a field's description and what JSON Schema says of its values.

    >>> said("A share.", minimum=0)
    {'description': 'A share.', 'minimum': 0}
    """
    return {"description": description, **bounds}


def share(description: str) -> Said:
    """Return what is said of a number from 0 to 1."""
    return said(description, minimum=0, maximum=1)


def count(description: str) -> Said:
    """Return what is said of a whole number that is never negative."""
    return said(description, minimum=0)


MS = "ms since the epoch, UTC"
KIND_OF_ACT = "What the fan did; without it the topic's own: like, repost, comment, purchase."

FIELDS: dict[type[Struct], dict[str, Said]] = {
    Act: {
        "event_id": said("Id of the event. The same id counts once, however often it is sent."),
        "brand_id": said("The brand; first part of the key, so it holds no colon."),
        "fan_id": said("The fan, pseudonymous and the same on all accounts of a brand, such as weibo:123."),
        "platform": said("Where it happened: weibo, wechat, tmall, offline, or any other name."),
        "event_time": said(f"When it happened: {MS}. Late counts; more than 5 minutes ahead of our clock is refused."),
        "type": said(KIND_OF_ACT),
        "account_id": said("Which of the brand's accounts it happened on."),
        "post_id": said("The post that it is about; named again in flags."),
        "parent_fan_id": said("Whose post it was; a repost earns that fan influence."),
        "depth": said("How deep in the cascade of reposts; 1 is a repost of the original."),
        "campaign_id": said("The campaign that it belongs to."),
        "incentivized": said("Whether it was paid with a prize or a coupon."),
        "source": said("How the fan came."),
    },
    Like: {},
    Repost: {},
    Comment: {
        "text": said("The fan's words. Never stored, logged or published, but for dead letters."),
        "lang": said("Language of the text, such as zh or en."),
        "sentiment": said("-1 is angry, 1 is glad. Where it is given it wins over our model."),
    },
    Purchase: {
        "order_id": said("The order."),
        "amount_minor": said("Amount in minor units: 1 fen is 1."),
        "currency": said("ISO 4217, such as CNY."),
        "quantity": said("How many pieces."),
    },
    Parts: {
        "talk": share("How much he talks with the brand: likes, comments, reviews, mentions, purchases."),
        "share": share("How much he shares: reposts and shows."),
        "influence": share("How often others repost him."),
        "relevance": share("Whether he is here for the brand rather than for the prize."),
        "authenticity": share("Below 1 while his rhythm or volume looks like a machine's."),
    },
    Sentiment: {
        "mean": said("Running mean of his comments; -1 is angry, 1 is glad.", minimum=-1, maximum=1),
        "n": count("How many comments it rests on."),
    },
    StandingFlag: {
        "flag_id": said("As in fan-flags."),
        "kind": said("What it is about."),
        "severity": said("1 to 3, 3 is worst.", minimum=1, maximum=3),
        "since": said(f"Since when it stands: {MS}."),
    },
    Counts: {name: count(f"Events of type {name} that counted; left out at 0.") for name in Counts.__struct_fields__},
    FanScore: {
        "schema": said("Version of this contract.", const=1),
        "brand_id": said("The brand."),
        "fan_id": said("The fan."),
        "score": said("0 to 100, two decimals.", minimum=0, maximum=100),
        "parts": said("What the score is made of."),
        "tier": said("How close he is.", enum=TIERS),
        "lifecycle": said("Where he is between his first act and his last.", enum=LIVES),
        "churn_risk": share("What lists of leavers are sorted by; 1 is gone."),
        "sentiment": said("How he speaks of the brand."),
        "flags": said("Flags that stand now."),
        "usual_gap_s": count("Mean seconds between his active days; 0 while there is only one."),
        "counts": said("Events that counted, by type."),
        "first_seen": count(f"His first act: {MS}; 0 if he is known by others' reposts alone."),
        "last_seen": count(f"His newest act: {MS}; 0 if he is known by others' reposts alone."),
        "model_version": said("Version of the brand's parameters."),
        "as_of": count(f"The moment that the view is of: {MS}."),
        "seq": said("Grows with every change of this fan: drop a record whose seq is not newer.", minimum=1),
    },
    Evidence: {
        "usual_gap_s": count("Mean seconds between his active days; 0 if he has no rhythm."),
        "silent_for_s": count("Seconds since his last act."),
        "event_id": said("The event that turned it; null if time did."),
        "post_id": said("The post that the event was about."),
    },
    FanFlag: {
        "schema": said("Version of this contract.", const=1),
        "flag_id": said("The episode: the same from its beginning to its end. (flag_id, state) is one transition."),
        "brand_id": said("The brand."),
        "fan_id": said("The fan."),
        "kind": said("What it is about."),
        "state": said("What it turned to. Of tier: the tier.", enum=[*CHURN, "raised", *TIERS]),
        "from": said("What it was before.", enum=sorted({*LIVES, *NEGATIVE, *TIERS})),
        "reason": said("Why it turned.", enum=REASONS),
        "severity": said("1 to 3, 3 is worst.", minimum=1, maximum=3),
        "evidence": said("What to tell the person who asks why."),
        "score": said("His score at that moment, 0 to 100.", minimum=0, maximum=100),
        "model_version": said("Version of the brand's parameters."),
        "as_of": count(f"When it turned: {MS}."),
        "seq": said("As in fan-scores.", minimum=1),
    },
}


def of(struct: type[Struct]) -> dict[str, Said]:
    """Return what is said of each field of a struct, those of its parent included.

    >>> list(of(Purchase))[-1]
    'quantity'
    """
    told: dict[str, Said] = {}
    for kind in reversed(struct.__mro__):
        told |= FIELDS.get(kind, {})
    return told
