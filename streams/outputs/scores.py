"""fan-scores as JSON, written by kernels that are composed of what a model's rules publish.

Like ``streams.fans.kernels`` this module is executed once per model.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from schemas.row import Bytes, Ints, Rows
from streams.compiled import compiled
from streams.fans.columns import Columns
from streams.fans.composed import composing, load
from streams.fans.index import Index, Keys, split_key
from streams.fans.model import Model
from streams.fans.params import Brands
from streams.outputs.compose import standing_finder, write_counts, write_fields, write_flags
from streams.outputs.flag_ids import flag_ids
from streams.outputs.json_text import MAX_ESCAPED, PackedTexts, pack_texts, put, put_escaped, put_int
from streams.outputs.layout import score_layout
from streams.rules.rule import Fan
from streams.wire.records import ByteSlices

model = composing()
layout = score_layout(model)
FRAME = (
    '{"schema":1,"brand_id":"', '","fan_id":"', '"', ',"flags":[', '],"counts":{', '},"model_version":"', '","as_of":',
    ',"seq":', "}",
)  # fmt: skip
PIECE = pack_texts(list(FRAME))
MAX_RECORD_BYTES = layout.max_bytes
N_STANDING = sum(flag.spec.is_standing for flag in model.flags)

put_fields = write_fields(layout.fields)
put_flags = write_flags([flag for flag in model.flags if flag.spec.is_standing])
put_counts = write_counts([kind for source in model.inputs if not source.is_internal for kind in source.kinds])
find_standing = standing_finder([flag for flag in model.flags if flag.spec.is_standing])


@compiled
def standing(t: Columns, picked: Ints, found: Ints) -> int:
    """Write row, number and start of each standing flag to int64[3, n], in order; return how many there are."""
    n = 0
    for row in picked:
        n = find_standing(t.rows[row], row, found, n)
    return n


@compiled
def write(
    t: Columns, picked: Ints, params: Rows, keys: Keys, versions: PackedTexts, ids: Bytes, out: Bytes, stops: Ints
) -> None:
    """Write the record of each picked row behind the one before, and where it stops.

    ``out`` needs ``MAX_RECORD_BYTES`` and six times the key per row; ``ids`` holds those of all standing flags.
    """
    at = k = 0
    for i in range(len(picked)):
        row = picked[i]
        f: Fan = t.rows[row]
        start, colon, stop = split_key(keys, row)
        at = put_escaped(out, put(out, at, PIECE, 0), keys[0], start, colon)
        at = put_escaped(out, put(out, at, PIECE, 1), keys[0], colon + 1, stop)
        at = put_fields(out, put(out, at, PIECE, 2), f, params[t.code[row]])
        at, k = put_flags(out, put(out, at, PIECE, 3), f, ids, k, 0)
        at = put_counts(out, put(out, at, PIECE, 4), f, 0)
        at = put(out, put(out, at, PIECE, 5), versions, t.code[row])
        at = put_int(out, put(out, at, PIECE, 6), f.as_of)
        at = put_int(out, put(out, at, PIECE, 7), f.seq)
        at = put(out, at, PIECE, 8)
        stops[i] = at


class ScoreWriter(NamedTuple):
    """The compiled writers of one model."""

    standing: Callable[[Columns, Ints, Ints], int]
    write: Callable[[Columns, Ints, Rows, Keys, PackedTexts, Bytes, Bytes, Ints], None]
    kinds: dict[int, str]  # of flags, by number
    max_bytes: int
    n_standing: int


KINDS = {spec.number: spec.kind for spec in model.flag_specs}
WRITER = ScoreWriter(standing, write, KINDS, MAX_RECORD_BYTES, N_STANDING)


def json_scores(model: Model, t: Columns, picked: Ints, brands: Brands, index: Index) -> ByteSlices:
    """Return the record of each picked row."""
    w: ScoreWriter = load(__name__, model).WRITER
    keys = (index.text, index.ends)
    found = np.empty((3, w.n_standing * len(picked)), np.int64)
    rows, kinds, since = found[:, : w.standing(t, picked, found)]
    ids = flag_ids(index.keys(rows), [w.kinds[kind] for kind in kinds.tolist()], since.tolist())
    capacity = w.max_bytes * len(picked) + MAX_ESCAPED * int((index.ends[picked + 1] - index.ends[picked]).sum())
    out, ends = np.empty(capacity, np.uint8), np.zeros(len(picked) + 1, np.int64)
    w.write(t, picked, brands.rows, keys, pack_texts(brands.versions), ids, out, ends[1:])
    return ByteSlices(out, ends[:-1], ends[1:])
