"""Write the manifests that repeat other files: `python -m deploy.kubernetes.make`; a test compares.

Topics come from `schemas/topics.py`, alerts from `deploy/prometheus`.
"""

from pathlib import Path
from textwrap import indent

from agents.cli.admin.manifest import render
from agents.settings import Settings, read

HERE = Path(__file__).parent
RULE_FILES = [HERE.parent / "prometheus" / name for name in ("recording.yml", "alerts.yml")]
WRITTEN = "# Written by `python -m deploy.kubernetes.make` from {}; do not edit.\n"
RULE_RESOURCE = """\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: fanpulse
spec:
  groups:
"""


def files() -> dict[Path, str]:
    """Return the text of each file by its path."""
    components = HERE / "components"
    return {components / "topics" / "topics.yaml": topics(), components / "monitoring" / "rules.yaml": rules()}


def topics() -> str:
    """Return production's topics."""
    return WRITTEN.format("schemas/topics.py") + render(production(), "fanpulse-kafka")


def production() -> Settings:
    """Return the settings of the overlay, as the pods get them."""
    lines = [
        line
        for folder in ("base", "overlays/production")
        for line in (HERE / folder / "settings.env").read_text(encoding="utf-8").splitlines()
    ]
    return read(dict(line.split("=", 1) for line in lines if line))


def rules() -> str:
    """Return the rules of all files as one resource."""
    header = WRITTEN.format(" and ".join(f"deploy/prometheus/{path.name}" for path in RULE_FILES))
    return header + RULE_RESOURCE + "".join(indent(_groups(path), "  ") for path in RULE_FILES)


def _groups(path: Path) -> str:
    """Return what stands under `groups:`, which is all that a rules file says.

    Raises:
        ValueError: it says more than groups.
    """
    head, mark, groups = path.read_text(encoding="utf-8").partition("groups:\n")
    if not mark or any(line and not line.startswith(("#", " ")) for line in (head + groups).splitlines()):
        raise ValueError(f"{path} has more than comments and groups")
    return groups.strip("\n") + "\n"


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
