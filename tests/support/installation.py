"""One installation on a broker: a prefix and a group of its own, so that no test meets another's records."""

import os
from pathlib import Path
from uuid import uuid4

from msgspec import Struct

from agents.kafka import topics
from agents.settings import PREFIX, Settings, read


class Installation(Struct, frozen=True):
    """Settings that belong together; ``given`` are the names without FANPULSE_."""

    directory: Path
    given: dict[str, str]

    def environ(self, **more: object) -> dict[str, str]:
        """Return the environment of a process of this installation."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        ours = {**self.given, **{name: str(value) for name, value in more.items()}}
        return kept | {PREFIX + name: value for name, value in ours.items()}

    def settings(self, **more: object) -> Settings:
        """Return the settings of such a process."""
        return read(self.environ(**more))

    def create_topics(self) -> None:
        """Create all topics."""
        topics.create(self.settings())


def fresh(directory: Path, broker: str, redis_url: str = "", **more: object) -> Installation:
    """Return an installation that nobody used; 4 partitions and a short session unless asked otherwise."""
    mark = uuid4().hex[:8]
    given = {
        "BROKER": broker,
        "REDIS_URL": redis_url,
        "TOPIC_PREFIX": f"t{mark}-",
        "GROUP": f"g{mark}",
        "DATA_DIR": str(directory / "data"),
        "PARTITIONS": "4",
        "SESSION_TIMEOUT_S": "6",
        "PUBLISH_DELAY_S": "1",
        **{name: str(value) for name, value in more.items()},
    }
    return Installation(directory, given)
