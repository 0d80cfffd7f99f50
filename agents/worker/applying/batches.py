"""A message's blocks into their partitions: decoded together, topic by topic, where they are small; folded in order."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from faust.types import TP

from agents.transport.blocks import RawBlock
from agents.worker.applying import continuity
from agents.worker.applying.blackbox import MAX_TOGETHER, BlackBox
from agents.worker.applying.careful import apply_one_by_one
from agents.worker.applying.scoring import Scoring
from agents.worker.owning.held import Held
from schemas.events import Topic
from streams.block import Block

MOST = 4_096  # records that are decoded together: beyond it joining costs more than it saves, and the loop waits

Blocks: TypeAlias = Sequence[tuple[TP, RawBlock]]


def batches(blocks: Blocks) -> Iterator[Blocks]:
    """Yield runs of blocks that are small enough to be decoded together."""
    first, size = 0, 0
    for i, (_, block) in enumerate(blocks):
        if size and size + len(block.records) > MOST:
            yield blocks[first:i]
            first, size = i, 0
        size += len(block.records)
    yield blocks[first:]


class Applying:
    """Applies batches; what goes wrong is left to whoever calls."""

    def __init__(self, scoring: Scoring, box: BlackBox) -> None:
        self.scoring, self.box = scoring, box

    def apply(self, batch: Blocks, held: Mapping[int, Held], lagging: Callable[[int], set[Topic]]) -> None:
        """Apply a batch; ``lagging`` says, for a tick, which inputs of a partition are not read to their end."""
        decoded = self._decode(batch)
        for i, (tp, block) in enumerate(batch):
            one = held[tp.partition]
            if tp.topic == self.scoring.ticks:
                self.scoring.tick(one, tp, block, lagging(tp.partition))
            else:
                self._fold(one, tp, block, decoded.get(i))
            one.outbox.offsets[tp] = one.applied[tp] = block.next_offset
        self.scoring.tally.count()

    def _decode(self, batch: Blocks) -> dict[int, Block]:
        """Return the columns of blocks that have records and are not dangerous, by their place in the batch."""
        alone: list[list[int]] = []
        places: dict[str, list[int]] = defaultdict(list)
        for i, (tp, block) in enumerate(batch):
            if not len(block.records) or tp.topic == self.scoring.ticks or self._is_dangerous(tp, block):
                continue
            if self.box.is_suspect(tp, block.offset, block.next_offset):
                alone.append([i])
            else:
                places[tp.topic].append(i)
        groups = [some[n : n + MAX_TOGETHER] for some in places.values() for n in range(0, len(some), MAX_TOGETHER)]
        found: dict[int, Block] = {}
        for together in (*alone, *groups):
            self.box.enter_all([batch[i] for i in together])
            blocks = self.scoring.decode(batch[together[0]][0].topic, [batch[i][1].records for i in together])
            self.box.leave()
            found |= zip(together, blocks, strict=True)
        return found

    def _fold(self, held: Held, tp: TP, block: RawBlock, decoded: Block | None) -> None:
        scoring = self.scoring
        continuity.check(tp, held.applied.get(tp), block, scoring.metrics, scoring.labels[tp.topic])
        if decoded is not None:
            self.box.enter(tp, block.offset, block.next_offset)
            scoring.fold(held, tp, decoded)
            self.box.leave()
        elif len(block.records):
            apply_one_by_one(scoring, held, tp, block, self.box)

    def _is_dangerous(self, tp: TP, block: RawBlock) -> bool:
        return self.box.is_dangerous(tp, block.offset, block.next_offset)
