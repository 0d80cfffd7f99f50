"""Ports and environments of what `run` starts."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.errors import ConfigError, PortTakenError
from agents.settings import Settings, read
from agents.supervise import plan
from agents.supervise.ports import LOOPBACK, free_row, is_free


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that is taken behind two that are not."""
    with socket.create_server((LOOPBACK, free_row(3) + 2)) as server:
        yield server.getsockname()[1]


def test_a_taken_page_port_is_told_with_its_setting(taken: int) -> None:
    with pytest.raises(PortTakenError, match=f"port {taken} is taken.*FANPULSE_WEB_PORT"):
        plan.claim(Settings(web_port=taken, metrics_port=0), 1)


@pytest.mark.parametrize("before", [0, 1, 2])
def test_every_metrics_port_is_asked_for(before: int, taken: int) -> None:
    with pytest.raises(PortTakenError, match=f"port {taken} is taken.*FANPULSE_METRICS_PORT"):
        plan.claim(Settings(web_port=0, metrics_port=taken - before), workers=before + 1)


def test_zero_means_any_free_port() -> None:
    ports = plan.claim(Settings(web_port=0, metrics_port=0), 3)
    everyone = [ports.web, *(ports.of_worker(number) for number in range(3)), ports.metrics[1]]
    assert len(set(everyone)) == 5
    assert all(is_free(LOOPBACK, port) for port in everyone)


def test_page_and_metrics_may_not_meet() -> None:
    first = free_row(2)
    with pytest.raises(ConfigError, match="leave none"):
        plan.claim(Settings(web_port=first + 1, metrics_port=first), 1)


def test_an_address_that_is_not_ours_is_not_called_taken() -> None:
    with pytest.raises(ConfigError, match=r"cannot listen on 192\.0\.2\.1"):
        plan.claim(Settings(web_host="192.0.2.1", web_port=0, metrics_port=0), 1)


def test_servers_of_our_own_need_no_password_and_have_one_replica(tmp_path: Path) -> None:
    base = {"FANPULSE_KAFKA_SECURITY": "SASL_SSL", "FANPULSE_REPLICATION": "3", "FANPULSE_DATA_DIR": str(tmp_path)}
    ports = plan.claim(Settings(web_port=0, metrics_port=0), 2)
    given = plan.environ(read(base), ports, kafka="127.0.0.1:1", redis_url="redis://127.0.0.1:2/0", base=base)
    settings = read(given)
    assert (settings.broker, settings.kafka_security, settings.replication) == ("127.0.0.1:1", "PLAINTEXT", 1)
    workers = [read(plan.worker(settings, given, ports, number).environ) for number in (0, 1)]
    assert [one.instance_id for one in workers] == ["run-0", "run-1"]
    assert [one.metrics_port for one in workers] == [ports.of_worker(0), ports.of_worker(1)]
    assert settings.metrics_port + 1 == ports.metrics[1], "where serve takes its own"


def test_servers_of_others_stay_as_configured(tmp_path: Path) -> None:
    base = {"FANPULSE_BROKER": "kafka.example:9093", "FANPULSE_KAFKA_SECURITY": "SSL", "FANPULSE_REPLICATION": "3"}
    ports = plan.claim(Settings(web_port=0, metrics_port=0), 1)
    settings = read(plan.environ(read(base), ports, kafka=None, redis_url=None, base=base))
    assert (settings.broker, settings.kafka_security, settings.replication) == ("kafka.example:9093", "SSL", 3)
    assert settings.instance_id.endswith("-run"), "two machines must not fence each other"
    assert settings.instance_id != "-run"
