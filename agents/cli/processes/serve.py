"""`fanpulse serve`: the page and queries, until stopped."""

import asyncio
import signal

import click

from agents.logs import configure
from agents.settings import Settings, read


@click.command()
def serve() -> None:
    """Serve the page and queries: output topics to Redis, Redis to everyone who asks.

    Any number may run; each reads every score and flag, scoring needs none of them. When Redis is slow, down or
    flushed, serve waits for it and fills it again from the topics. SIGTERM stops within two seconds, open pages or not.
    """
    settings = read()
    configure(settings)
    asyncio.run(_run(settings))


async def _run(settings: Settings) -> None:
    from agents.serve.service import serve as run

    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await run(settings, stop)
