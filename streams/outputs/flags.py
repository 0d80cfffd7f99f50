"""fan-flags as JSON, written by a kernel.

``schemas.outputs.records.FanFlag`` says what stands in a record; a test reads what is written here back through it.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.outputs.fields import FlagSpec
from schemas.row import Bytes, Ints, Rows
from streams.compiled import compiled
from streams.fans.index import Index, Keys, split_key
from streams.fans.params import Brands
from streams.outputs.flag_ids import ID_SIZE, flag_ids
from streams.outputs.json_text import (
    MAX_ESCAPED,
    PackedTexts,
    pack_texts,
    put,
    put_bytes,
    put_escaped,
    put_fixed,
    put_int,
)
from streams.outputs.layout import MAX_INT_BYTES
from streams.rules.rule import Transition
from streams.wire.records import ByteSlices

TEMPLATE_PARTS = [
    '{"schema":1,"flag_id":"', '","brand_id":"', '","fan_id":"', '","kind":"', '","state":"', '","from":"',
    '","reason":"', '","severity":', ',"evidence":{"usual_gap_s":', ',"silent_for_s":', ',"event_id":', ',"post_id":',
    '},"score":', ',"model_version":"', '","as_of":', ',"seq":', "}", '"', "null",
]  # fmt: skip
N_NUMBERS = 8  # in a record
FLAG_PART_BYTES = pack_texts(TEMPLATE_PARTS)

EvidenceTexts = tuple[bytes, bytes | None]  # ids of the event that turned a flag, and of its post


class EvidenceIds(NamedTuple):
    """Ids of events, or of posts, end to end: int64[n] start and stop, both -1 where there is none."""

    data: Bytes
    start: Ints
    stop: Ints

    @classmethod
    def of(cls, ids: list[bytes | None]) -> "EvidenceIds":
        """Return ids end to end."""
        return cls(*ByteSlices.of_nullable(ids).read_only())


class FlagTexts(NamedTuple):
    """The texts of all flags; ``first`` is int64[3, flags]: where each flag's states, origins and reasons begin."""

    kinds: PackedTexts
    states: PackedTexts
    origins: PackedTexts
    reasons: PackedTexts
    first: Ints

    @classmethod
    def of(cls, specs: Sequence[FlagSpec]) -> "FlagTexts":
        """Return the texts of specifications, by their numbers."""
        by_number = {spec.number: spec for spec in specs}
        missing = FlagSpec(number=0, kind="", states=(), origins=(), reasons=(), transitions=())
        listed = [by_number.get(number, missing) for number in range(max(by_number, default=-1) + 1)]
        columns = [
            [spec.states for spec in listed],
            [spec.origins for spec in listed],
            [spec.reasons for spec in listed],
        ]
        first = [list(accumulate(map(len, texts), initial=0))[:-1] for texts in columns]
        states, origins, reasons = (pack_texts([text for some in texts for text in some]) for texts in columns)
        kinds = pack_texts([spec.kind for spec in listed])
        return cls(kinds, states, origins, reasons, np.array(first, np.int64))

    def max_bytes(self) -> int:
        """Return the bytes of a record without its key and the ids of its evidence."""
        longest = sum(int(np.diff(ends).max(initial=0)) for _, ends in self[:4])
        frame = sum(len(piece) for piece in TEMPLATE_PARTS) + 4  # two quotes or null twice
        return frame + 8 + ID_SIZE + longest + (N_NUMBERS + 1) * (MAX_INT_BYTES + 3)


@compiled
def put_evidence(out: Bytes, at: int, ids: EvidenceIds, i: int) -> int:
    """Write an id, or null."""
    if ids.start[i] < 0:
        return put(out, at, FLAG_PART_BYTES, 18)
    at = put_escaped(out, put(out, at, FLAG_PART_BYTES, 17), ids.data, ids.start[i], ids.stop[i])
    return put(out, at, FLAG_PART_BYTES, 17)


@compiled
def write(
    code: NDArray[np.int16],
    transitions: Rows,
    keys: Keys,
    texts: tuple[FlagTexts, PackedTexts],
    ids: Bytes,
    evidence: tuple[EvidenceIds, EvidenceIds],
    out: Bytes,
    stops: Ints,
) -> None:
    """Write the record of each transition behind the one before, and where it stops.

    ``code`` is each row's brand; ``texts`` are those of the flags, and the brands' versions.
    """
    flags, versions = texts
    at = 0
    for i in range(len(transitions)):
        t: Transition = transitions[i]
        start, colon, stop = split_key(keys, t.row)
        at = put_bytes(out, put(out, at, FLAG_PART_BYTES, 0), ids, ID_SIZE * i, ID_SIZE * (i + 1))
        at = put_escaped(out, put(out, at, FLAG_PART_BYTES, 1), keys[0], start, colon)
        at = put_escaped(out, put(out, at, FLAG_PART_BYTES, 2), keys[0], colon + 1, stop)
        at = put(out, put(out, at, FLAG_PART_BYTES, 3), flags.kinds, t.flag)
        at = put(out, put(out, at, FLAG_PART_BYTES, 4), flags.states, flags.first[0, t.flag] + t.after)
        at = put(out, put(out, at, FLAG_PART_BYTES, 5), flags.origins, flags.first[1, t.flag] + t.before)
        at = put(out, put(out, at, FLAG_PART_BYTES, 6), flags.reasons, flags.first[2, t.flag] + t.reason)
        at = put_int(out, put(out, at, FLAG_PART_BYTES, 7), t.severity)
        at = put_int(out, put(out, at, FLAG_PART_BYTES, 8), t.usual_gap_s)
        at = put_int(out, put(out, at, FLAG_PART_BYTES, 9), t.silent_for_s)
        at = put_evidence(out, put(out, at, FLAG_PART_BYTES, 10), evidence[0], i)
        at = put_evidence(out, put(out, at, FLAG_PART_BYTES, 11), evidence[1], i)
        at = put_fixed(out, put(out, at, FLAG_PART_BYTES, 12), t.score, 2)
        at = put(out, put(out, at, FLAG_PART_BYTES, 13), versions, code[t.row])
        at = put_int(out, put(out, at, FLAG_PART_BYTES, 14), t.at)
        at = put_int(out, put(out, at, FLAG_PART_BYTES, 15), t.seq)
        at = put(out, at, FLAG_PART_BYTES, 16)
        stops[i] = at


def json_flags(
    specs: Sequence[FlagSpec],
    code: NDArray[np.int16],
    transitions: Rows,
    evidence: Sequence[EvidenceTexts | None],
    brands: Brands,
    index: Index,
) -> ByteSlices:
    """Return the record of each transition; ``evidence`` has the event that turned it, None where time did."""
    events = EvidenceIds.of([one[0] if one else None for one in evidence])
    posts = EvidenceIds.of([one[1] if one else None for one in evidence])
    kinds = {spec.number: spec.kind for spec in specs}
    rows, texts = transitions["row"], FlagTexts.of(specs)
    ids = flag_ids(
        index.keys(rows), [kinds[flag] for flag in transitions["flag"].tolist()], transitions["since"].tolist()
    )
    keys = (index.ends[rows + 1] - index.ends[rows]).sum()
    capacity = texts.max_bytes() * len(transitions) + MAX_ESCAPED * int(keys + len(events.data) + len(posts.data))
    out, ends = np.empty(capacity, np.uint8), np.zeros(len(transitions) + 1, np.int64)
    versions = pack_texts(brands.versions)
    write(code, transitions, (index.text, index.ends), (texts, versions), ids, (events, posts), out, ends[1:])
    return ByteSlices(out, ends[:-1], ends[1:])
