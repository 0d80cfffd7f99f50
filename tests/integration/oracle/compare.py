"""What was published of each fan beside what the oracle says; every difference as one line of text."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from tests.integration.oracle.fan import OracleFan

WITHIN = 0.01 + 1e-9  # of the score; parts and means are published with three decimals
PART = 0.001 + 1e-9
TIERS = {"passer-by": (0, 0), "fan": (10, 8), "active": (30, 24), "core": (60, 48)}  # enter, leave

View = dict[str, Any]  # one record of fan-scores


def differences(
    published: Mapping[str, View], told: Mapping[str, OracleFan], unsure: Collection[str] = ()
) -> list[str]:
    """Compare every fan, as of the published ``as_of``; of those in ``unsure`` only what no order can change."""
    found = [f"{key}: not published" for key in told.keys() - published.keys()]
    found += [f"{key}: published, but nobody did anything" for key in published.keys() - told.keys()]
    for key in sorted(told.keys() & published.keys()):
        said = [*facts(published[key], told[key])]
        if key not in unsure:
            said += figures(published[key], told[key])
        found += [f"{key}: {one}" for one in said]
    return found


def facts(view: View, fan: OracleFan) -> list[str]:
    """Return where counts, moments and the comments' mean differ."""
    said = []
    if view["counts"] != dict(fan.counts):
        said.append(f"counts {view['counts']}, not {dict(fan.counts)}")
    if fan.acts and (view["first_seen"], view["last_seen"]) != (min(fan.acts), max(fan.acts)):
        said.append(f"seen {view['first_seen']}..{view['last_seen']}, not {min(fan.acts)}..{max(fan.acts)}")
    if view["as_of"] < fan.touched:
        said.append(f"as of {view['as_of']}, before the newest touch {fan.touched}")
    mood = view["sentiment"]
    if mood["n"] != len(fan.moods) or abs(mood["mean"] - fan.mood) > PART:
        said.append(f"sentiment {mood}, not {fan.mood:.4f} of {len(fan.moods)}")
    return said


def figures(view: View, fan: OracleFan) -> list[str]:
    """Return where the score, its parts or the tier differ."""
    now = view["as_of"]
    said, right = [], fan.parts(now)
    if abs(view["score"] - fan.score(now)) > WITHIN:
        said.append(f"score {view['score']}, not {fan.score(now):.4f}")
    said += [f"{n} {view['parts'][n]}, not {is_:.5f}" for n, is_ in right.items() if abs(view["parts"][n] - is_) > PART]
    if not is_possible(view["tier"], fan.score(now), right["relevance"]):
        said.append(f"tier {view['tier']} at a score of {fan.score(now):.2f} and relevance {right['relevance']:.2f}")
    return said


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
    return found + [f"{key}: flags end at {told}, but the tier is {tier}" for key, told, tier in ends if told != tier]


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
