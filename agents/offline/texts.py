"""Reads labelled texts from a CSV file: columns lang, text, label, and corpus where there is one."""

import csv
import io
import zlib
from pathlib import Path

from agents.errors import FanpulseError
from agents.offline.histories import open_input
from streams.offline.metrics import LABELS
from streams.offline.sentiment_training import Examples

CSV_COLUMNS = ("lang", "text", "label")
MAX_CELL = 1 << 20  # characters of a cell; Python's own limit is 128 Ki


def read_examples(path: Path) -> Examples:
    """Return the texts of a file; corpus is empty where the file has no such column.

    Raises:
        FanpulseError: it cannot be read, lacks a column, or has a label that is not neg, neu or pos.
    """
    csv.field_size_limit(MAX_CELL)
    rows = []
    try:
        with io.TextIOWrapper(open_input(path), encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in CSV_COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise FanpulseError(f"{path}: no column {', '.join(missing)} in the first line")
            for row in reader:
                if row["label"] not in LABELS:
                    raise FanpulseError(
                        f"{path}, line {reader.line_num}: a label is neg, neu or pos, not {row['label']!r}"
                    )
                rows.append((row.get("corpus") or "", row["lang"] or "", row["text"] or "", row["label"]))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error) as error:
        raise FanpulseError(f"{path} cannot be read: {error}") from None
    if not rows:
        raise FanpulseError(f"{path}: no texts")
    return Examples.of(rows)
