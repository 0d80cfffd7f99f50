"""The record of a partition's dedup windows: what they learned since the record before it. Little-endian, version 1.

```
header       u1 version, u2 inputs, position of this record, i8 seq and i8 offset at which a reader must begin
position     i8 seq, i8 offset, i8 at_ms, i8 ids
per input    u2 input, i8 applied offset (-1: none), i8 number of the current generation,
             previous and current generation, u4 forgotten, u4 ids of the previous one, u4 ids of the current one
generation   i8 begin_ms, position of its first record, u4 hashes that it holds
then         per input its forgotten hashes, those of the previous and those of the current generation, u8 each
```
"""

from itertools import pairwise
from struct import Struct
from typing import NamedTuple

import numpy as np

from schemas.row import Ints
from streams.dedup.window import LogPosition

FORMAT_VERSION = 1
RECORD_HEADER = Struct("<BH6q")
GENERATION = "5qI"
SECTION = Struct(f"<H2q{GENERATION}{GENERATION}3I")
HASH_BYTES = 8
NO_OFFSET = -1


class GenerationState(NamedTuple):
    """When a generation began, the first record with its hashes, and how many it holds."""

    begin_ms: int
    logged_from: LogPosition
    size: int


class InputDelta(NamedTuple):
    """What changed in the window of one input: hashes to take out, then hashes to add to each generation (int64)."""

    input: int
    applied: int
    number: int
    previous: GenerationState
    current: GenerationState
    forgotten: Ints
    to_previous: Ints
    to_current: Ints


class DedupRecord(NamedTuple):
    """One record of the internal topic; ``begin_offset`` is at most the offset of the record ``begin_seq``."""

    position: LogPosition
    begin_seq: int
    begin_offset: int
    inputs: list[InputDelta]


def encode(record: DedupRecord) -> bytes:
    """Return a record as bytes."""
    parts = [
        RECORD_HEADER.pack(FORMAT_VERSION, len(record.inputs), *record.position, record.begin_seq, record.begin_offset)
    ]
    for delta in record.inputs:
        states = [field for state in (delta.previous, delta.current) for field in (state[0], *state[1], state[2])]
        counts = [len(hashes) for hashes in delta[-3:]]
        parts.append(SECTION.pack(delta.input, delta.applied, delta.number, *states, *counts))
    parts += [np.asarray(hashes, "<i8").tobytes() for delta in record.inputs for hashes in delta[-3:]]
    return b"".join(parts)


def decode(data: bytes) -> DedupRecord:
    """Return the record that bytes hold.

    Raises:
        ValueError: they are of another version, too short, too long, or contradict themselves.
    """
    if not data or data[0] != FORMAT_VERSION:
        raise ValueError(
            f"a dedup record of version {data[0] if data else 'none'}; this program reads {FORMAT_VERSION}"
        )
    if len(data) < RECORD_HEADER.size:
        raise ValueError(f"a dedup record of {len(data)} bytes is shorter than its header")
    _, inputs, *head = RECORD_HEADER.unpack_from(data)
    begin = RECORD_HEADER.size + inputs * SECTION.size
    if len(data) < begin:
        raise ValueError(f"a dedup record of {len(data)} bytes is shorter than the header of its {inputs} inputs")
    entries = [SECTION.unpack_from(data, RECORD_HEADER.size + i * SECTION.size) for i in range(inputs)]
    hashes = sum(sum(section[-3:]) for section in entries)
    if len(data) != begin + HASH_BYTES * hashes:
        raise ValueError(f"a dedup record of {len(data)} bytes does not hold the {hashes} hashes of its header")
    body = np.frombuffer(data, "<i8", hashes, begin).astype(np.int64)  # a copy, writable: one type for kernels
    record = DedupRecord(LogPosition(*head[:4]), head[4], head[5], _deltas(entries, body))
    _check(record)
    return record


def pass_over(newest: bytes, number: int, applied: int) -> bytes:
    """Return the record that follows the newest one: nothing new, but an input is applied up to another offset.

    Raises:
        ValueError: the newest one is no record.
    """
    record = decode(newest)
    added = sum(len(delta.to_previous) + len(delta.to_current) for delta in record.inputs)
    seq, offset, at_ms, ids = record.position
    none = np.zeros(0, np.int64)
    deltas = [
        delta._replace(
            applied=applied if delta.input == number else delta.applied,
            forgotten=none,
            to_previous=none,
            to_current=none,
        )
        for delta in record.inputs
    ]
    return encode(record._replace(position=LogPosition(seq + 1, offset + 1, at_ms, ids + added), inputs=deltas))


def _deltas(entries: list[tuple[int, ...]], body: Ints) -> list[InputDelta]:
    deltas, at = [], 0
    for section in entries:
        number, applied, generation = section[:3]
        previous, current = (GenerationState(f[0], LogPosition(*f[1:5]), f[5]) for f in (section[3:9], section[9:15]))
        stops = np.cumsum((at, *section[-3:])).tolist()
        parts = [body[a:b] for a, b in pairwise(stops)]
        deltas.append(InputDelta(number, applied, generation, previous, current, *parts))
        at = stops[-1]
    return deltas


def _check(record: DedupRecord) -> None:
    seq, offset, _, ids = record.position
    numbers = [delta.input for delta in record.inputs]
    if not (0 <= record.begin_seq <= seq and 0 <= record.begin_offset <= offset and ids >= 0):
        raise ValueError(f"a dedup record {seq} whose windows begin at record {record.begin_seq}")
    if numbers != sorted(set(numbers)):
        raise ValueError(f"a dedup record {seq} whose inputs {numbers} do not ascend")
    for delta in record.inputs:
        if delta.applied < NO_OFFSET or delta.number < 1:
            raise ValueError(f"a dedup record {seq} with generation {delta.number}, offset {delta.applied}")
        if max(delta.previous.logged_from.seq, delta.current.logged_from.seq) > seq:
            raise ValueError(f"a dedup record {seq} of generations that begin later")
        if any((hashes == 0).any() for hashes in delta[-3:]):
            raise ValueError(f"a dedup record {seq} with an empty hash")
