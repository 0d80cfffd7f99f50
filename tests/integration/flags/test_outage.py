"""A source that was dead for two hours: who came meanwhile is not flagged, however late we hear of it; leavers are."""

import time

import pytest

from tests.integration.flags.connector import TOPICS, Alive, Connector
from tests.integration.flags.people import Event, Someone, event, in_order, mixed
from tests.integration.flags.published import check_due, flags, names, wait_for, wait_read
from tests.support.processes import Processes, until
from tests.support.reading import written

MINUTE = 60_000
OUTAGE = 120 * MINUTE
TICKS = 10  # that must make nobody due while the source is dead
LATE_S = 12  # that the connector takes to write what it missed: ten minutes of the source a second
CAUGHT_UP_S = 60.0
BEFORE = (1, 5, 14, 40, 110)  # minutes before their deadlines that fans came


def people(died: int) -> tuple[list[Someone], list[Someone], list[Event]]:
    """Return leavers and comers with deadlines all over the outage, and what the comers did in it."""
    dues = [died + n * MINUTE for n in range(2, 119)]
    leavers = mixed("leaver", dues)
    comers: list[Someone] = []
    acts: list[Event] = []
    for before in BEFORE:
        for one in mixed(f"comer-{before}", [due for due in dues if due - before * MINUTE > died]):
            comers.append(one)
            acts.append(event(one.name, 1_000, one.due - before * MINUTE, TOPICS[len(acts) % 4], sentiment=0.0))
    return leavers, comers, acts


@pytest.mark.parametrize("is_lag", [False, True], ids=["late connector", "consumer lag"])
def test_an_outage_makes_nobody_silent_who_came_and_leavers_are_told_when_it_is_caught_up(
    processes: Processes, connector: Connector, is_lag: bool
) -> None:
    settings, worker = processes.installation.settings(), processes.worker()
    back = time.time_ns() // 1_000_000
    died = back - OUTAGE
    leavers, comers, acts = people(died)
    past = [result for one in [*leavers, *comers] for result in one.events]
    connector.write(in_order(past, connector.traffic(died - 60 * MINUTE, died, 5_000)))
    wait_read(settings)
    ticked = written(settings.broker, [settings.names.clock])
    enough = ticked + TICKS * settings.partitions * 2  # a record and the marker of its transaction
    until(lambda: written(settings.broker, [settings.names.clock]) > enough, 60, "time passes")
    assert not flags(settings, "churn"), "flagged while the source was dead"
    missed = in_order(acts, connector.traffic(died, back, 500 if is_lag else 5_000))
    if is_lag:
        worker.kill()
        connector.write(missed)
        worker.start()
    else:
        connector.write(missed, seconds=LATE_S)
    with Alive(connector):
        if is_lag:
            wait_read(settings)
        took = wait_for(settings, leavers, "at_risk", CAUGHT_UP_S)
        print(f"{len(leavers)} leavers published {took:.1f} s after catching up, of {len(missed)} events missed")
        wait_read(settings)
    found = flags(settings, "churn")
    wrong = names(found) & {one.name for one in comers}
    assert not wrong, f"{len(wrong)} of {len(comers)} who came were flagged: {sorted(wrong)[:10]}"
    check_due(found, leavers)
