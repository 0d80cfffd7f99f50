"""Every dashboard is what Grafana provisions, and says what a person needs to read it."""

from typing import Any

import pytest
import yaml

from tests.integration.deploy.dashboards import (
    DASHBOARDS,
    DEPLOY,
    PROMETHEUS,
    dashboards,
    metrics_asked,
    metrics_there,
    panels,
    queries,
    variables,
)
from tests.needed import need

try:
    from deploy.grafana.make import files
except ModuleNotFoundError:
    files = None  # type: ignore[assignment]

DASHBOARDS_JSON = dashboards()
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24  # columns of Grafana's grid
LEAST_WORDS = 3


def faults(dashboard_json: dict[str, Any]) -> list[str]:
    """Return what a dashboard lacks, in words."""
    found = []
    for panel in panels(dashboard_json):
        name, field = panel["title"], panel["fieldConfig"]["defaults"]
        if len(panel.get("description", "").split()) < LEAST_WORDS:
            found.append(f"{name}: no description")
        if not field.get("unit"):
            found.append(f"{name}: no unit")
        if panel.get("datasource") != SOURCE or any(target.get("datasource") != SOURCE for target in panel["targets"]):
            found.append(f"{name}: asks another datasource than the chosen one")
        if any(not target.get("legendFormat") for target in panel["targets"]):
            found.append(f"{name}: a query has no legend")
        if panel["type"] == "timeseries" and not panel["options"]["legend"]["showLegend"]:
            found.append(f"{name}: the legend is hidden")
    asked = " ".join(query.expr for query in queries(dashboard_json))
    there = variables(dashboard_json)
    found += [f"${name}: no such variable" for name in ("brand", "topic") if f"${name}" in asked and name not in there]
    found += [f"${name}: asked for by no panel" for name in there.keys() - {"datasource"} if f"${name}" not in asked]
    if there.get("datasource", {}).get("type") != "datasource":
        found.append("no variable for the datasource")
    if not {"brand", "topic"} & there.keys():
        found.append("neither brand nor topic can be chosen")
    if not any(
        "fanpulse_rebalances_total" in note["expr"] and note["enable"] for note in dashboard_json["annotations"]["list"]
    ):
        found.append("no annotations at rebalances")
    return found


def test_there_are_the_four() -> None:
    assert {name: dashboard_json["title"] for name, dashboard_json in DASHBOARDS_JSON.items()} == {
        "now": "fanpulse · Now",
        "fans": "fanpulse · Fans",
        "sentiment": "fanpulse · Sentiment",
        "machine": "fanpulse · Machine",
    }
    assert len({dashboard_json["uid"] for dashboard_json in DASHBOARDS_JSON.values()}) == len(DASHBOARDS_JSON)


@pytest.mark.parametrize("name", DASHBOARDS_JSON)
def test_a_dashboard_lacks_nothing(name: str) -> None:
    assert faults(DASHBOARDS_JSON[name]) == []


@pytest.mark.parametrize(
    ("path", "value", "result"),
    [
        (("description",), "", "Events: no description"),
        (("fieldConfig", "defaults", "unit"), "", "Events: no unit"),
        (("targets", 0, "legendFormat"), "", "Events: a query has no legend"),
        (("targets", 0, "datasource"), {"uid": "mine"}, "Events: asks another datasource than the chosen one"),
        (("targets", 0, "expr"), 'sum(up{brand="$brand"})', "$brand: no such variable"),
    ],
)
def test_a_planted_lack_is_seen(path: tuple[str | int, ...], value: object, result: str) -> None:
    dashboard_json = dashboards()["now"]
    place: Any = panels(dashboard_json)[0]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert faults(dashboard_json) == [result]


@pytest.mark.parametrize("name", DASHBOARDS_JSON)
def test_panels_have_ids_of_their_own_and_do_not_overlap(name: str) -> None:
    dashboard_json = DASHBOARDS_JSON[name]
    assert len({panel["id"] for panel in dashboard_json["panels"]}) == len(dashboard_json["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in dashboard_json["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + dx, at["y"] + dy) for dx in range(at["w"]) for dy in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < WIDTH, panel["title"]
        taken |= cells


@pytest.mark.parametrize("name", DASHBOARDS_JSON)
def test_it_asks_for_metrics_that_there_are(name: str) -> None:
    rules = yaml.safe_load((PROMETHEUS / "recording.yml").read_text(encoding="utf-8"))
    recorded = {rule["record"] for group in rules["groups"] for rule in group["rules"]}
    for query in queries(DASHBOARDS_JSON[name]):
        assert metrics_asked(query.expr), query
        assert metrics_asked(query.expr) <= metrics_there() | recorded, query


def test_the_json_is_what_the_python_beside_it_makes() -> None:
    need(files, "grafana-foundation-sdk is not there")
    assert files is not None
    there = {path.name: path.read_text(encoding="utf-8") for path in DASHBOARDS.iterdir()}
    assert files() == there, "run python -m deploy.grafana.make"


def test_grafana_finds_them() -> None:
    provisioning = DEPLOY / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text(encoding="utf-8"))[
        "datasources"
    ]
    assert (source["type"], source["isDefault"]) == ("prometheus", True)
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "fanpulse.yml").read_text(encoding="utf-8"))[
        "providers"
    ]
    assert (provider["type"], provider["allowUiUpdates"]) == ("file", False)
