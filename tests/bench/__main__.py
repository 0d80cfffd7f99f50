"""`make bench`: our worker, Faust as in its tutorial, and the floor, on one broker and one backlog.

Ratios of one run count; absolute figures are this machine's in these minutes.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from agents.embedded.kafka import Kafka
from agents.kafka.topics import create
from agents.settings import Settings
from tests.bench.changelog import write_changelog
from tests.bench.floor import floor
from tests.bench.peers import tutorial
from tests.bench.recovery import recover
from tests.bench.steady import steady
from tests.bench.worker import Result, run_workers

HERE = Path(__file__).parent
COMPACTED_ROWS = 2  # of a batch: what compaction leaves of an hour at 500 events/s over 12 partitions


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--backlog-fans", type=int, default=50_000, help="fans of the backlog's events")
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--tutorial-events", type=int, default=10_000)
    parser.add_argument("--at-least", type=float, default=0.0, help="fail below this ratio to the tutorial")
    parser.add_argument("--share", type=float, default=0.0, help="fail below this share of fetch and decode alone")
    parser.add_argument("--recovery", action="store_true", help="start the worker again, and see its fans come back")
    parser.add_argument("--fans", type=int, default=0, help="fans of a changelog that --recovery and --latency restore")
    parser.add_argument("--compacted-fans", type=int, help="those of a compacted changelog; as many without it")
    parser.add_argument("--staff", type=int, default=0, help="ids of staff that the parameter file of --latency names")
    parser.add_argument("--only", action="store_true", help="leave out the backlog, the tutorial and the floor")
    parser.add_argument("--latency", type=int, nargs="*", default=[], help="rates, events/s, to measure latency at")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kafka = Kafka(Path(folder) / "kafka")
        kafka.start()
        try:
            figures = [] if given.only else measure(kafka, Path(folder), given)
            for text in further(kafka, Path(folder), given):
                print(text, file=sys.stderr if given.json else sys.stdout, flush=True)
        finally:
            kafka.stop()
    if figures:
        judge(figures, given)


def further(kafka: Kafka, folder: Path, given: argparse.Namespace) -> Iterator[str]:
    """Yield the figures of restored fans and of steady rates, in words."""
    if given.recovery and given.fans:
        compacted = given.fans if given.compacted_fans is None else given.compacted_fans
        for name, fans, rows_a_batch in (("backlog", given.fans, 0), ("compacted", compacted, COMPACTED_ROWS)):
            settings = _settings(kafka, folder, given, f"{name}-")
            create(settings)
            say(f"writing the changelog of {fans} fans, {name}")
            write_changelog(settings, fans, rows_a_batch)
            yield f"recovery, {name} changelog: {recover(settings)}"
    for rate in given.latency:
        yield steady(_settings(kafka, folder, given, f"at-{rate}-"), rate, given.fans, given.staff)


def judge(figures: list[Result], given: argparse.Namespace) -> None:
    """Show the figures, and fail below the ratios asked for."""
    ratio = figures[0].per_s / figures[1].per_s
    if given.json:
        print(json.dumps([figure._asdict() for figure in figures] + [{"ratio": ratio}]))
    else:
        show(figures)
        share = figures[0].per_s / figures[-1].per_s
        print(f"{ratio:.0f} times Faust's tutorial; {share:.0%} of fetch and decode alone")
    if ratio < given.at_least:
        sys.exit(f"less than {given.at_least:.0f} times Faust's tutorial")
    if figures[0].per_s / figures[-1].per_s < given.share:
        sys.exit(f"less than {given.share:.0%} of fetch and decode alone")


def measure(kafka: Kafka, folder: Path, given: argparse.Namespace) -> list[Result]:
    """Return our figures, the tutorial's, raw fetch's, and fetch and decode's."""
    settings = _settings(kafka, folder, given)
    create(settings)
    say(f"writing {given.events} events of {given.backlog_fans} fans")
    backlog = [sys.executable, str(HERE / "events.py"), kafka.bootstrap, str(given.events), str(given.backlog_fans)]
    subprocess.run(backlog, check=True, stdout=subprocess.DEVNULL)
    say("fetch alone, and fetch and decode alone")
    raw, decoded = floor(settings, decode=False), floor(settings, decode=True)
    say("our worker")
    ours = run_workers(settings, given.events, given.workers, kafka.pid)
    if given.recovery:
        say(f"recovery: {recover(settings)}")
    say("Faust as in its tutorial")
    return [ours, tutorial(settings, given.tutorial_events), raw, decoded]


def _settings(kafka: Kafka, folder: Path, given: argparse.Namespace, prefix: str = "") -> Settings:
    data = str(folder / f"{prefix}data")
    return Settings(
        broker=kafka.bootstrap, partitions=given.partitions, data_dir=data, topic_prefix=prefix, group=f"{prefix}bench"
    )


def show(figures: list[Result]) -> None:
    print(f"{'':34}{'events/s':>12}{'CPU us/event':>14}")
    for figure in figures:
        print(f"{figure.name:34}{figure.per_s:>12,.0f}{figure.cpu_us:>14.2f}")
        for name, value in figure.more.items():
            print(f"    {name:30}{value:>12.3f}")


def say(text: str) -> None:
    print(f"... {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
