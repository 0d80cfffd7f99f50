"""`fanpulse worker`: score fans until told to stop."""

import click

from agents.logs import configure
from agents.settings import read


@click.command()
def worker() -> None:
    """Score fans: one of N stateful workers of the consumer group.

    Topics must exist (`fanpulse topics create`). A worker that could not go on safely ends with exit code 70: start it
    again, nothing is lost. SIGTERM commits what is in hand and stops.
    """
    settings = read()
    configure(settings)
    from agents.worker.process import run

    run(settings)
