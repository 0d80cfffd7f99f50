"""The dashboards as Grafana reads them: panels, their queries, and the queries with the variables filled in."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from agents.metrics import Metrics
from agents.serve.metrics import ServeMetrics
from streams.fans.model import MODEL

DEPLOY = Path(__file__).parents[3] / "deploy"
DASHBOARDS = DEPLOY / "grafana" / "dashboards"
PROMETHEUS = DEPLOY / "prometheus"
ALERTMANAGER = DEPLOY / "alertmanager" / "alertmanager.yml"

METRIC = re.compile(r"(?<![\w:$])((?:[a-z_]+:)?(?:fanpulse|process)[_:][\w:]+|up)(?=[\[{)\s]|$)")
SUFFIXES = ("_bucket", "_sum", "_count")


class Query(NamedTuple):
    """A question to Prometheus, and where it stands."""

    place: str
    expr: str

    def populated(self, variables: Mapping[str, str]) -> str:
        """Return the question as Grafana sends it."""
        expr = self.expr
        for name, value in variables.items():
            expr = expr.replace(f"${name}", value)
        assert "$" not in expr, f"{self.place}: a variable is left in {expr}"
        return expr


def dashboards() -> dict[str, dict[str, Any]]:
    """Return each dashboard by its file's name."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(DASHBOARDS.glob("*.json"))}


def panels(dashboard_json: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the panels, the headings of rows left out."""
    return [panel for panel in dashboard_json["panels"] if panel["type"] != "row"]


def variables(dashboard_json: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the template variables by name."""
    return {variable["name"]: variable for variable in dashboard_json["templating"]["list"]}


def queries(dashboard_json: dict[str, Any]) -> list[Query]:
    """Return all that a dashboard asks: its panels and its annotations."""
    asked = [
        Query(f"{dashboard_json['title']}, {panel['title']}", target["expr"])
        for panel in panels(dashboard_json)
        for target in panel["targets"]
    ]
    return asked + [
        Query(f"{dashboard_json['title']}, annotation", note["expr"]) for note in dashboard_json["annotations"]["list"]
    ]


def metrics_asked(expr: str) -> set[str]:
    """Return the names of the series in an expression.

    >>> sorted(metrics_asked('sum(rate(fanpulse_a_total{b="up"}[1m])) / topic:fanpulse_b:rate5m > up'))
    ['fanpulse_a_total', 'topic:fanpulse_b:rate5m', 'up']
    """
    return set(METRIC.findall(re.sub(r'"[^"]*"', '""', expr)))


def metrics_there() -> set[str]:
    """Return the names of the series that worker and serve expose."""
    names = {"up"}
    for registry in (Metrics(MODEL, []).registry, ServeMetrics().registry):
        for family in registry.collect():
            stem = family.name
            names |= {stem, f"{stem}_total"} | {stem + suffix for suffix in SUFFIXES if family.type == "histogram"}
    return names
