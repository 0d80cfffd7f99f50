"""Claims about the compose stack. It cannot be started here: no registry is reached that has images."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from agents.settings import PREFIX, read, unknown
from agents.worker.process import WORKER_STOP_S
from tests.integration.manifests.places import DEPLOY, DOCKERFILE, STACK, call, compose_config
from tests.needed import need

Service = dict[str, Any]


@pytest.fixture(scope="module")
def services() -> dict[str, Service]:
    code, words, found = compose_config(STACK)
    assert code == 0, words
    services: dict[str, Service] = found["services"]
    return services


@pytest.fixture(scope="module")
def ours(services: dict[str, Service]) -> dict[str, Service]:
    return {name: service for name, service in services.items() if "build" in service}


def environ(service: Service) -> Mapping[str, str]:
    return {name: value for name, value in service["environment"].items() if name.startswith(PREFIX)}


@pytest.mark.parametrize(
    ("right", "wrong", "result"),
    [
        ("restart: unless-stopped", "restarts: unless-stopped", "restarts"),
        ("condition: service_healthy", "condition: service_well", "must be one of"),
        ('volumes: ["worker-1:/data"]', 'volumes: ["worker-9:/data"]', "worker-9"),
        ("worker-1: {condition", "worker-9: {condition", "worker-9"),
    ],
)
def test_compose_finds_a_planted_error(tmp_path: Path, right: str, wrong: str, result: str) -> None:
    text = STACK.read_text(encoding="utf-8")
    assert right in text
    planted = tmp_path / "compose.yml"
    planted.write_text(text.replace(right, wrong), encoding="utf-8")
    code, words, _ = compose_config(planted)
    assert code != 0
    assert result in words


def test_each_of_ours_is_built_from_the_dockerfile(ours: dict[str, Service]) -> None:
    assert set(ours) == {"topics", "worker-1", "worker-2", "serve", "simulate"}
    for service in ours.values():
        assert Path(service["build"]["context"], service["build"]["dockerfile"]) == DOCKERFILE


def test_settings_are_settings(ours: dict[str, Service]) -> None:
    for name, service in ours.items():
        assert unknown(environ(service)) == [], name
        assert read(environ(service)).web_host == "0.0.0.0"  # else no other container reaches its metrics


def test_workers_are_two_and_tell_themselves_apart(ours: dict[str, Service]) -> None:
    workers = [ours["worker-1"], ours["worker-2"]]
    assert len({read(environ(worker)).instance_id for worker in workers} - {""}) == 2
    assert len({volume["source"] for worker in workers for volume in worker["volumes"]}) == 2


def test_a_worker_is_started_again_and_has_time_to_stop(ours: dict[str, Service]) -> None:
    for name in ("worker-1", "worker-2"):
        worker = ours[name]
        assert worker["restart"] == "unless-stopped"
        assert seconds(worker["stop_grace_period"]) > read(environ(worker)).session_timeout_s + WORKER_STOP_S + 5


def test_nobody_starts_before_what_he_needs(ours: dict[str, Service]) -> None:
    for name in ("worker-1", "worker-2", "serve"):
        needs = {other: result["condition"] for other, result in ours[name]["depends_on"].items()}
        assert needs["topics"] == "service_completed_successfully"
        assert needs["kafka"] == "service_healthy"


def test_everyone_who_stays_is_checked(services: dict[str, Service]) -> None:
    for name, service in services.items():
        passing = name in {"topics", "simulate"}
        by_the_image = "healthcheck" not in service and "build" in service
        assert passing or by_the_image or service["healthcheck"]["test"], name
    assert services["serve"]["environment"]["HEALTH_URL"] == f"http://127.0.0.1:{read({}).metrics_port + 1}/livez"


def test_ports_are_open_to_this_machine_alone(services: dict[str, Service]) -> None:
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert len(published) == 5
    assert {port["host_ip"] for port in published} == {"127.0.0.1"}


def test_images_are_named_with_a_version(services: dict[str, Service]) -> None:
    for name, service in services.items():
        assert service["image"].partition(":")[2] not in {"", "latest"}, name


def test_what_is_mounted_is_there(services: dict[str, Service]) -> None:
    mounts = [volume for service in services.values() for volume in service.get("volumes", [])]
    bound = [Path(volume["source"]) for volume in mounts if volume["type"] == "bind"]
    assert len(bound) >= 5
    for path in bound:
        assert path.exists(), path


def test_prometheus_scrapes_what_compose_starts(services: dict[str, Service]) -> None:
    result = yaml.safe_load((STACK.parent / "prometheus.yml").read_text(encoding="utf-8"))
    targets = {job["job_name"]: job["static_configs"][0]["targets"] for job in result["scrape_configs"]}
    port = read({}).metrics_port
    assert targets == {
        "fanpulse-worker": [f"{name}:{port}" for name in services if name.startswith("worker-")],
        "fanpulse-serve": [f"serve:{port + 1}"],
    }
    local = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    assert list(targets) == [job["job_name"] for job in local["scrape_configs"]]  # rules and dashboards ask for these
    assert [Path(name).name for name in result["rule_files"]] == local["rule_files"]
    assert {str(Path(name).parent) for name in result["rule_files"]} <= mounted(services["prometheus"])


def test_promtool_takes_the_stack_s_configuration(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    need(promtool, "promtool is not there")
    text = (STACK.parent / "prometheus.yml").read_text(encoding="utf-8")
    file = tmp_path / "prometheus.yml"
    file.write_text(text.replace("/etc/fanpulse", str(DEPLOY / "prometheus")), encoding="utf-8")
    assert call(promtool, "check", "config", file).returncode == 0
    file.write_text(text.replace("scrape_interval", "scrape_interfal"), encoding="utf-8")
    assert call(promtool, "check", "config", file).returncode != 0


def test_grafana_finds_its_dashboards_and_its_data(services: dict[str, Service]) -> None:
    grafana, provisioning = services["grafana"], DEPLOY / "grafana" / "provisioning"
    provider = yaml.safe_load((provisioning / "dashboards" / "fanpulse.yml").read_text(encoding="utf-8"))["providers"]
    assert {one["options"]["path"] for one in provider} <= mounted(grafana)
    source = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text(encoding="utf-8"))
    assert [one["url"] for one in source["datasources"]] == ["http://prometheus:9090"]
    assert "prometheus" in services


def mounted(service: Service) -> set[str]:
    return {volume["target"] for volume in service["volumes"]}


def seconds(result: str) -> float:
    """Compose's duration: 90s is 1m30s there."""
    minutes, _, rest = result.rpartition("m")
    return 60 * int(minutes or 0) + float(rest.removesuffix("s") or 0)
