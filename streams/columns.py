"""The columns that go into the fold and come out of it; none of them leaves the process."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.layout import Ints, Rows, dtype_of, f8, i4, i8, u1


class Verdict(IntEnum):
    """What became of an event; the outcomes of ``fanpulse_events_total`` that the fold decides."""

    APPLIED = 0
    REPLAYED = 1
    DUPLICATE = 2
    LATE = 3  # applied, an hour or more after the fan's newest


class Event:
    """One event as the fold sees it; ``verdict`` is what the fold made of it.

    Only i8 and f8: numba compiles a rule once for every mix of types it is called with.
    """

    at: i8
    ident: i8
    offset: i8
    row: i8
    sentiment: f8  # nan: none
    kind: i8
    is_incentivized: i8
    earns: i8  # in: another fan's post was shared; out: and he gets the credit
    verdict: i8
    brand: i8  # out: the brand's row in the parameters


class Flag(IntEnum):
    """What can turn."""

    TIER = 0
    CHURN = 1
    NEGATIVE = 2


class Reason(IntEnum):
    """Why it turned."""

    SCORE = 0
    SILENCE = 1
    NEGATIVE = 2
    CAMPAIGN_ONLY = 3
    ACT = 4
    COMMENT = 5
    MOOD = 6


class Turn:
    """One transition, in the order in which it happened."""

    row: i4
    event: i4  # its place in the block, -1: time
    at: i8
    since: i8  # start of the episode that begins or ends
    score: f8
    seq: i4
    usual_gap_s: i8
    silent_for_s: i8
    flag: u1
    before: u1
    after: u1
    reason: u1
    severity: u1


class Todo(IntEnum):
    """Bits that say what is yet to be done with a row."""

    RECORD = 1
    ANNOUNCE = 2
    SETTLE = 4


class Columns(NamedTuple):
    """Rows, and beside each what this process derives from it: only ``rows`` is ever recorded.

    The others are columns of their own because flushes and ticks scan them: 0.1 and 0.4 ms per million.
    """

    rows: Rows
    due: Ints  # the moment at which time alone may change the row
    feed: NDArray[np.int32]  # the brand's row in this partition's feeds
    code: NDArray[np.int16]  # the brand's row in the parameters
    todo: NDArray[np.uint8]


EVENT, TURN = dtype_of(Event), dtype_of(Turn)
