"""Active days: a bitmap of nine weeks, in any order, and no shift beyond its width."""

import pytest

from streams.rules.days import SPAN, bits_set, record_day
from tests.streams.rules.rows import row


def test_days_of_nine_weeks_count_once_in_any_order() -> None:
    f = row()
    for day in (20_000, 20_000 - SPAN + 1, 20_000, 20_000 - 7, 20_000 - 7, 20_000 - SPAN + 1):
        record_day(f, day)
    assert (f.n_days, f.newest_day, bits_set(int(f.active_days))) == (3, 20_000, 3)


@pytest.mark.parametrize("back", [SPAN, 64, 65, 71, 127, 128, 400])
def test_a_day_older_than_nine_weeks_is_not_counted(back: int) -> None:
    f = row(newest_day=20_000, active_days=0b101, n_days=2)
    record_day(f, 20_000 - back)
    assert (f.n_days, int(f.active_days)) == (2, 0b101)


@pytest.mark.parametrize("ahead", [SPAN, 64, 65, 127, 128, 400])
def test_after_nine_weeks_the_bitmap_begins_again(ahead: int) -> None:
    f = row(newest_day=20_000, active_days=(1 << SPAN) - 1, n_days=SPAN)
    record_day(f, 20_000 + ahead)
    assert (f.n_days, int(f.active_days), f.newest_day) == (SPAN + 1, 1, 20_000 + ahead)
