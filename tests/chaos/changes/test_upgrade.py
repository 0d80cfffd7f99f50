"""A rolling upgrade to a program with one more input: two workers, one after the other, with traffic on both inputs."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator

import orjson
import pytest
from confluent_kafka import Producer

from agents.errors import Exit
from agents.kafka.connection import admin
from agents.kafka.publish import key_hash
from agents.settings import Settings
from tests.chaos.fixtures.newer import VISITS
from tests.chaos.fixtures.scenario import FANS, Make, Scenario
from tests.chaos.fixtures.workload import BRAND, Workload
from tests.integration.oracle.replay import Replayed
from tests.support.processes import Running
from tests.support.reading import unread

NEWER = ("tests.chaos.fixtures.newer",)
COMPILE = "from tests.chaos.fixtures import newer; newer.install(); from streams.warm import warm; warm()"
COMPILE_S = 600
PER_S = 300
REPEATED = 20  # one visit of so many is sent twice


class Visits:
    """Visits of the workload's fans, sent from a thread at a steady rate; some of them twice."""

    def __init__(self, settings: Settings, start: int) -> None:
        self.settings, self.start_ms = settings, start
        self.topic = f"{settings.topic_prefix}{VISITS.name}"
        self.counts: Counter[str] = Counter()  # by key
        self.failed: list[str] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def create_topic(self) -> None:
        """Create the topic as the others are."""
        wanted = {"num_partitions": self.settings.partitions, "replication_factor": 1}
        with admin(self.settings) as client:
            client.create_topics({self.topic: wanted}, wait_for_metadata=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Send no more, and wait until the broker has all of them."""
        self._over.set()
        self._thread.join()
        assert not self.failed, self.failed[:3]

    def _run(self) -> None:
        producer = Producer({"bootstrap.servers": self.settings.broker, "enable.idempotence": True, "log_level": 0})
        n = 0
        while not self._over.wait(1 / PER_S):
            n += 1
            key = f"{BRAND}:weibo:{n % FANS}"
            event = {"event_id": f"v{n}", "brand_id": BRAND, "fan_id": f"weibo:{n % FANS}", "platform": "weibo"}
            value = orjson.dumps({**event, "event_time": self.start_ms})
            self.counts[key] += 1
            for _ in range(2 if n % REPEATED == 0 else 1):
                partition = key_hash(key.encode()) % self.settings.partitions
                producer.produce(self.topic, value, key, partition, on_delivery=self._done)
            producer.poll(0)
        if producer.flush(60):
            self.failed.append("the broker did not take everything")

    def _done(self, error: object, _: object) -> None:
        if error is not None:
            self.failed.append(str(error))


class WithVisits(Workload):
    """A workload whose fans also visit: that is counted, and moves nothing else."""

    visits: Visits

    def expected(self) -> Replayed:
        """Return what must have become of all that was sent."""
        expected = super().expected()
        for key, n in self.visits.counts.items():
            expected.fans[key].counts["visit"] = n
        return expected


@pytest.fixture(scope="module")
def _compiled() -> None:
    """Compile the newer program's kernels, as a build of its image does."""
    subprocess.run([sys.executable, "-c", COMPILE], check=True, timeout=COMPILE_S)


@pytest.fixture
def scenario(make: Make) -> Scenario:
    """A session that outlives a restart: each worker comes back to the assignment that it had before the upgrade."""
    return make("a rolling upgrade to one more input", SESSION_TIMEOUT_S=30)


@pytest.fixture
def visits(scenario: Scenario, _compiled: None) -> Iterator[Visits]:
    """Visits on their way, though no worker reads them yet."""
    scenario.work = WithVisits(FANS)
    scenario.work.visits = made = Visits(scenario.settings, scenario.work.start)
    made.create_topic()
    made.start()
    yield made
    made._over.set()


def upgrade(scenario: Scenario, one: Running, number: int) -> Running:
    """Stop a worker, and start the newer program in its place."""
    scenario.kept.remove(one)
    assert one.terminate() == Exit.OK
    newer = scenario.processes.worker(number, ready=False, module=NEWER)
    scenario.kept.append(newer)
    scenario.ready(newer)
    return newer


def test_a_rolling_upgrade_to_one_more_input(scenario: Scenario, visits: Visits) -> None:
    settings = scenario.settings
    old = [scenario.worker(number) for number in (0, 1)]
    scenario.produce()
    scenario.moved(2_000)
    newer = []
    for number, one in enumerate(old):
        newer.append(upgrade(scenario, one, number))
        scenario.all_move(time.monotonic())
        scenario.moved(2_000)
    visits.stop()
    scenario.until("visits are committed", lambda: not unread(settings.broker, settings.group, [visits.topic]))
    scenario.check()
    assert "are assigned without their tasks" in newer[0].words(200), "the first of the two had all tasks"
    assert scenario.result.deaths == 0
    assert all(one.child.is_running for one in newer)
