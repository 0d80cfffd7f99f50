"""The window of one input answers as a plain model does, whatever the calls, and recognises its sure half."""

import os
import subprocess
import sys
from collections import OrderedDict
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.row import Ints
from streams.dedup.event_hash import Hashes
from streams.dedup.hash_set import discard, find_slot, slots_for
from streams.dedup.window import DedupWindow, Generation

# Few different hashes, many of them with one slot, at both ends of the table and with the sign bit.
hashes = st.sampled_from([0, 1, 2, 3, 1 << 31, 1 << 63, (1 << 64) - 1, (1 << 64) - 2, 0xFFFFFFFF << 32, *range(9, 60)])
steps = st.lists(st.tuples(st.sampled_from(["observe", "observe", "observe", "forget"]), st.lists(hashes, max_size=9)))


class Model:
    """Two ordered dicts: what the window is meant to be, an id at a time."""

    def __init__(self, half: int) -> None:
        self.half = half
        self.generations: list[OrderedDict[int, None]] = [OrderedDict(), OrderedDict()]
        self.begins = [0, 0]

    def observe(self, h: int, at_ms: int) -> bool:
        if any(h in generation for generation in self.generations):
            return True
        if len(self.generations[1]) == self.half:
            self.generations = [self.generations[1], OrderedDict()]
            self.begins = [self.begins[1], at_ms]
        self.generations[1][h] = None
        return False

    def forget(self, h: int) -> None:
        for generation in self.generations:
            generation.pop(h, None)


def u64(values: list[int]) -> Hashes:
    return np.array(values, np.uint64)


def ids_of(generation: Generation) -> list[int]:
    return sorted(generation.table[generation.table != 0].view(np.uint64).tolist())


@given(steps, st.integers(2, 30))
@settings(deadline=None)
def test_the_window_answers_as_the_model(history: list[tuple[str, list[int]]], ids: int) -> None:
    window, model = DedupWindow(ids, is_optional=False), Model((ids + 1) // 2)
    for at_ms, (action, values) in enumerate(history, 1):
        if action == "observe":
            expected = [model.observe(h or 1, at_ms) for h in values]
            assert window.observe(u64(values), at_ms).tolist() == expected
        else:
            window.forget(u64(values))
            for h in values:
                model.forget(h or 1)
        assert [ids_of(generation) for generation in window.generations()] == [sorted(g) for g in model.generations]
        assert [generation.count for generation in window.generations()] == list(map(len, model.generations))
        assert window.sure_since_ms() == model.begins[0]
        assert len(window) <= ids + ids % 2


@given(st.lists(hashes, max_size=80), st.sets(st.integers(0, 80)), st.integers(2, 30))
@settings(deadline=None)
def test_the_calls_in_which_ids_come_change_nothing(values: list[int], cuts: set[int], ids: int) -> None:
    whole, parts = DedupWindow(ids, is_optional=False), DedupWindow(ids, is_optional=False)
    expected = whole.observe(u64(values), 5)
    found = [parts.observe(part, 5) for part in np.split(u64(values), sorted(cuts))]
    assert np.concatenate(found).tolist() == expected.tolist()
    assert [ids_of(generation) for generation in whole.generations()] == [ids_of(g) for g in parts.generations()]
    assert whole.number == parts.number


@given(st.lists(st.integers(1, 1 << 64), unique=True, min_size=1, max_size=300), st.integers(2, 60), st.data())
@settings(deadline=None)
def test_the_newest_half_is_sure_and_no_more_than_the_size_is_known(
    values: list[int], ids: int, data: st.DataObject
) -> None:
    window = DedupWindow(ids, is_optional=False)
    values = [h % (1 << 64) or 7 for h in values]
    window.observe(u64(values), 1)
    newest = list(OrderedDict.fromkeys(values))
    again = data.draw(st.permutations(newest[-(ids // 2) :]))
    assert window.observe(u64(again), 2).all()
    assert not set(newest[: -(ids + 1)]) & {h for generation in window.generations() for h in ids_of(generation)}


@given(st.lists(hashes.filter(bool), unique=True, max_size=40), st.lists(hashes.filter(bool), max_size=20))
@settings(deadline=None)
def test_a_hash_taken_out_leaves_the_others_reachable(values: list[int], removed: list[int]) -> None:
    table = np.zeros(slots_for(40), np.int64)
    for h in u64(values).view(np.int64):
        table[find_slot(table, h)] = h
    expected = set(u64(values).view(np.int64).tolist())
    for h in u64(removed).view(np.int64).tolist():
        assert discard(table, h) == (h in expected)
        expected.discard(h)
        assert set(table[table != 0].tolist()) == expected
        assert all(table[find_slot(table, other)] == other for other in expected)


def test_an_optional_input_gets_a_fourth() -> None:
    assert DedupWindow(100_000, is_optional=False).half == 50_000
    assert DedupWindow(100_000, is_optional=True).half == 12_500
    with pytest.raises(ValueError, match="1 ids is too small"):
        DedupWindow(7, is_optional=True)


def test_twelve_full_partitions_of_four_inputs_take_67_mb_and_an_empty_window_2_kb() -> None:
    window = DedupWindow(1_000, is_optional=False)
    assert sum(generation.table.nbytes for generation in window.generations()) < 2_000
    window.observe(np.arange(1, 1_502, dtype=np.uint64) << np.uint64(40), 1)
    assert [generation.count for generation in window.generations()] == [500, 1]
    window.observe(np.arange(2_000, 3_000, dtype=np.uint64) << np.uint64(40), 1)
    per_id = sum(generation.table.nbytes for generation in window.generations()) / 1_000
    assert 12 * 4 * 100_000 * per_id == pytest.approx(67.2e6, rel=0.002)


def run_history() -> str:
    """Return a digest of answers and tables after a random history with repeats, rotations and forgotten ids."""
    rng = np.random.default_rng(7)
    window, digest = DedupWindow(500, is_optional=False), sha256()
    for step in range(60):
        recent: Ints = rng.integers(step * 15, step * 15 + 60, 40)
        values = recent.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15 >> 11)
        digest.update(window.observe(values, step).tobytes())
        window.forget(values[: step % 4])
        digest.update(b"".join(generation.table.tobytes() for generation in window.generations()))
    return digest.hexdigest()


def test_compiled_and_plain_kernels_agree() -> None:
    other = "0" if os.environ.get("NUMBA_DISABLE_JIT") == "1" else "1"
    code = f"import runpy; print(runpy.run_path({__file__!r})['run_history']())"
    env = {**os.environ, "NUMBA_DISABLE_JIT": other, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    assert done.stdout.strip() == run_history()
