"""Write the dashboards: `python -m deploy.grafana.make`; a test compares what it would write with what is there."""

import json
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana.fans import FANS
from deploy.grafana.machine import MACHINE
from deploy.grafana.now import NOW
from deploy.grafana.sentiment import SENTIMENT

DASHBOARDS = Path(__file__).parent / "dashboards"


def files() -> dict[str, str]:
    """Return the JSON of each dashboard by its file's name."""
    dashboards = {"now": NOW, "fans": FANS, "sentiment": SENTIMENT, "machine": MACHINE}
    return {
        f"{name}.json": json.dumps(dashboard.build(), cls=JSONEncoder, indent=2, ensure_ascii=False) + "\n"
        for name, dashboard in dashboards.items()
    }


if __name__ == "__main__":
    for name, text in files().items():
        (DASHBOARDS / name).write_text(text, encoding="utf-8")
