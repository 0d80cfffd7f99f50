"""`fanpulse run`: everything on this machine, for first steps, development and demonstrations."""

import time
from collections.abc import Callable
from contextlib import ExitStack

import click
from rich.console import Console

from agents.cli.output import json_line, json_option
from agents.cli.processes.welcome import Welcome
from agents.errors import UnavailableError
from agents.settings import Settings, read
from agents.supervise import plan
from agents.supervise.child import Child
from agents.supervise.ready import is_ready
from agents.supervise.signals import stoppable
from agents.supervise.supervisor import Supervisor

Say = Callable[[str], None]

KAFKA_PORT, REDIS_PORT = 9092, 6379  # preferred: what every client tries first
LOOK_EVERY_S = 0.1
CHILD_STOP_S = 10.0  # for workers and serve to commit and leave
BEYOND_RECOVERY_S = 60.0  # a worker gives up first


@click.command()
@click.option(
    "--rate", default=50.0, show_default=True, type=click.FloatRange(0.1, 100_000), help="Demo events per second."
)
@click.option(
    "--demo/--no-demo", default=None, help="Publish demo traffic. Default: only if this command starts Kafka."
)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Workers to start.")
@json_option
def run(rate: float, demo: bool | None, workers: int, as_json: bool) -> None:
    """Start everything here: Kafka and Redis unless configured, topics, workers, the page, demo traffic.

    A process that ends is started again. Ctrl-C stops everything; data stays in FANPULSE_DATA_DIR for the next run.
    """
    settings = read()
    ports = plan.claim(settings, workers)
    terminal = Console(stderr=True, highlight=False)

    def say(line: str) -> None:
        terminal.print(line, markup=False, soft_wrap=True)

    with stoppable(), ExitStack() as stack:
        try:
            supervisor = Supervisor(say)
            given = _servers(settings, ports, supervisor, stack, say)
            welcome = _processes(read(given), given, ports, workers, supervisor, stack, say)
            if demo if demo is not None else not settings.broker:
                traffic = plan.process(settings, given, "simulate", "simulate", "--rate", f"{rate:g}")
                stack.callback(traffic.stop, CHILD_STOP_S)
                traffic.start()
                supervisor.watch(traffic, time.monotonic(), may_end=True)
                welcome = welcome.with_demo(rate)
            if as_json:
                json_line(welcome.as_row())
            else:
                welcome.show()
            while True:
                supervisor.look(time.monotonic())
                time.sleep(LOOK_EVERY_S)
        except KeyboardInterrupt:
            say("stopping")
    say("stopped")


def _servers(
    settings: Settings, ports: plan.Ports, supervisor: Supervisor, stack: ExitStack, say: Say
) -> dict[str, str]:
    """Start the servers that no setting names, and return the environment of all processes."""
    if not (settings.broker and settings.redis_url):
        from agents.embedded.kafka import Kafka
        from agents.embedded.valkey import Valkey
    kafka = None if settings.broker else Kafka(settings.data / "kafka", port=KAFKA_PORT)
    valkey = None if settings.redis_url else Valkey(settings.data / "valkey", port=REDIS_PORT)
    for server in (kafka, valkey):
        if server is not None:
            stack.callback(server.stop)
            began = time.monotonic()
            server.start()
            say(f"{server.name} is ready ({time.monotonic() - began:.1f} s)")
            supervisor.watch(server, time.monotonic())
    return plan.environ(
        settings, ports, kafka=kafka.bootstrap if kafka else None, redis_url=valkey.url if valkey else None
    )


def _processes(
    settings: Settings,
    given: dict[str, str],
    ports: plan.Ports,
    workers: int,
    supervisor: Supervisor,
    stack: ExitStack,
    say: Say,
) -> Welcome:
    """Create the topics, start workers and serve, and return when they are ready."""
    from agents.kafka import topics

    if created := topics.create(settings):
        say(f"created {len(created)} topics")
    host = plan.page_host(settings)
    ports_of: dict[Child, int] = {plan.process(settings, given, "serve", "serve"): ports.web}
    ports_of |= {plan.worker(settings, given, ports, number): ports.of_worker(number) for number in range(workers)}
    stack.callback(_stop_together, list(ports_of))
    for child in ports_of:
        child.start()
        supervisor.watch(child, time.monotonic())
    _await(ports_of, host, settings.recovery_timeout_s + BEYOND_RECOVERY_S, supervisor, say)
    return Welcome.of(settings, ports, workers)


def _await(ports_of: dict[Child, int], host: str, seconds: float, supervisor: Supervisor, say: Say) -> None:
    began, waiting = time.monotonic(), dict(ports_of)
    while waiting:
        supervisor.look(time.monotonic())
        passed = time.monotonic() - began
        for child in [child for child, port in waiting.items() if is_ready(host, port)]:
            del waiting[child]
            say(f"{child.name} is ready ({passed:.1f} s)")
        if waiting and passed > seconds:
            names, log = ", ".join(child.name for child in waiting), next(iter(waiting)).log
            raise UnavailableError(f"not ready within {seconds:g} s: {names}; see {log}")
        time.sleep(LOOK_EVERY_S)


def _stop_together(children: list[Child]) -> None:
    for child in children:
        child.terminate()
    until = time.monotonic() + CHILD_STOP_S
    for child in children:
        child.stop(max(0.0, until - time.monotonic()))
