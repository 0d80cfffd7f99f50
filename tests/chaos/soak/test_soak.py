"""The soak: 5,000 events a second for half an hour. Nothing is lost or doubled, and nothing grows."""

from pathlib import Path

import numpy as np
import pytest
from confluent_kafka import OFFSET_BEGINNING, TopicPartition

from agents.settings import Settings
from tests.chaos.fixtures.load import LoadProducer
from tests.chaos.fixtures.result import machine
from tests.chaos.fixtures.scenario import Make
from tests.chaos.soak.sampling import Sampling
from tests.chaos.soak.steady import KINDS, Steady
from tests.support.reading import consumer, read_from, unread

RATE, FANS, PARTITIONS = 5_000, 20_000, 12
WARM_UP_S = 15


def counted(settings: Settings, fans: int) -> np.ndarray:
    """Return what readers know of each fan; ``seq`` must grow on the way."""
    counts, seq = np.zeros((fans, len(KINDS)), np.int64), np.zeros(fans, np.int64)
    with consumer(settings.broker) as client:
        places = [TopicPartition(settings.names.fan_scores, n, OFFSET_BEGINNING) for n in range(settings.partitions)]
        for record in read_from(client, places):
            view = record.json()
            fan = int(view["fan_id"].removeprefix("weibo:"))
            assert view["seq"] > seq[fan], f"{record.key!r}: seq {view['seq']} behind {seq[fan]}"
            seq[fan] = view["seq"]
            counts[fan] = [view["counts"].get(kind, 0) for kind in KINDS.values()]
    return counts


@pytest.mark.soak
def test_nothing_grows(make: Make, pytestconfig: pytest.Config) -> None:
    minutes: float = pytestconfig.getoption("minutes")
    scenario = make("soak", PARTITIONS=PARTITIONS, PUBLISH_DELAY_S=WARM_UP_S, TICK_S=5)
    settings, work = scenario.settings, Steady(FANS)
    one = scenario.worker(0)
    load = LoadProducer(settings, work.lines(), RATE)
    load.start()
    sampling = Sampling(one)
    scenario.hold(minutes * 60)
    sampling.stop()
    waiting = unread(settings.broker, settings.group, settings.names.inputs)
    load.stop()
    scenario.until("the broker has everything", lambda: load.is_over)
    assert not load.failed, load.failed[:3]
    inputs = list(settings.names.inputs)
    scenario.until("all is committed", lambda: not unread(settings.broker, settings.group, inputs), 60)
    scenario.hold(2 * WARM_UP_S + 2)
    assert one.terminate() == 0

    found = {name: sampling.growth(name) for name in ("resident", "descriptors", "tasks")}
    wrong = counted(settings, FANS) - work.counts
    lost, doubled = int(-wrong[wrong < 0].sum()), int(wrong[wrong > 0].sum())
    output = [
        machine(),
        f"{minutes:g} min, {load.sent:,} events of {FANS:,} fans, {load.sent / (minutes * 60):,.0f} a second",
        f"lost {lost}, doubled {doubled}, deaths {scenario.result.deaths}; {waiting:,} waited at the end",
        f"resident MB {found['resident']}",
        f"descriptors {found['descriptors']}",
        f"tasks {found['tasks']}",
    ]
    print("", *output, sep="\n")
    table: Path = pytestconfig.getoption("table")
    table.parent.mkdir(parents=True, exist_ok=True)
    table.write_text("\n".join(output) + "\n", encoding="utf-8")
    assert (lost, doubled, scenario.result.deaths) == (0, 0, 0)
    assert load.sent >= 0.95 * RATE * minutes * 60, "the producer did not keep its rate"
    assert all(growth.is_nil for growth in found.values()), output
