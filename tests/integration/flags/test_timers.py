"""Time costs nothing while nobody is due: under a millisecond for a million fans."""

import pytest

from tests.bench.timers import measure


@pytest.mark.parametrize("fans", [100_000, pytest.param(1_000_000, marks=pytest.mark.full)])
def test_a_tick_with_nobody_due_takes_less_than_a_millisecond(fans: int) -> None:
    found = measure(fans)
    print(found)
    assert found.best_ms < fans / 1_000_000 + 0.1
    assert found.bytes_a_fan < 8 * 1.25  # 8 bytes each, and room to grow
