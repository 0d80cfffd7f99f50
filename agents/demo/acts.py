"""One act of a made-up fan, and its event."""

from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

from agents.demo.sentences import Sentence
from schemas.inputs.comments import COMMENTS
from schemas.inputs.likes import LIKES
from schemas.inputs.purchases import PURCHASES
from schemas.inputs.reposts import REPOSTS
from schemas.topics import DAY_MS

PRICES_FEN = (4_900, 12_900, 19_900, 89_900, 199_900, 349_900)
POSTS_A_DAY = 3


class DemoAct(NamedTuple):
    """What a fan does at a moment (ms since the epoch); ``fields`` are the topic's own."""

    at: int
    fan_id: str
    topic: str  # without prefix
    fields: dict[str, Any]


def like(rng: Random, at: int, fan_id: str) -> DemoAct:
    """Return a like of one of the day's posts."""
    return DemoAct(at, fan_id, LIKES.name, {"type": "like", "post_id": _post(rng, at)})


def repost(rng: Random, at: int, fan_id: str, parents: Sequence[str]) -> DemoAct:
    """Return a repost, of the brand's post or, more often, of what one of ``parents`` made of it."""
    fields: dict[str, Any] = {"type": "repost", "post_id": _post(rng, at), "depth": 1}
    others = [parent for parent in parents if parent != fan_id]
    if others and rng.random() < 0.6:
        fields |= {"parent_fan_id": rng.choice(others), "depth": 2}
    return DemoAct(at, fan_id, REPOSTS.name, fields)


def comment(rng: Random, at: int, fan_id: str, sentence: Sentence) -> DemoAct:
    """Return a comment; it brings its sentiment, so that the demo does not depend on a model."""
    fields = {"type": "comment", "post_id": _post(rng, at), "text": sentence.text, "lang": sentence.lang}
    return DemoAct(at, fan_id, COMMENTS.name, fields | {"sentiment": sentence.sentiment})


def purchase(rng: Random, at: int, fan_id: str) -> DemoAct:
    """Return an order of one or two pieces."""
    fields = {"type": "purchase", "order_id": f"o{at}{rng.randrange(1000):03d}", "currency": "CNY"}
    return DemoAct(
        at, fan_id, PURCHASES.name, fields | {"amount_minor": rng.choice(PRICES_FEN), "quantity": rng.randint(1, 2)}
    )


def paid(act: DemoAct, campaign: str) -> DemoAct:
    """Return the same act as one that was paid with a prize."""
    return act._replace(fields=act.fields | {"incentivized": True, "campaign_id": campaign, "source": "campaign"})


def event(act: DemoAct, event_id: str, brand: str) -> dict[str, Any]:
    """Return the event as it stands in a record."""
    platform = act.fan_id.partition(":")[0]
    return {
        "event_id": event_id,
        "brand_id": brand,
        "fan_id": act.fan_id,
        "platform": "tmall" if act.topic == PURCHASES.name else platform,
        "account_id": f"{brand}-{platform}",
        "event_time": act.at,
        "source": "organic",
        **act.fields,
    }


def _post(rng: Random, at: int) -> str:
    return f"p{at // DAY_MS}-{rng.randrange(POSTS_A_DAY)}"
