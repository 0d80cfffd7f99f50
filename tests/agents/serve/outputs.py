"""Records of the output topics for tests."""

import msgspec

from schemas.outputs.records import Evidence, FanFlag, FanScore, Parts, SentimentView, StandingFlag

T0 = 1_732_180_000_000  # epoch ms


def score(fan: str, seq: int = 1, *, brand: str = "miot", **changes: object) -> FanScore:
    """Return a fan's view; ``changes`` are fields that differ from the usual."""
    parts, counts = Parts(0.6, 0.35, 0.12, 1.0, 1.0), {"like": 12, "comment": 7}
    record = FanScore(
        1, brand, fan, 42.37, parts, "active", "active", 0.18, SentimentView(-0.12, 7), [], 259_200, counts,
        T0 - 30 * 86_400_000, T0, "1", T0, seq,
    )  # fmt: skip
    return msgspec.structs.replace(record, **changes)


def flag(fan: str, flag_id: str, kind: str, state: str, before: str = "active", **changes: object) -> FanFlag:
    """Return a transition; ``changes`` are fields that differ from the usual."""
    evidence = Evidence(259_200, 1_382_400, "e1", None)
    record = FanFlag(
        1, flag_id, "miot", fan, kind, state, before, "silence", 1, evidence, 38.1, "1", T0, 5
    )  # fmt: skip
    return msgspec.structs.replace(record, **changes)


def angry(flag_id: str, severity: int = 2, since: int = T0) -> list[StandingFlag]:
    """Return the active flags of an angry fan."""
    return [StandingFlag(flag_id, "negative", severity, since)]
