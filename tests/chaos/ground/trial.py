"""One scenario: an installation, its workers, its workload, and the verdict."""

import time
import urllib.request
from collections.abc import Callable
from itertools import islice
from typing import Any

from agents.errors import Exit
from agents.supervise.ports import LOOPBACK
from agents.supervise.ready import is_ready
from tests.chaos.ground.feed import Feed
from tests.chaos.ground.progress import Progress
from tests.chaos.ground.result import Result
from tests.chaos.ground.verdict import judge
from tests.chaos.ground.workload import Workload
from tests.ground.installation import Installation
from tests.ground.processes import FAULTY, Processes, Running
from tests.ground.reading import committed, hidden, unread, written

EVERY_S = 0.05
LONG_S = 120.0
CAUGHT_UP_S = 5.0  # from the last event to the last commit
FANS = 500
LEAST = 20_000  # events of a scenario
BY_CHOICE = {Exit.FAIL_STOP, Exit.UNAVAILABLE}  # exits after which an orchestrator starts a worker again
WITHOUT = "tests.chaos.ground.without"


Make = Callable[..., "Trial"]  # of a name; settings may differ from the suite's


class Trial:
    """Starts and watches; whatever waits here also starts workers again that ended by their own decision."""

    def __init__(self, name: str, installation: Installation, processes: Processes) -> None:
        self.installation, self.processes = installation, processes
        self.settings = installation.settings()
        self.result = Result(scenario=name)
        self.is_judged = False
        self.kept: list[Running] = []
        self.work = Workload(FANS)
        self.feeding: Feed | None = None
        self.sent_before = 0
        self.refused = 0  # records that the scenario sends beside the workload, all of them for dead letters
        self.progress = Progress(self.settings)
        self.bars = {"caught_up_s": CAUGHT_UP_S}  # what a figure of the result must not exceed

    def worker(self, number: int = 0, without: str = "", **settings: object) -> Running:
        """Start a worker that is to live, and wait until it is ready; ``without`` names a guard to switch off."""
        one = self.processes.worker(number, **_module(without), **settings)
        self.kept.append(one)
        return one

    def starting(self, number: int = 0, without: str = "", **settings: object) -> Running:
        """Start a worker, and leave it to the scenario."""
        return self.processes.worker(number, ready=False, **_module(without), **settings)

    def feed(self, rate: float = 2_500, limit: int | None = None) -> None:
        """Begin to send, until ``check`` or up to a limit, and to watch what is committed."""
        if self.feeding is not None:
            self.sent_before += self.feeding.sent
        self.feeding = Feed(self.settings, islice(self.work.more, limit), rate)
        self.feeding.start()
        if not self.progress.is_running:
            self.progress.start()

    @property
    def sent(self) -> int:
        """How many events were sent."""
        return self.sent_before + (self.feeding.sent if self.feeding else 0)

    def all_sent(self) -> None:
        """Wait until the broker has everything."""
        feeding = self.feeding
        assert feeding is not None
        self.until("the broker has everything", lambda: feeding.is_over, 240)
        assert not feeding.failed, feeding.failed[:3]

    def all_committed(self) -> None:
        """Wait until all of it is committed as well."""
        self.all_sent()
        self.until("all inputs are committed", lambda: self.progress.total >= self.sent)

    def hold(self, seconds: float) -> None:
        """Let time pass; workers that end are started again, as an orchestrator would."""
        over = time.monotonic() + seconds
        self.until("it is time", lambda: time.monotonic() > over, seconds + 10)

    def until(self, what: str, holds: Callable[[], bool], seconds: float = LONG_S) -> float:
        """Return how long it took until something held."""
        began = time.monotonic()
        while not holds():
            self._revive()
            assert time.monotonic() - began < seconds, f"not within {seconds:g} s: {what}"
            time.sleep(EVERY_S)
        return time.monotonic() - began

    def moved(self, events: int) -> None:
        """Wait until so many more events are committed."""
        goal = self.progress.total + events
        self.until(f"{events} more events are committed", lambda: self.progress.total >= goal)

    def all_move(self, since: float) -> None:
        """Wait until every partition has moved after a moment, on the monotonic clock."""
        self.until("all partitions move", lambda: min(self.progress.moved_at.values()) > since)

    def strike(self) -> None:
        """Wait until all goes well, and take the gaps from now on for those of the fault that comes next."""
        self.all_move(time.monotonic())
        self.progress.fault()

    def ready(self, one: Running) -> None:
        """Wait until a worker is ready, and note how long that took."""
        took = self.until(f"{one.name} is ready", lambda: one.child.is_running and is_ready(LOOPBACK, one.port))
        self.result.ready_s = max(self.result.ready_s, took)

    def kill(self, one: Running) -> None:
        """Kill -9."""
        assert one.child.is_running, one.words()
        one.kill()
        self.result.deaths += 1

    def died(self, one: Running, seconds: float = 60.0) -> int:
        """Wait until a worker ends; it is not started again. Return its exit code."""
        self.kept.remove(one)
        code = one.wait_end(seconds)
        self.result.deaths += 1
        return code

    def start(self, one: Running, **settings: object) -> None:
        """Start a dead worker again."""
        one.start(**settings)
        if one not in self.kept:
            self.kept.append(one)

    def check(self, letters: int = 0) -> Result:
        """End the workload, and hold all that was published against it; so many events of its own must be refused."""
        settings, feeding = self.settings, self._end_feed()
        inputs = [*settings.names.inputs, settings.names.credits]
        total = self.sent + self.refused
        self.until("all inputs are committed", lambda: self.progress.total >= total)
        self.result.caught_up_s = max(time.monotonic() - feeding.ended_at, 0.0)
        self.until("credits are committed", lambda: not unread(settings.broker, settings.group, inputs))
        said = self._judge(letters)
        assert committed(settings.broker, settings.group, settings.names.inputs) == total
        assert not self.result.faults, "\n".join([str(self.result.faults), *said])
        return self.result

    def check_broken(self) -> Result:
        """End the workload of a scenario whose guard was switched off: something must have gone wrong."""
        self._end_feed()
        self._judge(0)
        assert self.result.faults, "nothing went wrong without the guard: the scenario does not need it"
        return self.result

    def _end_feed(self) -> Feed:
        feeding = self.feeding
        assert feeding is not None
        self.until("enough is sent", lambda: self.sent >= LEAST)
        feeding.stop()
        self.all_sent()
        self.result.events = self.sent
        return feeding

    def _judge(self, letters: int) -> list[str]:
        self.progress.stop()
        self.result.gap_s, self.result.gap_elsewhere_s = self.progress.longest, self.progress.longest_elsewhere
        self._quiet()
        said = judge(self.settings, self.work, self.result, self.refused + letters)
        self.result.hold_to(self.bars)
        self.is_judged = True
        return said

    def _quiet(self) -> None:
        """Wait until nothing more is announced: twice the time after which the smallest change is told.

        Until then no transaction may stand open either: a reader would stop before it, and so would we.
        """
        ends, since, told = -1, time.monotonic(), [self.settings.names.fan_scores, self.settings.names.credits]

        def is_quiet() -> bool:
            nonlocal ends, since
            now = written(self.settings.broker, told)
            if now != ends:
                ends, since = now, time.monotonic()
            return time.monotonic() - since >= 2 * self.settings.settle_s + 1

        self.until("fan-scores are quiet", is_quiet)
        self.until(
            "no transaction stands open", lambda: not hidden(self.settings.broker, self.settings.names.fan_scores)
        )

    def _revive(self) -> None:
        for one in self.kept:
            code = one.child.poll()
            if code is None:
                continue
            assert code in BY_CHOICE or code < 0, f"{one.name} ended with {code}:\n{one.words()}"
            if code > 0:
                self.result.deaths += 1
                one.start()


def _module(without: str) -> dict[str, Any]:
    return {"module": (WITHOUT, without) if without else FAULTY}


def rebalances(one: Running) -> int:
    """Return how many assignments a worker was given, by its own count."""
    return int(metric(one, "fanpulse_rebalances_total"))


def metric(one: Running, series: str) -> float:
    """Return a figure of a worker, as it tells Prometheus."""
    with urllib.request.urlopen(f"http://{LOOPBACK}:{one.port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{series} ")), 0.0)
