"""A real Prometheus with our rules, which scrapes every second."""

import json
import math
import re
import shutil
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from agents.supervise.child import Child
from agents.supervise.ports import LOOPBACK, free_port
from tests.integration.deploy.dashboards import PROMETHEUS, Query
from tests.needed import need
from tests.support.processes import until

READY_S = 20.0
RULES = ("recording.yml", "alerts.yml")


class Prometheus:
    """The server; ``targets`` are the jobs' metrics ports."""

    def __init__(self, directory: Path, targets: Mapping[str, Iterable[int]]) -> None:
        binary = shutil.which("prometheus")
        need(binary, "prometheus is not there (on Debian: apt-get install prometheus)")
        self.port = free_port()
        for name in RULES:
            text = (PROMETHEUS / name).read_text(encoding="utf-8")
            (directory / name).write_text(re.sub(r"interval: \w+", "interval: 1s", text), encoding="utf-8")
        jobs = [
            {"job_name": job, "static_configs": [{"targets": [f"{LOOPBACK}:{port}" for port in ports]}]}
            for job, ports in targets.items()
        ]
        intervals = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        config = {"global": intervals, "rule_files": list(RULES), "scrape_configs": jobs}
        (directory / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        command: list[str | Path] = [str(binary), "--config.file", directory / "prometheus.yml"]
        command += ["--web.listen-address", f"{LOOPBACK}:{self.port}", "--storage.tsdb.path", directory / "data"]
        self.child = Child("prometheus", command, directory / "prometheus.log")

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.child.start()
        until(self._answers, READY_S, lambda: f"Prometheus answers; its log ends:\n{self.child.last_words()}")

    def stop(self) -> None:
        """End it."""
        self.child.stop(5.0)

    def ask(self, expr: str) -> list[float]:
        """Return the values of all series that an expression has now."""
        return [float(series["value"][1]) for series in self._get("query", query=expr)["result"]]

    def history(self, expr: str, instance: str, since: float, to: float) -> list[float]:
        """Return an expression's value at each second at which a process was scraped; none counts as 0."""
        there = f'sum(up{{instance="{instance}"}} == 1) * 0'
        found = self._get("query_range", query=f"({expr}) or on () {there}", start=since, end=to, step=1)["result"]
        return [float(value) for series in found for _, value in series["values"]]

    def labels(self, expr: str) -> list[dict[str, str]]:
        """Return the labels of all series that an expression has now."""
        return [series["metric"] for series in self._get("query", query=expr)["result"]]

    def rules(self) -> list[dict[str, Any]]:
        """Return all rules as Prometheus sees them."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def unanswered(self, queries: Iterable[Query], variables: Mapping[str, str]) -> list[str]:
        """Return the places of the queries that have no series with a number."""
        return [
            f"{query.place}: {query.populated(variables)}"
            for query in queries
            if not any(math.isfinite(value) for value in self.ask(query.populated(variables)))
        ]

    def _answers(self) -> bool:
        try:
            self._get("query", query="1")
        except OSError:
            return False
        return True

    def _get(self, what: str, **words: object) -> Any:
        url = f"http://{LOOPBACK}:{self.port}/api/v1/{what}?{urllib.parse.urlencode(words)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            response = json.load(answer)
        assert response["status"] == "success", response
        return response["data"]
