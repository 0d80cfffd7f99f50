"""Rules, alerts and routes: valid by Prometheus' own tools, shown to fire and not to fire, and of use at night."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.deploy.dashboards import ALERTMANAGER, PROMETHEUS, metrics_asked, metrics_there
from tests.needed import need

TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
LEAST_ADVICE = 60  # characters


def call(tool: str, *words: object) -> subprocess.CompletedProcess[str]:
    """Run promtool or amtool."""
    need(shutil.which(tool), f"{tool} is not there (on Debian: apt-get install prometheus prometheus-alertmanager)")
    command = [tool, *(str(word) for word in words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def rules(name: str) -> list[dict[str, Any]]:
    groups = yaml.safe_load((PROMETHEUS / name).read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


ALERTS = {rule["alert"]: rule for rule in rules("alerts.yml")}
RECORDED = {rule["record"]: rule for rule in rules("recording.yml")}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The folder, to plant errors in."""
    return Path(shutil.copytree(PROMETHEUS, tmp_path / "prometheus"))


def test_prometheus_takes_the_configuration_and_the_rules() -> None:
    result = call("promtool", "check", "config", PROMETHEUS / "prometheus.yml")
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_planted_error_in_the_rules_is_refused(copy: Path) -> None:
    alerts = copy / "alerts.yml"
    alerts.write_text(alerts.read_text(encoding="utf-8").replace("== 0", "=== 0", 1), encoding="utf-8")
    assert call("promtool", "check", "config", copy / "prometheus.yml").returncode != 0


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_rules_do_as_they_say(path: Path) -> None:
    result = call("promtool", "test", "rules", path)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("file", "right", "wrong", "test"),
    [
        ("alerts.yml", "> 0.1", "> 10", "events"),
        ("alerts.yml", "> 14.4 * 0.01 and", "> 1 and", "objective"),
        ("alerts.yml", "and fanpulse:slow:ratio5m > 14.4 * 0.01", "", "objective"),
        ("alerts.yml", "and fanpulse:lag_growth:per_second > 0", "", "events"),
        ("recording.yml", 'le="1.0"', 'le="2.5"', "recording"),
        ("recording.yml", "max by (topic, partition)", "sum by (topic, partition)", "recording"),
    ],
)
def test_a_planted_error_makes_a_rule_fail_its_test(copy: Path, file: str, right: str, wrong: str, test: str) -> None:
    text = (copy / file).read_text(encoding="utf-8")
    assert right in text
    (copy / file).write_text(text.replace(right, wrong), encoding="utf-8")
    assert call("promtool", "test", "rules", copy / "tests" / f"{test}.yml").returncode != 0


def test_each_alert_is_shown_to_fire_and_not_to_fire() -> None:
    fires, stays = set(), set()
    for path in TESTS:
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]:
            for claim in test["promql_expr_test"]:
                patterns = re.findall(r'alertname=~?"([^"]+)"', claim["expr"])
                names = {name for name in ALERTS for pattern in patterns if re.fullmatch(pattern, name)}
                annotations = {
                    name
                    for sample in claim.get("exp_samples", [])
                    for name in re.findall(r'alertname="(\w+)"', sample["labels"])
                }
                fires |= annotations
                stays |= names - annotations
    assert fires == set(ALERTS)
    assert stays == set(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_what_to_do_at_night(name: str) -> None:
    alert = ALERTS[name]
    annotations = alert["annotations"]
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert annotations["summary"]
    assert len(annotations["description"]) >= LEAST_ADVICE
    file, _, anchor = annotations["runbook"].partition("#")
    headings = re.findall(r"^## (.+)$", (PROMETHEUS / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", [*ALERTS, *RECORDED])
def test_a_rule_asks_for_metrics_that_there_are(name: str) -> None:
    asked = metrics_asked((ALERTS | RECORDED)[name]["expr"])
    assert asked
    assert asked <= metrics_there() | RECORDED.keys()


def test_alertmanager_takes_the_routes() -> None:
    result = call("amtool", "check-config", ALERTMANAGER)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(("severity", "receiver"), [("page", "pager"), ("ticket", "tickets")])
def test_who_is_told(severity: str, receiver: str) -> None:
    result = call("amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER}", f"severity={severity}")
    assert result.stdout.strip() == receiver, result.stderr


def test_a_planted_error_in_the_routes_is_refused(tmp_path: Path) -> None:
    planted = tmp_path / "alertmanager.yml"
    planted.write_text(ALERTMANAGER.read_text(encoding="utf-8").replace("receiver: pager", "receiver: nobody"))
    assert call("amtool", "check-config", planted).returncode != 0


def test_inhibitions_name_alerts_that_there_are() -> None:
    for rule in yaml.safe_load(ALERTMANAGER.read_text(encoding="utf-8"))["inhibit_rules"]:
        for matcher in rule["source_matchers"] + rule["target_matchers"]:
            pattern = matcher.partition('"')[2].removesuffix('"')
            assert any(re.fullmatch(pattern, name) for name in ALERTS), matcher
