"""Claims about what the manifests start: the same commands with the same settings, on a real Kafka and Valkey."""

import json
import re
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from agents.embedded.kafka import Kafka
from agents.embedded.valkey import Valkey
from agents.settings import PREFIX, Settings, read
from tests.integration.manifests.places import DOCKERFILE, STACK, Resource, call, compose_config, of
from tests.support.installation import Installation, fresh
from tests.support.processes import COMMAND, Processes, Running, until

# Where this machine is not the container or the cluster.
ELSEWHERE = {"BROKER", "REDIS_URL", "DATA_DIR", "GROUP", "REPLICATION", "PARAMS"}


@pytest.fixture
def installation(kafka: Kafka, valkey: Valkey, tmp_path: Path) -> Installation:
    return fresh(tmp_path, kafka.bootstrap, valkey.url, SESSION_TIMEOUT_S=Settings().session_timeout_s)


def settings_of(environ: dict[str, str]) -> dict[str, str]:
    """What a manifest tells its process, as far as it holds on this machine."""
    result = {name.removeprefix(PREFIX): value for name, value in environ.items() if name.startswith(PREFIX)}
    return {name: value for name, value in result.items() if name not in ELSEWHERE}


def test_the_stack_comes_up_in_its_order_is_well_and_stops_in_time(processes: Processes) -> None:
    code, words, stack = compose_config(STACK)
    assert code == 0, words
    services = stack["services"]
    topics = services["topics"]
    assert processes.command(*topics["command"], **settings_of(topics["environment"])).wait_end(60) == 0
    workers = [
        processes.worker(n, ready=True, module=COMMAND, **settings_of(services[f"worker-{n}"]["environment"]))
        for n in (1, 2)
    ]
    serve = processes.serve(ready=True, **settings_of(services["serve"]["environment"]))
    listeners = [worker.port for worker in workers] + [int(serve.environ["FANPULSE_METRICS_PORT"]) + 1]
    for listener in listeners:
        assert is_well(listener) == 0
    assert [running.terminate() for running in processes.all[1:]] == [0, 0, 0]
    for listener in listeners:
        assert is_well(listener) == 1


def test_a_pod_that_restarts_keeps_its_partitions(
    processes: Processes, installation: Installation, base: list[Resource]
) -> None:
    environ = of(base, "ConfigMap", "fanpulse-settings")["data"]
    session_s = read(environ).session_timeout_s
    installation.create_topics()
    stays, restarts = (
        processes.worker(n, ready=True, module=COMMAND, INSTANCE_ID=f"fanpulse-worker-{n}", **settings_of(environ))
        for n in (0, 1)
    )
    until(lambda: partitions(stays) == partitions(restarts) == 2, 60, "both have half of the partitions")
    before = rebalances(stays)
    began = time.monotonic()
    restarts.restart()
    took = time.monotonic() - began
    assert took < session_s, "a pod that takes longer loses its partitions; raise FANPULSE_SESSION_TIMEOUT_S"
    until(lambda: partitions(restarts) == 2, 60, "it has its half again")
    assert rebalances(stays) == before


def is_well(port: int) -> int:
    """The exit code of the image's health check, asked of a port."""
    text = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", " ")
    check = re.findall(r"^HEALTHCHECK .* CMD (.*)$", text, re.MULTILINE)[-1]
    return call("env", f"HEALTH_URL=http://127.0.0.1:{port}/livez", sys.executable, *json.loads(check)[1:]).returncode


def rebalances(worker: Running) -> float:
    return sum(float(line.split()[-1]) for line in metrics(worker) if line.startswith("fanpulse_rebalances_total"))


def partitions(worker: Running) -> int:
    """How many partitions it says it holds."""
    lags = [line for line in metrics(worker) if line.startswith("fanpulse_consumer_lag_messages{")]
    return len(set(re.findall(r'partition="(\d+)"', "".join(lags))))


def metrics(worker: Running) -> list[str]:
    with urlopen(f"http://127.0.0.1:{worker.port}/metrics", timeout=5) as answer:
        text: str = answer.read().decode()
    return text.splitlines()
