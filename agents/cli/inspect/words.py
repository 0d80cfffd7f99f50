"""What a flag means, in words."""

from schemas.outputs.records import FanFlag

SECONDS_PER_MINUTE, SECONDS_PER_HOUR, SECONDS_PER_DAY = 60, 3600, 86_400
WHY = {"campaign_only": "came for prizes only", "negative": "was unhappy"}


def sentence(flag: FanFlag) -> str:
    """Return why a flag changed its state; for a kind without words of its own, its state and reason.

    >>> from schemas.outputs.records import Evidence
    >>> why = Evidence(usual_gap_s=259_200, silent_for_s=1_382_400)
    >>> flag = FanFlag(1, "", "miot", "f", "churn", "at_risk", "active", "silence", 1, why, 38.1, "1", 0, 1)
    >>> sentence(flag)
    'usually comes every 3 days; silent for 16 days'
    """
    match flag.kind, flag.state:
        case "tier", _:
            return f"{flag.before} -> {flag.state}"
        case "negative", "raised":
            post = f"post {flag.evidence.post_id}" if flag.evidence.post_id else "no post named"
            return f"severity {flag.severity}, {post}"
        case "negative", _:
            return "calmed down"
        case "churn", state:
            return _churn(state, flag)
        case _:
            return f"{flag.state} ({flag.reason})"


def _churn(state: str, flag: FanFlag) -> str:
    if state == "returned":
        return f"back after {span(flag.evidence.silent_for_s)}"
    if state == "cleared":
        return f"active again after {span(flag.evidence.silent_for_s)}"
    words = silence(flag.evidence.usual_gap_s, flag.evidence.silent_for_s)
    return f"{words} ({WHY[flag.reason]})" if flag.reason in WHY else words


def silence(usual_gap_s: int, silent_for_s: int) -> str:
    """Return how long a fan has been silent, next to their own rhythm if there is one.

    >>> silence(86_400, 5 * 86_400), silence(0, 3600)
    ('usually comes every day; silent for 5 days', 'silent for 1 hour')
    """
    silent = f"silent for {span(silent_for_s)}"
    return f"usually comes every {span(usual_gap_s).removeprefix('1 ')}; {silent}" if usual_gap_s > 0 else silent


def span(seconds: float) -> str:
    """Return a duration in its largest unit.

    >>> span(1_382_400), span(5400), span(1)
    ('16 days', '2 hours', '1 second')
    """
    for unit, name in (
        (SECONDS_PER_DAY, "day"),
        (SECONDS_PER_HOUR, "hour"),
        (SECONDS_PER_MINUTE, "minute"),
        (1, "second"),
    ):
        if seconds >= unit or unit == 1:
            n = round(seconds / unit)
            return f"{n} {name}" if n == 1 else f"{n} {name}s"
    raise AssertionError("the last unit takes everything")
