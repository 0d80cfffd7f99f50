"""The examples for downstream services, run on what a real worker wrote: each score once, each transition once."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Producer

from agents.embedded import jars, java
from agents.kafka.connection import admin
from agents.kafka.offsets import positions
from tests.needed import need
from tests.support.calling import call
from tests.support.installation import Installation, fresh
from tests.support.node import modules
from tests.support.processes import Processes, until
from tests.support.reading import Record, read

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
LOCKED = Path(__file__).parents[1] / "schema" / "node"
OUTPUTS = ("fan-scores", "fan-flags")
TIMEOUT_S = 90.0
Lines = Counter[tuple[object, ...]]


def python(directory: Path, group: str = "example-python") -> tuple[list[str], list[str]]:
    return [sys.executable, str(EXAMPLES / "consumer.py")], [str(directory / "consumer.db"), group]


def java_command(directory: Path, group: str = "") -> tuple[list[str], list[str]]:
    compiler = shutil.which("javac")
    need(compiler, "no javac on this machine: apt-get install default-jdk-headless")
    path = os.pathsep.join(map(str, jars.classpath()))
    command = [str(compiler), "-Xlint:all", "-Werror", "-proc:none", "-cp", path]
    done = subprocess.run(
        [*command, "-d", str(directory), str(EXAMPLES / "Consumer.java")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return [str(java.find()), "-cp", f"{directory}{os.pathsep}{path}", "Consumer"], []


def javascript(directory: Path, group: str = "") -> tuple[list[str], list[str]]:
    where = modules(LOCKED)
    shutil.copy(EXAMPLES / "consumer.js", where)  # node looks for packages next to the script
    return ["node", str(where / "consumer.js")], []


CONSUMERS = {"example-python": python, "example-java": java_command, "example-javascript": javascript}


@contextmanager
def running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out, log.with_suffix(".err").open("wb") as err:
        child = subprocess.Popen(command, stdout=out, stderr=err, cwd=log.parent)
        try:
            yield child
        finally:
            child.kill()
            child.wait()


def run_to_the_end(consumer: str, installation: Installation, directory: Path, group: str) -> Lines:
    """Run a consumer until its group has committed everything; return what it printed."""
    command, more = CONSUMERS[consumer](directory, group)
    log = directory / f"{group}.log"
    prefix = installation.given["TOPIC_PREFIX"]
    with running([*command, installation.given["BROKER"], prefix, *more], log) as child:

        def done() -> bool:
            assert child.poll() is None, log.with_suffix(".err").read_text()
            with admin(installation.settings()) as client:
                found = positions(client, group, {prefix + name: 4 for name in OUTPUTS})
            return all(at.committed == at.end for at in found if at.end)

        until(done, TIMEOUT_S, lambda: f"{group} read all; its errors: {log.with_suffix('.err').read_text()[-2000:]}")
    return Counter(map(line, log.read_text().splitlines()))


def line(text: str) -> tuple[object, ...]:
    """Return a printed line's words, numbers as numbers: each language writes 10.0 in its own way."""
    words = text.split(" ")
    return (*words[:2], int(words[2]), float(words[3]), words[4]) if words[0] == "score" else tuple(words)


def expected(written: dict[str, list[Record]]) -> Lines:
    scores = [(record.key or b"", record.json()) for record in written["fan-scores"]]
    flags = [(record.key or b"", record.json()) for record in written["fan-flags"]]
    lines: Lines = Counter(
        ("score", key.decode(), result["seq"], float(result["score"]), result["tier"]) for key, result in scores
    )
    words = ("flag_id", "kind", "state", "reason")
    return lines + Counter(("flag", key.decode(), *(result[word] for word in words)) for key, result in flags)


@pytest.fixture
def scored(installation: Installation, processes: Processes) -> Installation:
    """An installation whose worker wrote scores and flags, and has stopped."""
    installation.create_topics()
    worker = processes.worker()
    assert call(installation, "simulate", "--fans", "40", "--rate", "200", "--count", "200").code == 0
    until(lambda: not any(row["lag"] for row in call(installation, "lag", "--json").rows), 60, "all is scored")
    worker.terminate()
    return installation


def outputs(installation: Installation) -> dict[str, list[Record]]:
    return {name: read(installation.given["BROKER"], installation.given["TOPIC_PREFIX"] + name) for name in OUTPUTS}


def test_python_reads_a_workers_output_and_nothing_again_when_it_begins_anew(
    scored: Installation, tmp_path: Path
) -> None:
    once = expected(outputs(scored))
    assert len(once) > 100
    assert set(once.values()) == {1}, "the worker doubled nothing"
    assert run_to_the_end("example-python", scored, tmp_path, "example-python") == once
    again = run_to_the_end("example-python", scored, tmp_path, "example-python-again")
    assert again == Counter(), "everything was read again, and nothing was new"


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_stale_scores_and_repeated_flags_are_dropped(scored: Installation, consumer: str, tmp_path: Path) -> None:
    written = outputs(scored)
    doubled = fresh(tmp_path, scored.given["BROKER"])
    doubled.create_topics()
    producer = Producer({"bootstrap.servers": scored.given["BROKER"], "linger.ms": 20})
    for name, records in written.items():
        for record in [*records, *records]:  # the second time each score but the newest is stale
            producer.produce(doubled.given["TOPIC_PREFIX"] + name, record.value, record.key, record.partition)
            producer.poll(0)
    assert producer.flush(60) == 0
    assert run_to_the_end(consumer, doubled, tmp_path, consumer) == expected(written)


def test_the_first_event_gets_a_score(installation: Installation, processes: Processes) -> None:
    installation.create_topics()
    processes.worker()
    command = [sys.executable, str(EXAMPLES / "first_event.py"), installation.given["BROKER"]]
    command.append(installation.given["TOPIC_PREFIX"])
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("1.36 passer-by {'like': 1}\n", "")
