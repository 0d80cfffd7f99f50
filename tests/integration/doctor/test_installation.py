"""The doctor on a whole installation: content when all is there; settings and this machine's own faults."""

import socket
from pathlib import Path

import pytest

from agents.embedded.valkey import Valkey
from agents.supervise.ports import LOOPBACK, free_row
from tests.integration.doctor.asking import ask, finding
from tests.support.calling import call
from tests.support.installation import Installation
from tests.support.processes import Processes

CHECKS = ["settings", "parameters", "broker", "topics", "workers", "offsets", "clock", "redis", "disk", "ports"]


def test_it_is_content_when_all_is_there(installation: Installation, valkey: Valkey, processes: Processes) -> None:
    installation.create_topics()
    worker = processes.worker(METRICS_PORT=free_row(3))
    ours = {"METRICS_PORT": worker.port, "WEB_PORT": worker.port + 2}
    result = ask(installation, **ours)
    assert result.code == 0
    assert {row["check"]: row["state"] for row in result.rows} == dict.fromkeys(CHECKS, "ok"), result.out
    workers = next(row for row in result.rows if row["check"] == "workers")
    assert workers["message"] == f"1 in group {installation.given['GROUP']}, 0 events wait"
    assert valkey.url not in result.out, "an address may hold a password"
    printed = call(installation, "doctor", given="", **ours)
    assert printed.code == 0
    assert len(printed.out.splitlines()) == len(result.rows) + 1
    assert printed.out.splitlines()[-1] == "all checks passed"


FAULTS: dict[str, tuple[dict[str, str | int], str, str, str]] = {
    "a typing error": ({"BROKR": "x"}, "settings", "warn", "FANPULSE_BROKR"),
    "a value of the wrong kind": ({"PARTITIONS": "many"}, "settings", "fail", "FANPULSE_PARTITIONS"),
    "no parameter file": ({"PARAMS": "absent.toml"}, "parameters", "fail", "absent.toml"),
    "no broker": ({"BROKER": "127.0.0.1:1"}, "broker", "fail", "no Kafka broker answers"),
    "a broker without a port": ({"BROKER": "kafka"}, "broker", "fail", "host:port"),
    "no topics": ({"TOPIC_PREFIX": "nothing-"}, "topics", "fail", "topics are missing"),
    "no worker": ({"GROUP": "nobody"}, "workers", "warn", "has no running worker"),
    "a directory that cannot be": ({"DATA_DIR": "/proc/version/x"}, "disk", "fail", "cannot be written"),
    "an address that is not ours": ({"WEB_HOST": "192.0.2.1", "WEB_PORT": 8080}, "ports", "fail", "cannot listen"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_with_what_to_do(installation: Installation, fault: str) -> None:
    installation.create_topics()
    settings, check, state, words = FAULTS[fault]
    finding(ask(installation, **settings), check, state, words)


@pytest.mark.parametrize("text", ["[brands", "[brands.miot]\ndaily_cap = 'many'\n", "[brands.miot]\nno_such = 1\n"])
def test_a_parameter_file_that_is_none_is_named(installation: Installation, tmp_path: Path, text: str) -> None:
    file = tmp_path / "params.toml"
    file.write_text(text)
    found = finding(ask(installation, PARAMS=file), "parameters", "fail", str(file))
    assert "FANPULSE_PARAMS" in found["remedy"]


def test_a_port_that_another_program_has_is_named(installation: Installation) -> None:
    with socket.create_server((LOOPBACK, 0)) as stranger:
        port = stranger.getsockname()[1]
        found = finding(ask(installation, WEB_PORT=port), "ports", "fail", f"port {port} is used")
    assert "FANPULSE_WEB_PORT" in found["remedy"]


def test_people_see_a_line_a_remedy_and_the_sum(installation: Installation) -> None:
    result = call(installation, "doctor", BROKER="127.0.0.1:1", METRICS_PORT=0, WEB_PORT=0)
    assert result.code == 1
    lines = [line.split(None, 2) for line in result.out.splitlines()]
    at = next(i for i, line in enumerate(lines) if line[:2] == ["FAIL", "broker"])
    assert result.out.splitlines()[at + 1].strip().startswith("-> start Kafka, or correct FANPULSE_BROKER")
    assert result.out.splitlines()[-1] == "1 failed, 0 warning(s)"
