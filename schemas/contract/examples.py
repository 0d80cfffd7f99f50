"""A record of every topic, as it looks on the wire."""

from typing import Any

BORN, THEN, NOW = 1_730_000_000_000, 1_732_180_000_000, 1_733_562_400_000
WHO = {"brand_id": "miot", "fan_id": "weibo:123"}
ACT = {**WHO, "platform": "weibo", "event_time": THEN}
KEY = "miot:weibo:123"

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "likes": [{"event_id": "like-1", **ACT, "post_id": "p77"}],
    "reposts": [{"event_id": "repost-1", **ACT, "post_id": "p77", "parent_fan_id": "weibo:9", "depth": 1}],
    "comments": [
        {"event_id": "comment-1", **ACT, "post_id": "p77", "text": "broke after two days", "lang": "en"},
        {"event_id": "comment-2", **ACT, "type": "review", "sentiment": 0.8},
    ],
    "purchases": [{"event_id": "order-1", **ACT, "order_id": "o5", "amount_minor": 129900, "currency": "CNY"}],
    "fan-scores": [
        {
            "schema": 1,
            **WHO,
            "score": 42.37,
            "parts": {"talk": 0.612, "share": 0.35, "influence": 0.12, "relevance": 1.0, "authenticity": 1.0},
            "tier": "active",
            "lifecycle": "active",
            "churn_risk": 0.18,
            "sentiment": {"mean": -0.12, "n": 7},
            "flags": [{"flag_id": "35d3b906fc051ab1", "kind": "negative", "severity": 2, "since": THEN}],
            "usual_gap_s": 259_200,
            "counts": {"like": 12, "repost": 3, "comment": 7, "purchase": 1},
            "first_seen": BORN,
            "last_seen": THEN,
            "model_version": "1",
            "as_of": THEN,
            "seq": 23,
        }
    ],
    "fan-flags": [
        {
            "schema": 1,
            "flag_id": "77ab04f1c2d3e4f5",
            **WHO,
            "kind": "churn",
            "state": "at_risk",
            "from": "active",
            "reason": "silence",
            "severity": 1,
            "evidence": {"usual_gap_s": 259_200, "silent_for_s": 1_382_400, "event_id": None, "post_id": None},
            "score": 38.1,
            "model_version": "1",
            "as_of": NOW,
            "seq": 24,
        }
    ],
}
