"""What was published of each fan, compared with the oracle; every difference as one line of text."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from tests.integration.oracle.fan import OracleFan

WITHIN = 0.01 + 1e-9  # of the score; parts and means are published with three decimals
PART = 0.001 + 1e-9
TIERS = {"passer-by": (0, 0), "fan": (10, 8), "active": (30, 24), "core": (60, 48)}  # enter, leave

View = dict[str, Any]  # one record of fan-scores


def differences(
    published: Mapping[str, View], expected: Mapping[str, OracleFan], unsure: Collection[str] = ()
) -> list[str]:
    """Compare every fan, as of the published ``as_of``; of those in ``unsure`` only what no order can change."""
    found = [f"{key}: not published" for key in expected.keys() - published.keys()]
    found += [f"{key}: published, but nobody did anything" for key in published.keys() - expected.keys()]
    for key in sorted(expected.keys() & published.keys()):
        differing = [*facts(published[key], expected[key])]
        if key not in unsure:
            differing += figures(published[key], expected[key])
        found += [f"{key}: {one}" for one in differing]
    return found


def facts(view: View, fan: OracleFan) -> list[str]:
    """Return where counts, moments and the comments' mean differ."""
    differing = []
    if view["counts"] != dict(fan.counts):
        differing.append(f"counts {view['counts']}, not {dict(fan.counts)}")
    if fan.acts and (view["first_seen"], view["last_seen"]) != (min(fan.acts), max(fan.acts)):
        differing.append(f"seen {view['first_seen']}..{view['last_seen']}, not {min(fan.acts)}..{max(fan.acts)}")
    if view["as_of"] < fan.touched:
        differing.append(f"as of {view['as_of']}, before the newest touch {fan.touched}")
    sentiment_of = view["sentiment"]
    if sentiment_of["n"] != len(fan.sentiments) or abs(sentiment_of["mean"] - fan.sentiment_of) > PART:
        differing.append(f"sentiment {sentiment_of}, not {fan.sentiment_of:.4f} of {len(fan.sentiments)}")
    return differing


def figures(view: View, fan: OracleFan) -> list[str]:
    """Return where the score, its parts or the tier differ."""
    now = view["as_of"]
    differing, right = [], fan.parts(now)
    if abs(view["score"] - fan.score(now)) > WITHIN:
        differing.append(f"score {view['score']}, not {fan.score(now):.4f}")
    differing += [
        f"{n} {view['parts'][n]}, not {is_:.5f}" for n, is_ in right.items() if abs(view["parts"][n] - is_) > PART
    ]
    if not is_possible(view["tier"], fan.score(now), right["relevance"]):
        differing.append(
            f"tier {view['tier']} at a score of {fan.score(now):.2f} and relevance {right['relevance']:.2f}"
        )
    return differing


def broken_chains(flags: Iterable[View], published: Mapping[str, View]) -> list[str]:
    """Check that each fan's tier flags, in their order, lead from tier to tier up to the published one."""
    tiers: dict[str, str] = {}
    found = []
    for flag in flags:
        key = f"{flag['brand_id']}:{flag['fan_id']}"
        before = tiers.get(key, "passer-by")
        if flag["kind"] == "tier":
            if flag["from"] != before:
                found.append(f"{key}: flag from {flag['from']} to {flag['state']}, but the tier was {before}")
            tiers[key] = flag["state"]
    ends = ((key, tiers.get(key, "passer-by"), view["tier"]) for key, view in published.items())
    return found + [
        f"{key}: flags end at {expected}, but the tier is {tier}" for key, expected, tier in ends if expected != tier
    ]


def is_possible(tier: str, score: float, relevance: float) -> bool:
    """Say whether a fan can be in a tier, whatever came before: hysteresis leaves some scores two tiers.

    >>> [tier for tier in TIERS if is_possible(tier, 28.0, 1.0)]
    ['fan', 'active']
    >>> [tier for tier in TIERS if is_possible(tier, 70.0, 0.4)]
    ['active']
    """
    names = list(TIERS)
    at = names.index(tier)
    above = names[at + 1 : at + 2]
    stays = score >= TIERS[tier][1] - WITHIN and (tier != "core" or relevance >= 0.5 - PART)
    must_rise = any(score >= TIERS[up][0] + WITHIN and (up != "core" or relevance >= 0.5 + PART) for up in above)
    return stays and not must_rise
