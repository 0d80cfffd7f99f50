"""What became of events, counted for Prometheus a batch at a time: a block alone is too small to be worth it."""

from collections import Counter, defaultdict
from itertools import chain
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from agents.metrics import FEELINGS, OUTCOMES, Metrics
from schemas.layout import Rows
from streams.block import Block
from streams.columns import Verdict
from streams.records.flag_ids import KINDS
from streams.records.flags import REASONS, STATES

TURNED = ("flag", "after", "reason")
FEELING_EDGES = -0.2, 0.2

Savepoint: TypeAlias = tuple[dict[str, int], Counter[tuple[int, ...]]]


class Tally:
    """Takes what is folded, and counts it when asked."""

    def __init__(self, metrics: Metrics, brand_names: list[str]) -> None:
        self.metrics, self.brand_names = metrics, brand_names
        self._blocks: dict[str, list[Block]] = defaultdict(list)
        self._turns: Counter[tuple[int, ...]] = Counter()  # by brand, flag, what it turned to, and why

    def add(self, label: str, block: Block) -> None:
        """Note a block of a topic; its verdicts must stand."""
        self._blocks[label].append(block)

    def ignore(self, label: str, staff: int) -> None:
        """Count events of a brand's own people."""
        if staff:
            self.metrics.events[label, "ignored"][len(self.metrics.platforms)].inc(staff)

    def turned(self, codes: NDArray[np.int16], turns: Rows) -> None:
        """Note transitions, each with its brand's row in the parameters."""
        self._turns.update(zip(codes.tolist(), *(turns[name].tolist() for name in TURNED), strict=True))

    def savepoint(self) -> Savepoint:
        """Return what ``rollback`` goes back to."""
        return {label: len(blocks) for label, blocks in self._blocks.items()}, self._turns.copy()

    def rollback(self, before: Savepoint) -> None:
        """Drop what was noted since."""
        sizes, self._turns = before
        for label, blocks in self._blocks.items():
            del blocks[sizes.get(label, 0) :]

    def count(self) -> None:
        """Count what was noted."""
        for label, blocks in self._blocks.items():
            if blocks:
                self._count(label, blocks)
        for (code, flag, after, reason), n in self._turns.items():
            labels = self.brand_names[code], KINDS[flag], STATES[flag][after], REASONS[reason]
            self.metrics.flags.labels(*labels).inc(n)
        self._blocks.clear()
        self._turns.clear()

    def _count(self, label: str, blocks: list[Block]) -> None:
        counters, other = self.metrics.events, len(self.metrics.platforms)
        events = np.concatenate([block.events for block in blocks]) if len(blocks) > 1 else blocks[0].events
        if label == "credits":
            platforms = np.full(len(events), other)
        else:
            code = self.metrics.platforms.get
            acts = chain.from_iterable(block.acts for block in blocks)
            platforms = np.array([code(act.platform, other) for act in acts], np.int64)
        n = np.bincount(events["verdict"] * (other + 1) + platforms)
        for place in np.flatnonzero(n).tolist():
            verdict, platform = divmod(place, other + 1)
            counters[label, OUTCOMES[Verdict(verdict)]][platform].inc(int(n[place]))
        if label == "comments":
            self._feel(events)
        rejected = sum(len(block.refused) for block in blocks)
        if rejected:
            counters[label, "rejected"][other].inc(rejected)

    def _feel(self, events: Rows) -> None:
        counted = events[(events["verdict"] == Verdict.APPLIED) | (events["verdict"] == Verdict.LATE)]
        kinds = np.searchsorted(FEELING_EDGES, counted["sentiment"])
        n = np.bincount(counted["brand"] * len(FEELINGS) + kinds)
        for place in np.flatnonzero(n).tolist():
            code, kind = divmod(place, len(FEELINGS))
            self.metrics.comments.labels(self.brand_names[code], FEELINGS[kind]).inc(int(n[place]))
