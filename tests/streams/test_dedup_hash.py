"""The hash of an event: XXH64 of the id, seeded with that of the key, seeded with the kind."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.dedup.event_hash import Readable, hash_events, slice_texts, xxh64
from streams.wire.records import ByteSlices

IS_PLAIN = bool(os.environ.get("NUMBA_DISABLE_JIT"))
ONE = np.zeros(1, np.int64)

# (bytes(range(n)), seed): the digests of the xxhash package 4.1 (the reference implementation in C)
GOLDEN = {
    (0, 0): 0xEF46DB3751D8E999,
    (1, 0): 0xE934A84ADB052768,
    (3, 0): 0xE5C7BB4533BC65DD,
    (4, 0): 0xFFCED8604453CC1E,
    (7, 5): 0xE4878BBF72F59115,
    (8, 0): 0x884A173614B81B8D,
    (13, 18446744073709551615): 0xDF16CE003B750916,
    (31, 0): 0xC346D2B59B4D8EE1,
    (32, 0): 0xCBF59C5116FF32B4,
    (33, 0): 0x0C535D1ACAFB8EAD,
    (36, 7): 0x0DA4FB0B104F18DA,
    (63, 9223372036854775808): 0x6DEDB3C44F9C2484,
    (64, 0): 0xF7C67301DB6713F0,
    (101, 0): 0xE99038495F85381E,
}


def one(key: bytes, kind: int, event_id: bytes) -> int:
    return int(hash_events(ByteSlices.of([key]), np.array([kind]), ByteSlices.of([event_id]))[0])


def digest(data: bytes, seed: int) -> int:
    with np.errstate(over="ignore"):
        return int(xxh64(Readable.of(np.frombuffer(data, np.uint8)), 0, len(data), np.uint64(seed)))


@pytest.mark.parametrize(("size", "seed"), GOLDEN)
def test_the_digest_is_that_of_the_reference_implementation(size: int, seed: int) -> None:
    assert digest(bytes(range(size)), seed) == GOLDEN[size, seed]


def test_the_hash_of_an_event_never_changes() -> None:
    assert one(b"miot:weibo:123", 3, b"01890a5d-ac96-774b-bcce-b302099a8057") == 0x2077D90A8E691C2C


@settings(deadline=None)  # the first call compiles
@given(st.binary(max_size=70), st.integers(0, 99), st.binary(max_size=70))
def test_key_kind_and_id_are_chained_by_seeds(key: bytes, kind: int, event_id: bytes) -> None:
    assert one(key, kind, event_id) == digest(event_id, digest(key, kind))


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.tuples(st.binary(max_size=40), st.integers(0, 9), st.binary(max_size=40)), max_size=8), st.binary())
def test_neighbours_in_the_buffer_change_nothing(events: list[tuple[bytes, int, bytes]], before: bytes) -> None:
    expected = [one(*event) for event in events]
    texts = ByteSlices.of([before, *(text for key, _, event_id in events for text in (key, event_id)), before])
    keys, ids = (ByteSlices(texts.data, texts.start[i:-1:2], texts.stop[i:-1:2]) for i in (1, 2))
    kinds = np.array([kind for _, kind, _ in events], np.int64)
    assert hash_events(keys, kinds, ids).tolist() == expected


def test_the_same_id_differs_by_key_and_by_kind() -> None:
    assert len({one(key, kind, b"7") for key in (b"miot:a", b"miot:b") for kind in range(4)}) == 8
    assert one(b"miot:a", 1, b"b7") != one(b"miot:ab", 1, b"7")


def test_each_event_needs_a_key_a_kind_and_an_id() -> None:
    keys = ByteSlices.of([b"a", b"b"])
    with pytest.raises(ValueError, match="2 keys, 1 kinds and 2 ids"):
        hash_events(keys, ONE, keys)


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=20)))
def test_texts_are_sliced_as_they_are(texts: list[str]) -> None:
    sliced = slice_texts(texts)
    assert [sliced.at(i).decode() for i in range(len(texts))] == texts


@pytest.mark.skipif(IS_PLAIN, reason="10,000,000 hashes take minutes in plain Python")
def test_ten_million_sequential_ids_do_not_collide() -> None:
    n, digits = 10_000_000, 8
    numbers = np.arange(n)
    data = np.empty((n, digits), np.uint8)
    for digit in range(digits):
        data[:, digits - 1 - digit] = 48 + numbers // 10**digit % 10
    starts = digits * numbers
    key = np.frombuffer(b"miot:weibo:123", np.uint8)
    keys = ByteSlices(key, np.zeros(n, np.int64), np.full(n, len(key)))
    hashes = hash_events(keys, np.ones(n, np.int64), ByteSlices(data.ravel(), starts, starts + digits))
    hashes.sort()
    assert np.count_nonzero(hashes[1:] == hashes[:-1]) == 0
