"""Claims about rows written by past versions: each layout's golden file is read to the same fans for ever.

A file holds changelog records of one layout as lines of hexadecimal key and value, beside what they say.
"""

from pathlib import Path

import numpy as np
import orjson
import pytest

from schemas.fan import FAN, LAYOUT
from streams.partition import Partition
from streams.records.spans import Record, Records
from streams.state import layouts
from tests.streams.histories import BRANDS

HERE = Path(__file__).parent / "golden"
FIELDS = ("as_of", "score", "tier", "life", "suspect", "is_negative", "seq", "count", "position", "first_seen", "talk")


def records(layout: int) -> list[Record]:
    lines = (HERE / f"layout-{layout}.hex").read_text(encoding="ascii").splitlines()
    pairs = [line.split(" ") for line in lines]
    return [Record(n, 0, bytes.fromhex(key), bytes.fromhex(value)) for n, (key, value) in enumerate(pairs)]


def said(partition: Partition) -> dict[str, dict[str, object]]:
    """Return the fields of each fan."""
    fans = partition.fans
    rows = fans.columns.rows[: len(fans)]
    return {
        key.decode(): {name: rows[name][i].tolist() for name in FIELDS}
        for i, key in enumerate(fans.index.keys(np.arange(len(fans))))
    }


@pytest.mark.parametrize("layout", range(1, LAYOUT + 1))
def test_rows_of_every_past_layout_are_read_as_they_were_meant(layout: int) -> None:
    partition = Partition(BRANDS)
    partition.fans.restore(Records.of(records(layout)))
    assert said(partition) == orjson.loads((HERE / f"layout-{layout}.json").read_bytes())


def test_a_row_of_a_later_layout_or_of_another_size_is_refused() -> None:
    (first, *_), fans = records(LAYOUT), Partition(BRANDS).fans
    value = first.value or b""
    with pytest.raises(ValueError, match=rf"changelog rows of layout {LAYOUT + 1}, this program reads \[.*{LAYOUT}\]"):
        fans.restore(Records.of([first._replace(value=bytes([LAYOUT + 1]) + value[1:])]))
    with pytest.raises(ValueError, match=f"not rows of layout {LAYOUT} \\({FAN.itemsize} bytes\\)"):
        fans.restore(Records.of([first, first._replace(value=value[:-1])]))


def test_rows_of_an_older_layout_are_migrated_as_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    # No past layout exists yet: an invented one, before the first, lacks a field and has another one narrower.
    fields = [(name, *FAN.fields[name][:1]) for name in FAN.names if name != "is_organic"]
    older = np.dtype((np.record, [(name, "<i2" if name == "n_days" else form) for name, form in fields]))
    monkeypatch.setitem(layouts.PAST, 0, layouts.Past(older, layouts.by_name))

    def as_older(record: Record) -> Record:
        rows = layouts.by_name(np.frombuffer(record.value or b"", FAN), older, 0)
        return record._replace(value=rows.tobytes())

    now = records(LAYOUT)
    old, mixed = Partition(BRANDS), Partition(BRANDS)
    old.fans.restore(Records.of([as_older(record) for record in now]))
    mixed.fans.restore(Records.of([as_older(record) if n % 2 else record for n, record in enumerate(now)]))
    wanted = orjson.loads((HERE / f"layout-{LAYOUT}.json").read_bytes())
    assert said(old) == said(mixed) == wanted
    rows = old.fans.columns.rows[: len(old.fans)]
    assert (rows["layout"] == LAYOUT).all(), "they are written as rows of the present layout from now on"
    assert (rows["is_organic"] == 0).all()
