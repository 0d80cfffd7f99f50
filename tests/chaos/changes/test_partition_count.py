"""Another partition count, as docs/changes.md says it: other topics, a copy, a group next to the old one, a switch."""

import pytest

from agents.errors import Exit
from tests.chaos.fixtures.scenario import Make, Scenario
from tests.support.calling import call

pytestmark = pytest.mark.full


def copied(old: Scenario, new: Scenario) -> int:
    """Copy what came since the last time, as an operator does; return how many records that was."""
    result = call(old.installation, "topics", "copy", "--to-prefix", new.settings.topic_prefix, "--json")
    assert result.code == Exit.OK, result.err
    assert result.fields["left_out"] == 0
    return sum(result.fields.values())


def test_twice_the_partitions(make: Make) -> None:
    old = make("before the change of partitions")
    running = old.worker(0)
    old.produce(limit=8_000)
    old.moved(4_000)
    new = make("partition count changed", PARTITIONS=8)
    new.worker(0)  # next to the old one
    first = copied(old, new)
    assert first > 0
    old.all_committed()  # producers have moved
    assert first + copied(old, new) == old.sent
    assert copied(old, new) == 0
    new.work, new.sent_before = old.work, old.sent
    new.produce()
    new.check()  # of all events, those from before included
    assert running.child.is_running
