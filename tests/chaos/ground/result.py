"""What a scenario came to: one line of the table."""

import os
import platform
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct, structs
from rich.console import Console
from rich.table import Table

HEADINGS = {
    "scenario": "scenario",
    "events": "events",
    "lost": "lost",
    "doubled": "doubled",
    "wrong": "wrong",
    "seq_back": "seq back",
    "false_flags": "false flags",
    "repeated_flags": "flags repeated",
    "deaths": "deaths",
    "ready_s": "ready s",
    "gap_s": "longest gap s",
    "gap_elsewhere_s": "elsewhere s",
    "caught_up_s": "caught up s",
    "held_s": "reader held s",
    "over": "over its bar",
}


class Result(Struct, kw_only=True):
    """Figures of one run; ``wrong`` counts fans whose published view is not the oracle's."""

    scenario: str
    events: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: int = 0
    seq_back: int = 0  # of a fan's records, by offset
    false_flags: int = 0
    repeated_flags: int = 0  # (flag_id, state) twice, or an episode told under two ids
    deaths: int = 0  # of workers, killed or by their own decision
    ready_s: float = 0.0  # the slowest start of a worker after a fault
    gap_s: float = 0.0  # the longest time that a partition did not move
    gap_elsewhere_s: float = 0.0  # the same of the luckier half of the partitions
    caught_up_s: float = 0.0  # from the last event on the broker to the last commit
    held_s: float = 0.0  # the longest that a read_committed reader waited for what was written; where it was measured
    over: str = ""  # which of its bars it missed, and by how much

    @property
    def faults(self) -> dict[str, int]:
        """What must be zero and is not."""
        names = ("lost", "doubled", "wrong", "seq_back", "false_flags", "repeated_flags")
        return {name: getattr(self, name) for name in names if getattr(self, name)}

    def hold_to(self, bars: Mapping[str, float]) -> None:
        """Note each figure that is above its bar."""
        missed = {name: bar for name, bar in bars.items() if getattr(self, name) > bar}
        self.over = ", ".join(f"{HEADINGS[name]} {getattr(self, name):.1f} > {bar:g}" for name, bar in missed.items())


def machine() -> str:
    """Say when and on what the table was made."""
    said = f"{os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}"
    return f"{time.strftime('%Y-%m-%d', time.gmtime())}; {said}"


def table(results: Sequence[Result]) -> Table:
    """Return the results, a line each."""
    out = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title=machine(), title_justify="left")
    for field, heading in HEADINGS.items():
        out.add_column(heading, justify="left" if field in {"scenario", "over"} else "right", no_wrap=True)
    for result in results:
        values = [structs.asdict(result)[field] for field in HEADINGS]
        out.add_row(*(f"{value:.1f}" if isinstance(value, float) else str(value) for value in values))
    return out


def write(results: Sequence[Result], path: Path) -> None:
    """Write the table as text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        Console(file=file, width=260).print(table(results))
