"""`fanpulse serve`: the page and lookups, until told to stop."""

import asyncio
import signal

import click

from agents.logs import configure
from agents.settings import Settings, read


@click.command()
def serve() -> None:
    """Serve the page and lookups: output topics to Redis, Redis to everyone who asks.

    Any number may run; each reads every score and flag, none is needed for scoring. A Redis that is slow, dead or
    flushed is waited for and filled again from the topics. SIGTERM stops within two seconds, open pages or not.
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
