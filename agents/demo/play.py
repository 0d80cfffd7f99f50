"""Play the demo: the history at full speed, then live, as time passes."""

import asyncio
import time
from collections.abc import Callable, Iterable
from itertools import islice

import orjson

from agents import brands
from agents.demo.personas import Silence
from agents.demo.traffic import DemoEvent, Traffic
from agents.kafka.publish import KeyedRecord, Publisher
from agents.settings import Settings
from streams.fans.model import MODEL
from streams.fans.params import table
from streams.rules.churn import allowed_silence

EVENTS_PER_BATCH = 5_000
STEP_S = 0.1

OnProgress = Callable[[int, int], None]  # events of history sent so far, live events sent so far


def silence_rule(settings: Settings, brand: str) -> Silence:
    """Return after how many days of silence the worker flags a fan of the brand as leaving.

    Raises:
        ConfigError: the parameter file cannot be used.
    """
    file = brands.load(settings)
    (p,) = table(MODEL.params_dtype, MODEL.kinds, [file.brands.get(brand, file.default)])
    return lambda repeats, span: float(allowed_silence(repeats, span, p.alive_at_risk, p))


async def play(
    publisher: Publisher,
    traffic: Traffic,
    topics: dict[str, str],
    on_progress: OnProgress,
    *,
    seconds: float,
    count: int | None,
) -> None:
    """Send the history and then live events, until ``seconds`` have passed or ``count`` live events are sent.

    Args:
        publisher: where to; opened and closed here.
        traffic: what.
        topics: the full name of each topic.
        on_progress: gets how many events were sent, at most ten times a second.
        seconds: of live traffic; infinite: until stopped.
        count: of live events; None for any number.
    """
    async with publisher:
        past = traffic.history()
        n = live = 0
        while part := list(islice(past, EVENTS_PER_BATCH)):
            await publisher.send(_records(part, topics))
            n += len(part)
            on_progress(n, live)
        end = time.time() + seconds
        while time.time() < end and (count is None or live < count):
            events = traffic.until(int(min(time.time(), end) * 1000))
            if count is not None:
                events = events[: count - live]
            await publisher.send(_records(events, topics))
            live += len(events)
            on_progress(n, live)
            await asyncio.sleep(min(STEP_S, max(0.0, end - time.time())))


def _records(events: Iterable[DemoEvent], topics: dict[str, str]) -> list[KeyedRecord]:
    return [
        KeyedRecord(
            topics[event.topic],
            f"{event.fields['brand_id']}:{event.fields['fan_id']}".encode(),
            orjson.dumps(event.fields),
        )
        for event in events
    ]
