"""Documents are held to the code: every setting, topic and metric is named, and none that is not there."""

import re
from pathlib import Path

from agents.metrics import Metrics
from agents.serve.metrics import ServeMetrics
from agents.settings import about
from schemas.inputs import INPUTS
from schemas.inputs.lookup import public
from schemas.topics import OUTPUTS
from streams.fans.model import MODEL

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_setting_is_in_the_readme_with_its_meaning() -> None:
    for name, meaning in about().items():
        assert f"| `{name}` |" in README, name
        assert meaning in README, name


def test_the_readme_names_no_setting_that_is_none() -> None:
    assert set(re.findall(r"FANPULSE_[A-Z_]+[A-Z]", README)) <= set(about())


def test_every_topic_is_in_the_readme() -> None:
    for name in (*(source.name for source in public(INPUTS)), *OUTPUTS):
        assert f"`{name}`" in README


def test_every_metric_is_in_the_readme() -> None:
    registries = (Metrics(MODEL, ["weibo"]).registry, ServeMetrics().registry)
    names = {
        family.name + ("_total" if family.type == "counter" else "")
        for registry in registries
        for family in registry.collect()
        if family.name.startswith("fanpulse_")
    }
    for name in sorted(names):
        assert f"`{name}`" in README, name


def test_every_link_between_documents_leads_to_a_file() -> None:
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/**/*.md")]
    assert len(documents) > 15
    for path in documents:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.relative_to(ROOT)}: {target}"


def test_every_decision_is_in_the_list_of_decisions() -> None:
    listed = re.findall(r"\((\d{4}-[\w-]+\.md)\)", (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8"))
    assert listed == sorted(path.name for path in (ROOT / "docs/decisions").glob("0*.md"))


def test_the_changelog_names_every_setting_and_metric_as_it_is_now() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    new = re.findall(r"^\| (?:setting|metric) \| `\w+` \| `(\w+)` \|$", text, re.MULTILINE)
    assert len(new) >= 6
    for name in new:
        assert f"`{name}`" in README, name


def test_files_and_rooms_stay_small() -> None:
    for path in ROOT.rglob("*.py"):
        if not any(part.startswith(".") for part in path.relative_to(ROOT).parts):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path
