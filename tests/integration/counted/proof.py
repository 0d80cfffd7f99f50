"""The proof's steps: publish a file, wait until all of it is scored and published, compare it with the oracle."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from schemas.inputs.internal import ATTRIBUTION
from tests.integration.oracle.compare import broken_chains, differences
from tests.integration.oracle.doubt import Doubt, in_doubt
from tests.integration.oracle.replay import Replayed, replay
from tests.support.datasets import mixed, write
from tests.support.processes import Processes, Running, until
from tests.support.reading import committed, last_views, unread, written
from tests.support.reading import read as read_topic

LOAD_S = 300.0
SHOWN = 20


class Case(NamedTuple):
    """An input file and what must be published of it."""

    path: Path
    lines: int
    expected: Replayed
    doubt: Doubt


def real(shares: Mapping[str, float], path: Path) -> Case:
    """Write a share of the real histories, and ask the oracle."""
    lines = list(mixed(shares))
    write(lines, path)
    return Case(path, len(lines), replay(lines), in_doubt(lines))


def load(processes: Processes, path: Path, rate: int = 0) -> Running:
    """Start to publish a file; ``rate`` in events per second, 0 is as fast as it goes."""
    return processes.command("load", str(path), "--rate", str(rate))


def loaded(running: Running) -> None:
    """Wait until a file is published."""
    assert running.wait_end(LOAD_S) == 0, running.words()


def done(processes: Processes) -> int:
    """Return how many records of the inputs the group has committed."""
    settings = processes.installation.settings()
    return committed(settings.broker, settings.group, list(settings.names.public_inputs))


def wait_published(processes: Processes, alive: list[Running], within: float) -> None:
    """Wait until the group has committed all inputs and attributions, and has published all.

    Quiet is twice the time after which the smallest change is published: nothing new in that long, nothing is waiting.
    Those who must be ``alive`` at the end fail the test as soon as they are not.
    """
    settings = processes.installation.settings()
    names, quiet_s = settings.names, 2 * settings.publish_delay_s + 1
    inputs, expected = list(names.inputs), [names.fan_scores, names.of(ATTRIBUTION)]
    ends, since = -1, time.monotonic()

    def all_alive() -> bool:
        ended = [one for one in alive if not one.child.is_running]
        assert not ended, f"{ended[0].name} ended by itself; its log ends:\n{ended[0].words()}"
        return True

    def is_quiet() -> bool:
        nonlocal ends, since
        now = written(settings.broker, expected)
        if now != ends:
            ends, since = now, time.monotonic()
        return all_alive() and time.monotonic() - since >= quiet_s

    until(lambda: all_alive() and not unread(settings.broker, settings.group, inputs), within, "all is committed")
    until(is_quiet, within, "nothing more is published")
    assert not unread(settings.broker, settings.group, inputs)


def check(processes: Processes, case: Case, alive: list[Running], within: float = 120) -> None:
    """Wait for the end of a case, stop the workers, and compare every fan, event and attribution with the oracle."""
    wait_published(processes, alive, within)
    for one in alive:  # or a tick could let fans sink between the reading of one topic and of the next
        assert one.terminate() == 0, one.words()
    settings = processes.installation.settings()
    broker, names = settings.broker, settings.names
    views = last_views(read_topic(broker, names.fan_scores))
    found = differences(views, case.expected.fans, case.doubt.fans)
    found += broken_chains((record.json() for record in read_topic(broker, names.fan_flags)), views)
    assert not found, f"{len(found)} differences:\n" + "\n".join(found[:SHOWN])
    assert sum(sum(view["counts"].values()) for view in views.values()) == case.expected.events
    paid = [record.json()["event_id"] for record in read_topic(broker, names.of(ATTRIBUTION))]
    assert len(paid) == len(set(paid)), "a repost earned twice"
    assert set(paid) ^ case.expected.attributions <= case.doubt.reposts
    refused = read_topic(broker, names.dead_letters)
    assert not refused, [record.headers for record in refused[:SHOWN]]
