"""Faust's monitor for a worker of blocks: it keeps how long rebalances take, and nothing of messages."""

import time
from typing import Any

import faust

from agents.metrics import Metrics


class Monitor(faust.Monitor):
    """Counts rebalances for Faust; messages and commits are measured per batch and per flush elsewhere."""

    def __init__(self, metrics: Metrics, **options: Any) -> None:
        super().__init__(**options)
        self.metrics = metrics

    def on_rebalance_start(self, app: Any) -> dict[str, float]:
        """Note when partitions were asked back, or first asked for."""
        return {"began": time.monotonic()}

    def on_rebalance_return(self, app: Any, state: dict[str, float]) -> None:
        """Do nothing: partitions are ours by then, and not yet read back."""

    def on_rebalance_end(self, app: Any, state: dict[str, float]) -> None:
        """Set how long it took until events flow again."""
        self.metrics.rebalance.set(time.monotonic() - state["began"])

    def on_message_in(self, *_: Any) -> None:
        """Do nothing."""

    def on_stream_event_in(self, *_: Any) -> None:
        """Do nothing."""

    def on_stream_event_out(self, *_: Any) -> None:
        """Do nothing."""
