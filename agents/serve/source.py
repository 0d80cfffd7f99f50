"""Which topics there are: their ids, which change when a topic is made anew, and their partition counts."""

import asyncio
from collections.abc import Callable
from threading import Thread
from typing import Any, TypeVar

from aiokafka import TopicPartition
from msgspec import Struct

from agents.errors import ConfigError, FanpulseError
from agents.kafka.connection import admin
from agents.settings import Settings

Result = TypeVar("Result")


class Source(Struct, frozen=True):
    """The outputs and inputs as they exist on the broker."""

    id: str  # of the outputs: another one means other records behind the same offsets
    outputs: list[TopicPartition]
    inputs: list[TopicPartition]


async def describe(settings: Settings) -> Source:
    """Ask the broker.

    Raises:
        UnavailableError: no broker answers.
        ConfigError: a topic is missing.
    """
    names = settings.names
    outputs, inputs = [names.fan_scores, names.fan_flags], list(names.inputs)
    found = await in_thread(lambda: _describe(settings, outputs + inputs))
    if absent := [name for name in outputs + inputs if name not in found]:
        raise ConfigError(f"topics are missing: {', '.join(absent)}; `fanpulse topics create` makes them")
    return Source(
        ",".join(str(found[name]["topic_id"]) for name in outputs),
        [TopicPartition(name, n) for name in outputs for n in range(len(found[name]["partitions"]))],
        [TopicPartition(name, n) for name in inputs for n in range(len(found[name]["partitions"]))],
    )


def _describe(settings: Settings, wanted: list[str]) -> dict[str, dict[str, Any]]:
    with admin(settings) as client:
        topics = client.describe_topics(wanted)
    return {topic["name"]: topic for topic in topics if not topic["error_code"]}


async def in_thread(question: Callable[[], Result]) -> Result:
    """Run a blocking question in a daemon thread: a broker that does not answer must not hold up a stop."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Result] = loop.create_future()

    def tell(set_it: Callable[[Any], None], what: object) -> None:
        if not answer.done():
            set_it(what)

    def ask() -> None:
        try:
            result = question()
        except (FanpulseError, OSError) as error:
            told: tuple[Callable[[Any], None], object] = answer.set_exception, error
        else:
            told = answer.set_result, result
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, *told)

    Thread(target=ask, name="describe", daemon=True).start()
    return await answer
