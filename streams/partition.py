"""What one Kafka partition holds: its fans and its brands' clocks, and how events and time move them."""

import numpy as np

from schemas.events import Topic
from schemas.layout import Rows
from streams.columns import TURN
from streams.fold import MOST_TURNS, fold, wake
from streams.params import Brands
from streams.state.table import Table


class Partition:
    """Lives as long as the partition is assigned."""

    def __init__(self, brands: Brands, number: int = 0, partitions: int = 0) -> None:
        self.brands = brands
        self.fans = Table(brands, (number, partitions))
        self.newest_read: dict[Topic, int] = {}  # event time, of each input

    def fold(self, events: Rows, topic: Topic) -> Rows:
        """Apply a block; return its turns. ``verdict`` and ``earns`` say what became of each event."""
        turns = np.empty(MOST_TURNS * len(events), TURN)
        columns = self.fans.columns
        n = fold(columns, events, int(topic), self.brands.rows, turns)
        if len(events) and topic != Topic.CREDITS:
            newest = self.fans.feeds.see(columns.feed, events)
            self.newest_read[topic] = max(self.newest_read.get(topic, 0), newest)
        return turns[:n]

    def tick(self, now: int, lagging: set[Topic], most: int, rows: int = 1 << 62) -> Rows:
        """Let time pass to ``now``: wake due fans until ``most`` flags turned or ``rows`` changed; return the turns."""
        behind = {int(topic): self.newest_read.get(topic, 0) for topic in lagging}
        clock = self.fans.feeds.clock(now, behind)
        turns = np.empty(most + MOST_TURNS, TURN)
        return turns[: wake(self.fans.columns, self.fans.late(clock), clock, self.brands.rows, turns, rows)]
