"""One fan as the oracle sees them: everything that they did, and everything that others gave them."""

from collections import Counter
from typing import Any

from tests.integration.oracle.formulas import HALF_LIFE, SHARE, WEIGHT, faded, reach, relevance, saturation, score
from tests.integration.oracle.suspects import Caps, Rhythm

Event = dict[str, Any]


class OracleFan:
    """Events must come once each, and each topic's in its own order."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.talk: list[tuple[int, float]] = []
        self.share: list[tuple[int, float]] = []
        self.on_brand: list[tuple[int, float]] = []
        self.everything: list[tuple[int, float]] = []
        self.attributions: list[tuple[int, float]] = []
        self.acts: list[int] = []
        self.sentiments: list[float] = []
        self.likes, self.reposts, self.caps = Rhythm(), Rhythm(), Caps()

    def act(self, topic: str, event: Event) -> None:
        """Take one act of the fan."""
        kind, at = event["type"], event["event_time"]
        self.counts[kind] += 1
        self.acts.append(at)
        if topic == "likes":
            self.likes.observe(at)
        if topic == "reposts":
            self.reposts.observe(at)
        if topic == "comments":
            self.sentiments.append(event["sentiment"])
        if self.caps.weighs(event):
            weighed = (at, WEIGHT[kind])
            (self.share if kind in SHARE else self.talk).append(weighed)
            self.everything.append(weighed)
            if not event.get("incentivized"):
                self.on_brand.append(weighed)

    def earn(self, at: int) -> None:
        """Take the attribution of a repost by another fan."""
        self.attributions.append((at, 1))

    @property
    def is_suspect(self) -> bool:
        """Whether any of the three grounds holds."""
        return self.likes.is_suspect or self.reposts.is_suspect or self.caps.is_suspect

    @property
    def touched(self) -> int:
        """The newest moment of an act or an attribution."""
        return max([*self.acts, *(at for at, _ in self.attributions)])

    @property
    def sentiment_of(self) -> float:
        """The running mean of the comments' sentiment, in the order of their topic."""
        mean = self.sentiments[0] if self.sentiments else 0.0
        for one in self.sentiments[1:]:
            mean += 0.3 * (one - mean)
        return mean

    def parts(self, now: int) -> dict[str, float]:
        """Return the score's parts at a moment."""
        on_brand = faded(self.on_brand, now, HALF_LIFE["relevance"])
        return {
            "talk": saturation(faded(self.talk, now, HALF_LIFE["talk"])),
            "share": saturation(faded(self.share, now, HALF_LIFE["share"])),
            "influence": reach(faded(self.attributions, now, HALF_LIFE["influence"])),
            "relevance": relevance(on_brand, faded(self.everything, now, HALF_LIFE["relevance"])),
            "authenticity": 0.1 if self.is_suspect else 1.0,
        }

    def score(self, now: int) -> float:
        """Return the score at a moment, not rounded."""
        return score(self.parts(now))
