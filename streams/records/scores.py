"""fan-scores as JSON, written by a kernel.

``schemas.outputs.FanScore`` says what stands in a record; a test reads what is written here back through it.
"""

import numpy as np

from schemas.events import Kind
from schemas.fan import LIVES, TIERS, Fan
from schemas.layout import Bytes, Ints, Rows
from streams.columns import Columns
from streams.compiled import compiled
from streams.params import Brands, Params
from streams.records.flag_ids import ID, standing, stands
from streams.records.jsontext import ESCAPED, Text, packed, put, put_bytes, put_escaped, put_fixed, put_int
from streams.records.spans import Texts
from streams.rules.churn import risk, usual_gap
from streams.rules.score import filled, reach, relevance
from streams.state.index import Index, Keys, halves

PIECES = [
    '{"schema":1,"brand_id":"', '","fan_id":"', '","score":', ',"parts":{"talk":', ',"share":', ',"influence":',
    ',"relevance":', ',"authenticity":', '},"tier":"', '","lifecycle":"', '","churn_risk":', ',"sentiment":{"mean":',
    ',"n":', '},"flags":[', '],"usual_gap_s":', ',"counts":{', '},"first_seen":', ',"last_seen":', ',"model_version":"',
    '","as_of":', ',"seq":', "}",
]  # fmt: skip
STANDING = ['{"flag_id":"', '","kind":"churn","severity":', '","kind":"negative","severity":', ',"since":', "}", ","]
MOST = 920  # bytes of a record without its key

PIECE, FLAG, TIER, LIFE = packed(PIECES), packed(STANDING), packed(TIERS), packed(LIVES)
KIND = packed([f'"{kind.name.lower()}":' for kind in Kind])


@compiled
def put_flag(out: Bytes, at: int, ids: Bytes, k: int, kind: int, severity: int, since: int) -> int:
    """Write the ``k``-th standing flag, of the kind that ``FLAG`` has at ``kind``."""
    at = put_bytes(out, put(out, at, FLAG, 0), ids, ID * k, ID * (k + 1))
    at = put_int(out, put(out, at, FLAG, kind), severity)
    return put(out, put_int(out, put(out, at, FLAG, 3), since), FLAG, 4)


@compiled
def put_flags(out: Bytes, at: int, f: Fan, ids: Bytes, k: int) -> tuple[int, int]:
    """Write a fan's standing flags, the first of which has the ``k``-th id; return where they stop, and the next id."""
    leaves, is_angry = stands(f)
    if leaves:
        at, k = put_flag(out, at, ids, k, 1, f.churn_severity, f.churn_from), k + 1
    if leaves and is_angry:
        at = put(out, at, FLAG, 5)
    if is_angry:
        at, k = put_flag(out, at, ids, k, 2, f.severity, f.negative_since), k + 1
    return at, k


@compiled
def write(
    t: Columns, picked: Ints, params: Rows, keys: Keys, versions: Text, ids: Bytes, out: Bytes, stops: Ints
) -> None:
    """Write the record of each picked row behind the one before, and where it stops."""
    at = k = 0
    for i in range(len(picked)):
        row = picked[i]
        f: Fan = t.rows[row]
        p: Params = params[t.code[row]]
        start, colon, stop = halves(keys, row)
        at = put_escaped(out, put(out, at, PIECE, 0), keys[0], start, colon)
        at = put_escaped(out, put(out, at, PIECE, 1), keys[0], colon + 1, stop)
        at = put_fixed(out, put(out, at, PIECE, 2), f.score, 2)
        at = put_fixed(out, put(out, at, PIECE, 3), filled(f.talk, p.half_way), 3)
        at = put_fixed(out, put(out, at, PIECE, 4), filled(f.share, p.half_way), 3)
        at = put_fixed(out, put(out, at, PIECE, 5), reach(f.credit), 3)
        at = put_fixed(out, put(out, at, PIECE, 6), relevance(f.on_brand, f.whole), 3)
        at = put_fixed(out, put(out, at, PIECE, 7), p.authenticity if f.suspect else 1.0, 3)
        at = put(out, put(out, at, PIECE, 8), TIER, f.tier)
        at = put(out, put(out, at, PIECE, 9), LIFE, f.life)
        at = put_fixed(out, put(out, at, PIECE, 10), risk(f.activity), 4)
        at = put_fixed(out, put(out, at, PIECE, 11), f.mood, 3)
        at = put_int(out, put(out, at, PIECE, 12), f.mood_n)
        at, k = put_flags(out, put(out, at, PIECE, 13), f, ids, k)
        at = put_int(out, put(out, at, PIECE, 14), usual_gap(f))
        at = put(out, at, PIECE, 15)
        first = at
        for kind in range(Kind.CREDIT):
            if f.count[kind]:
                if at > first:
                    out[at] = 44
                    at += 1
                at = put_int(out, put(out, at, KIND, kind), f.count[kind])
        at = put_int(out, put(out, at, PIECE, 16), f.first_seen)
        at = put_int(out, put(out, at, PIECE, 17), f.last_seen)
        at = put(out, put(out, at, PIECE, 18), versions, t.code[row])
        at = put_int(out, put(out, at, PIECE, 19), f.as_of)
        at = put_int(out, put(out, at, PIECE, 20), f.seq)
        at = put(out, at, PIECE, 21)
        stops[i] = at


def json_scores(t: Columns, picked: Ints, brands: Brands, index: Index) -> Texts:
    """Return the record of each picked row."""
    keys = (index.text, index.ends)
    room = MOST * len(picked) + ESCAPED * int((index.ends[picked + 1] - index.ends[picked]).sum())
    out, ends = np.empty(room, np.uint8), np.zeros(len(picked) + 1, np.int64)
    write(t, picked, brands.rows, keys, brands.versions, standing(t, picked, index), out, ends[1:])
    return Texts(out, ends[:-1], ends[1:])
