"""fan-flags as JSON, written by a kernel.

``schemas.outputs.FanFlag`` says what stands in a record; a test reads what is written here back through it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from schemas.fan import LIVES, TIERS
from schemas.layout import Bytes, Ints, Rows
from streams.columns import Columns, Reason, Turn
from streams.compiled import compiled
from streams.params import Brands
from streams.records.flag_ids import ID, KINDS, flag_ids
from streams.records.jsontext import ESCAPED, Text, packed, put, put_bytes, put_escaped, put_fixed, put_int
from streams.records.spans import Texts
from streams.state.index import Index, Keys, halves

PIECES = [
    '{"schema":1,"flag_id":"', '","brand_id":"', '","fan_id":"', '","kind":"', '","state":"', '","from":"',
    '","reason":"', '","severity":', ',"evidence":{"usual_gap_s":', ',"silent_for_s":', ',"event_id":', ',"post_id":',
    '},"score":', ',"model_version":"', '","as_of":', ',"seq":', "}", '"', "null",
]  # fmt: skip
CHURN = ["cleared", "cleared", "at_risk", "churned", "returned"]  # the order of ``Life``
NEGATIVE = ["cleared", "raised"]
REASONS = [reason.name.lower() for reason in Reason]
MOST = 520  # bytes of a record without its key and the ids of its evidence

STATES = [TIERS, CHURN, NEGATIVE]  # of each ``Flag``, what it turns to; and what it turns from
BEFORE = [TIERS, LIVES, NEGATIVE]
FIRST = np.cumsum([0, len(TIERS), len(LIVES)])  # where a flag's states begin in the packed ones

PIECE, KIND, REASON = packed(PIECES), packed(KINDS), packed(REASONS)
STATE, FROM = packed([*TIERS, *CHURN, *NEGATIVE]), packed([*TIERS, *LIVES, *NEGATIVE])

Proof = tuple[bytes, bytes | None]  # ids of the event that turned a flag, and of its post


class Proofs(NamedTuple):
    """Ids of the events, or of the posts, that turned flags: where there is none it starts and stops at -1."""

    data: Bytes
    start: Ints
    stop: Ints

    @classmethod
    def of(cls, ids: list[bytes | None]) -> "Proofs":
        """Return ids end to end."""
        data, start, stop = Texts.of([one or b"" for one in ids]).read_only()
        none = np.array([one is None for one in ids], np.bool_)
        return cls(data, np.where(none, -1, start), np.where(none, -1, stop))


@compiled
def put_proof(out: Bytes, at: int, proofs: Proofs, i: int) -> int:
    """Write an id, or null."""
    if proofs.start[i] < 0:
        return put(out, at, PIECE, 18)
    at = put_escaped(out, put(out, at, PIECE, 17), proofs.data, proofs.start[i], proofs.stop[i])
    return put(out, at, PIECE, 17)


@compiled
def write(
    t: Columns,
    turns: Rows,
    keys: Keys,
    versions: Text,
    ids: Bytes,
    proofs: tuple[Proofs, Proofs],
    out: Bytes,
    stops: Ints,
) -> None:
    """Write the record of each turn behind the one before, and where it stops."""
    at = 0
    for i in range(len(turns)):
        turn: Turn = turns[i]
        start, colon, stop = halves(keys, turn.row)
        at = put_bytes(out, put(out, at, PIECE, 0), ids, ID * i, ID * (i + 1))
        at = put_escaped(out, put(out, at, PIECE, 1), keys[0], start, colon)
        at = put_escaped(out, put(out, at, PIECE, 2), keys[0], colon + 1, stop)
        at = put(out, put(out, at, PIECE, 3), KIND, turn.flag)
        at = put(out, put(out, at, PIECE, 4), STATE, FIRST[turn.flag] + turn.after)
        at = put(out, put(out, at, PIECE, 5), FROM, FIRST[turn.flag] + turn.before)
        at = put(out, put(out, at, PIECE, 6), REASON, turn.reason)
        at = put_int(out, put(out, at, PIECE, 7), turn.severity)
        at = put_int(out, put(out, at, PIECE, 8), turn.usual_gap_s)
        at = put_int(out, put(out, at, PIECE, 9), turn.silent_for_s)
        at = put_proof(out, put(out, at, PIECE, 10), proofs[0], i)
        at = put_proof(out, put(out, at, PIECE, 11), proofs[1], i)
        at = put_fixed(out, put(out, at, PIECE, 12), turn.score, 2)
        at = put(out, put(out, at, PIECE, 13), versions, t.code[turn.row])
        at = put_int(out, put(out, at, PIECE, 14), turn.at)
        at = put_int(out, put(out, at, PIECE, 15), turn.seq)
        at = put(out, at, PIECE, 16)
        stops[i] = at


def json_flags(t: Columns, turns: Rows, proofs: Sequence[Proof | None], brands: Brands, index: Index) -> Texts:
    """Return the record of each turn; ``proofs`` has the event that turned it, None where time did."""
    events = Proofs.of([proof[0] if proof else None for proof in proofs])
    posts = Proofs.of([proof[1] if proof else None for proof in proofs])
    kinds = [KINDS[flag] for flag in turns["flag"].tolist()]
    ids = flag_ids(index.keys(turns["row"]), kinds, turns["since"].tolist())
    keys = (index.ends[turns["row"] + 1] - index.ends[turns["row"]]).sum()
    room = MOST * len(turns) + ESCAPED * int(keys + len(events.data) + len(posts.data))
    out, ends = np.empty(room, np.uint8), np.zeros(len(turns) + 1, np.int64)
    write(t, turns, (index.text, index.ends), brands.versions, ids, (events, posts), out, ends[1:])
    return Texts(out, ends[:-1], ends[1:])
