"""Another scoring model, as docs/changes.md says it: a replay next to the running group, then a restart."""

from pathlib import Path
from typing import Any

import pytest

from agents.errors import Exit
from tests.chaos.fixtures.scenario import Scenario
from tests.support.calling import call
from tests.support.reading import last_views, read, unread

pytestmark = pytest.mark.full

PARAMS = """
[brands.miot]
version = 2
weight = { like = 5 }
"""


def views(scenario: Scenario, topic: str) -> dict[str, dict[str, Any]]:
    return last_views(read(scenario.settings.broker, topic))


def test_other_weights(scenario: Scenario, tmp_path: Path) -> None:
    params = tmp_path / "params.toml"
    params.write_text(PARAMS)
    scenario.worker(0)
    scenario.produce(limit=8_000)
    scenario.all_committed()
    second_group = {"GROUP": f"{scenario.settings.group}-2", "OUTPUT_PREFIX": f"{scenario.settings.group}-2-"}
    options = ("--group", second_group["GROUP"], "--output-prefix", second_group["OUTPUT_PREFIX"])
    result = call(scenario.installation, "replay", *options, "--json", PARAMS=params)
    assert result.code == Exit.OK, result.err
    assert result.fields["events"] == scenario.sent
    scenario.worker(1, **second_group, PARAMS=params)  # goes on where the replay ended
    scenario.produce()
    scenario.check()  # what runs is not disturbed
    other = scenario.installation.settings(**second_group)
    inputs = list(other.names.inputs)
    scenario.until("the other group has it all", lambda: not unread(other.broker, other.group, inputs))
    wanted = {key: dict(fan.counts) for key, fan in scenario.work.expected().fans.items()}
    found: dict[str, dict[str, Any]] = {}

    def is_published() -> bool:
        nonlocal found
        found = views(scenario, other.names.fan_scores)
        return {key: view["counts"] for key, view in found.items()} == wanted

    scenario.until("the other group publishes the same counts", is_published, 30)
    assert {view["model_version"] for view in found.values()} == {"2"}
    before = views(scenario, scenario.settings.names.fan_scores)
    likers = [key for key, counts in wanted.items() if counts.get("like")]
    assert sum(found[key]["parts"]["talk"] > before[key]["parts"]["talk"] for key in likers) > len(likers) / 2
