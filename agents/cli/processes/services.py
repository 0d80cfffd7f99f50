"""`fanpulse worker` and `fanpulse serve`: the two services, which run until they are stopped."""

import asyncio
import signal

import click

from agents.logs import configure
from agents.settings import Settings, read


@click.command()
def worker() -> None:
    """Score fans: one of up to FANPULSE_PARTITIONS workers of the consumer group.

    The topics must exist (`fanpulse topics create`). SIGTERM commits what has been applied and stops. A worker that
    cannot be sure of its state exits with code 70: start it again, it continues from the last commit and loses nothing.
    """
    settings = read()
    configure(settings)
    from agents.worker.process import run

    run(settings)


@click.command()
def serve() -> None:
    """Serve the live page and lookups: output topics go to Redis, and Redis answers the questions.

    Run as many as you like; each reads all scores and flags, and scoring needs none of them. If Redis is slow, down or
    empty, serve waits for it and fills it again from the topics. SIGTERM stops it within two seconds.
    """
    settings = read()
    configure(settings)
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    from agents.serve.service import serve as run

    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await run(settings, stop)
