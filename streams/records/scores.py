"""fan-scores as JSON, written by a kernel: announcing is the largest stage, and this makes it a tenth of itself.

``schemas.outputs.FanScore`` says what stands in a record; a test reads what is written here back through it.
"""

import numpy as np

from schemas.events import Kind
from schemas.fan import Fan, Life, Tier
from schemas.layout import Bytes, Ints, Rows
from streams.columns import Columns
from streams.compiled import compiled
from streams.params import Brands, Params
from streams.records.spans import Texts
from streams.rules.churn import risk, usual_gap
from streams.rules.score import filled, reach, relevance
from streams.state.index import Index

TIERS = [tier.name.lower().replace("_", "-") for tier in Tier]
LIVES = [life.name.lower() for life in Life]
PIECES = [
    '{"schema":1,"brand_id":"', '","fan_id":"', '","score":', ',"parts":{"talk":', ',"share":', ',"influence":',
    ',"relevance":', ',"authenticity":', '},"tier":"', '","lifecycle":"', '","churn_risk":', ',"sentiment":{"mean":',
    ',"n":', '},"flags":[],"usual_gap_s":', ',"counts":{', '},"first_seen":', ',"last_seen":', ',"model_version":"',
    '","as_of":', ',"seq":', "}",
]  # fmt: skip
MOST = 720  # bytes of a record without its key
ESCAPED = 6  # bytes that a byte of a key may take

Text = tuple[Bytes, Ints]  # texts end to end, and where each stops, after a zero


def packed(texts: list[str]) -> Text:
    """Return texts as the kernel reads them."""
    raw = [text.encode() for text in texts]
    return np.frombuffer(b"".join(raw), np.uint8), np.cumsum([0, *map(len, raw)])


PIECE, TIER, LIFE = packed(PIECES), packed(TIERS), packed(LIVES)
KIND = packed([f'"{kind.name.lower()}":' for kind in Kind])


@compiled
def put(out: Bytes, at: int, text: Text, k: int) -> int:
    """Copy the ``k``-th text; return where it stops."""
    data, stops = text
    for i in range(stops[k], stops[k + 1]):
        out[at] = data[i]
        at += 1
    return at


@compiled
def put_int(out: Bytes, at: int, n: int) -> int:
    """Write a whole number."""
    if n < 0:
        out[at] = 45
        at, n = at + 1, -n  # no recursion: a kernel that calls itself crashes when it comes out of numba's cache
    size, rest = 1, n // 10
    while rest > 0:
        size, rest = size + 1, rest // 10
    for i in range(at + size - 1, at - 1, -1):
        out[i] = 48 + n % 10
        n //= 10
    return at + size


@compiled
def put_fixed(out: Bytes, at: int, x: float, decimals: int) -> int:
    """Write a number with so many decimals."""
    scale = 10**decimals
    n = int(abs(x) * scale + 0.5)
    if x < 0.0 and n > 0:
        out[at] = 45
        at += 1
    at = put_int(out, at, n // scale)
    out[at] = 46
    rest = n % scale
    for i in range(at + decimals, at, -1):
        out[i] = 48 + rest % 10
        rest //= 10
    return at + decimals + 1


@compiled
def put_escaped(out: Bytes, at: int, data: Bytes, start: int, stop: int) -> int:
    """Copy UTF-8 into a JSON string."""
    for i in range(start, stop):
        c = int(data[i])
        if c in {34, 92}:
            out[at], out[at + 1] = 92, c
            at += 2
        elif c < 32:
            out[at], out[at + 1], out[at + 2], out[at + 3] = 92, 117, 48, 48
            out[at + 4] = 48 + (c >> 4)
            out[at + 5] = 48 + (c & 15) if c & 15 < 10 else 87 + (c & 15)
            at += 6
        else:
            out[at] = c
            at += 1
    return at


@compiled
def write(t: Columns, picked: Ints, params: Rows, keys: Text, versions: Text, out: Bytes, stops: Ints) -> None:
    """Write the record of each picked row behind the one before, and where it stops."""
    at = 0
    for i in range(len(picked)):
        row = picked[i]
        f: Fan = t.rows[row]
        p: Params = params[t.code[row]]
        start, stop = keys[1][row], keys[1][row + 1]
        colon = start
        while keys[0][colon] != 58:
            colon += 1
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
        at = put_int(out, put(out, at, PIECE, 13), usual_gap(f))
        at = put(out, at, PIECE, 14)
        first = at
        for kind in range(Kind.CREDIT):
            if f.count[kind]:
                if at > first:
                    out[at] = 44
                    at += 1
                at = put_int(out, put(out, at, KIND, kind), f.count[kind])
        at = put_int(out, put(out, at, PIECE, 15), f.first_seen)
        at = put_int(out, put(out, at, PIECE, 16), f.last_seen)
        at = put(out, put(out, at, PIECE, 17), versions, t.code[row])
        at = put_int(out, put(out, at, PIECE, 18), f.as_of)
        at = put_int(out, put(out, at, PIECE, 19), f.seq)
        at = put(out, at, PIECE, 20)
        stops[i] = at


def json_scores(t: Columns, picked: Ints, brands: Brands, index: Index) -> Texts:
    """Return the record of each picked row, its ``flags`` empty."""
    keys = (index.text, index.ends)
    room = MOST * len(picked) + ESCAPED * int((index.ends[picked + 1] - index.ends[picked]).sum())
    out, ends = np.empty(room, np.uint8), np.zeros(len(picked) + 1, np.int64)
    write(t, picked, brands.rows, keys, packed(brands.versions), out, ends[1:])
    return Texts(out, ends[:-1], ends[1:])
