"""Another scoring model, as docs/changes.md says it: a replay beside what runs, a worker that goes on from there."""

from pathlib import Path
from typing import Any

import pytest

from agents.errors import Exit
from tests.chaos.ground.trial import Trial
from tests.ground.calling import call
from tests.ground.reading import last_views, read, unread

pytestmark = pytest.mark.full

PARAMS = """
[brands.miot]
version = 2
weight = { like = 5 }
"""


def views(trial: Trial, topic: str) -> dict[str, dict[str, Any]]:
    return last_views(read(trial.settings.broker, topic))


def test_other_weights(trial: Trial, tmp_path: Path) -> None:
    params = tmp_path / "params.toml"
    params.write_text(PARAMS)
    trial.worker(0)
    trial.feed(limit=8_000)
    trial.all_committed()
    beside = {"GROUP": f"{trial.settings.group}-2", "OUTPUT_PREFIX": f"{trial.settings.group}-2-"}
    options = ("--group", beside["GROUP"], "--output-prefix", beside["OUTPUT_PREFIX"])
    said = call(trial.installation, "replay", *options, "--json", PARAMS=params)
    assert said.code == Exit.OK, said.err
    assert said.fields["events"] == trial.sent
    trial.worker(1, **beside, PARAMS=params)  # goes on where the replay ended
    trial.feed()
    trial.check()  # what runs is not disturbed
    other = trial.installation.settings(**beside)
    inputs = [*other.names.inputs, other.names.credits]
    trial.until("the other group has it all", lambda: not unread(other.broker, other.group, inputs))
    wanted = {key: dict(fan.counts) for key, fan in trial.work.told().fans.items()}
    found: dict[str, dict[str, Any]] = {}

    def is_told() -> bool:
        nonlocal found
        found = views(trial, other.names.fan_scores)
        return {key: view["counts"] for key, view in found.items()} == wanted

    trial.until("the other group tells the same counts", is_told, 30)
    assert {view["model_version"] for view in found.values()} == {"2"}
    before = views(trial, trial.settings.names.fan_scores)
    likers = [key for key, counts in wanted.items() if counts.get("like")]
    assert sum(found[key]["parts"]["talk"] > before[key]["parts"]["talk"] for key in likers) > len(likers) / 2
