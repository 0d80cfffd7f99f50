"""kill -9 in the silence before deadlines fall due: whoever is due is flagged once, nobody twice, nobody falsely."""

import time

from tests.integration.flags.connector import Alive, Connector
from tests.integration.flags.people import DAY, clockwork, event, in_order, mixed, once
from tests.integration.flags.published import check_due, check_once, flags, wait_for, wait_read
from tests.support.processes import Processes, until

LEAVERS, KEPT = 120, 40
AHEAD_S = 15  # that the first deadline lies ahead when histories are on their way
SPREAD_S = 20  # over which deadlines fall due: no machine is so busy that all are published before a kill in the middle
SOON_S = 60.0


def now() -> int:
    return time.time_ns() // 1_000_000


def deadlines(start: int) -> list[int]:
    return [start + n * SPREAD_S * 1000 // LEAVERS for n in range(LEAVERS)]


def test_a_worker_killed_before_and_between_deadlines_flags_each_leaver_once(
    processes: Processes, connector: Connector
) -> None:
    settings, worker = processes.installation.settings(), processes.worker()
    start = now() + AHEAD_S * 1000
    leavers = mixed("leaver", deadlines(start))
    kept = mixed("kept", deadlines(start)[:KEPT])  # come again before they are due, while no worker runs
    bots = [clockwork(f"weibo:bot-{n}", start) for n in range(8)]
    stay = mixed("stay", [start + DAY + n * 1000 for n in range(KEPT)])  # not due for a day
    connector.write(in_order(result for one in [*leavers, *kept, *bots, *stay] for result in one.events))
    wait_read(settings)
    with Alive(connector):
        worker.kill()
        assert now() < start, "the kill came too late: deadlines had begun to fall due"
        assert not flags(settings, "churn")
        connector.write(event(one.name, 1_000, start - 1_000) for one in kept)
        until(lambda: now() > leavers[-1].due, SOON_S, "all deadlines have passed")
        worker.start()
        wait_for(settings, leavers, "at_risk", SOON_S)
        # One event each: of a longer history, written into a busy source, a part alone may look like silence.
        more = [once(f"weibo:more-{n}", due) for n, due in enumerate(deadlines(now() + 2_000))]
        connector.write(result for one in more for result in one.events)
        until(lambda: now() > more[0].due and len(flags(settings, "churn")) > LEAVERS, SOON_S, worker.words)
        worker.kill()
        assert len(flags(settings, "churn")) < 2 * LEAVERS, "all were flagged before the kill"
        worker.start()
        wait_for(settings, more, "at_risk", SOON_S)
        worker.restart()
        connector.write(once("weibo:last", now() - DAY).events)
        wait_for(settings, [once("weibo:last", 0)], "at_risk", SOON_S)
    found = [flag for flag in flags(settings, "churn") if flag["fan_id"] != "weibo:last"]
    check_due(found, [*leavers, *more])


def test_who_is_at_risk_churns_once_though_no_worker_ran_at_the_deadline(
    processes: Processes, connector: Connector
) -> None:
    settings, worker = processes.installation.settings(), processes.worker()
    start = now() + AHEAD_S * 1000
    then = start - 2 * DAY  # the source's time when they come to be at risk: two flips lie a day apart at least
    churned = [once(f"weibo:gone-{n}", start - 30 * DAY) for n in range(30)]  # churned at the start
    stay = [once(f"weibo:stay-{n}", start - 29 * DAY) for n in range(10)]  # churned tomorrow
    connector.write(connector.traffic(then - 600_000, then, 2_000))
    wait_read(settings)
    connector.write(result for one in [*churned, *stay] for result in one.events)
    wait_for(settings, [*churned, *stay], "at_risk", SOON_S)
    worker.kill()
    with Alive(connector):
        until(lambda: now() > start, SOON_S, "the deadlines have passed")
        worker.start()
        wait_for(settings, churned, "churned", SOON_S)
        worker.kill()
        worker.start()
        worker.wait_ready()
        # Churned just now: the return is published a day later, for no two flips lie closer together.
        connector.write([event(churned[0].name, 1, now())])
        wait_read(settings)
    found = flags(settings, "churn")
    check_once(found)
    states = {one.name: [flag for flag in found if flag["fan_id"] == one.name] for one in [*churned, *stay]}
    for one in churned:
        risk, lost = states[one.name]
        assert [risk["state"], lost["state"]] == ["at_risk", "churned"]
        assert risk["flag_id"] == lost["flag_id"], "one episode"
        assert lost["as_of"] >= one.last_seen + 60 * DAY
        assert lost["evidence"]["silent_for_s"] == (lost["as_of"] - one.last_seen) // 1000
        assert (lost["severity"], lost["reason"], lost["from"]) == (2, "silence", "at_risk")
    assert all([flag["state"] for flag in states[one.name]] == ["at_risk"] for one in stay)
