"""One fan's row: the state that the fold moves and the changelog keeps."""

from enum import IntEnum
from typing import Annotated

from schemas.events import Kind, Topic
from schemas.layout import Floats, Ints, dtype_of, f4, f8, i2, i4, i8, u1

LAYOUT = 1
RINGS = (0, 8, 12, 16, 20)  # likes 8 ids, reposts, comments and purchases 4; credits repeat only as replays


class Tier(IntEnum):
    """How close a fan is."""

    PASSER_BY = 0
    FAN = 1
    ACTIVE = 2
    CORE = 3


class Life(IntEnum):
    """Where a fan is between the first act and the last."""

    NEW = 0
    ACTIVE = 1
    AT_RISK = 2
    CHURNED = 3
    RETURNED = 4


# As readers are told, by number.
TIERS = [tier.name.lower().replace("_", "-") for tier in Tier]
LIVES = [life.name.lower() for life in Life]


class Fan:
    """A row of zeros behind ``layout`` is a fan never seen. Moments are epoch milliseconds, days count from 1970.

    Every field is commutative over topics (sum, max, bitmap) or fed by one topic alone.
    """

    layout: u1  # first, so that a changelog value begins with its version
    position: Annotated[Ints, "<i8", len(Topic)]  # next offset wanted of each input topic
    ring: Annotated[Ints, "<i8", RINGS[-1]]  # hashes of the newest event ids, a ring per topic
    ring_at: Annotated[Ints, "<u1", len(RINGS) - 1]
    as_of: i8  # the moment that all sums below are faded to
    talk: f8
    share: f8
    credit: f8
    on_brand: f8
    whole: f8
    activity: f8  # acts, whatever their weight: what churn_risk reads
    first_seen: i8
    last_seen: i8
    active_days: i8  # bitmap of 63 days, bit 0 = newest_day
    newest_day: i2  # days fit 16 bits until 2059
    n_days: i4
    count: Annotated[Ints, "<i4", len(Kind)]
    cap_day: Annotated[Ints, "<i2", len(Kind)]  # newest day of each kind
    cap_count: Annotated[Ints, "<u1", len(Kind)]  # its acts on that day
    hit_days: u1  # bitmap of 8 days that reached a cap, bit 0 = newest_hit
    newest_hit: i2
    gap_last: Annotated[Ints, "<i8", 2]  # rhythm of likes and of reposts
    gap_n: Annotated[Ints, "<i4", 2]
    gap_mean: Annotated[Floats, "<f4", 2]
    gap_m2: Annotated[Floats, "<f4", 2]
    mood: f4
    mood_n: i4
    score: f4  # at as_of
    announced: f4  # what readers have
    tier: u1
    life: u1
    suspect: u1  # bit 0 likes, bit 1 reposts, bit 2 caps: each moved by its own evidence only
    is_negative: u1
    severity: u1  # of the standing negative flag, 1..3
    churn_severity: u1
    is_organic: u1  # came at least once without a prize
    seq: i4  # recorded changes
    announced_seq: i4
    announced_at: i8  # as_of of what readers have
    life_since: i8
    churn_from: i8  # the deadline that opened the present churn episode
    negative_since: i8


FAN = dtype_of(Fan)
