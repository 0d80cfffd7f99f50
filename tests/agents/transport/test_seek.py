"""After the seek, the listener knows of every partition where reading begins, also where nothing was ever committed."""

import asyncio
from types import SimpleNamespace

from aiokafka.errors import IllegalStateError
from faust.types import TP

from agents.transport.consumer import Consumer

LIKES, COMMENTS, REPOSTS = TP("likes", 0), TP("comments", 0), TP("reposts", 0)


class Positions:
    """The consumer's thread, which knows the earliest offsets."""

    def __init__(self, earliest: dict[TP, int]) -> None:
        self.earliest = earliest

    async def positions(self, tps: set[TP]) -> dict[TP, int]:
        """Return them, unless a rebalance took a partition."""
        if tps - self.earliest.keys():
            raise IllegalStateError("not assigned")
        return {tp: self.earliest[tp] for tp in tps}


def seek(
    committed: dict[TP, int | None], earliest: dict[TP, int], starts: dict[TP, int] | None = None
) -> tuple[list[dict[TP, int]], dict[TP, int]]:
    """Return what the listener learns, and where the consumer sought by itself."""
    one, learned, seeked = Consumer.__new__(Consumer), list[dict[TP, int]](), dict[TP, int]()

    async def seek_to_committed() -> dict[TP, int | None]:
        return committed

    async def seek_one(tp: TP, offset: int) -> None:
        seeked[tp] = offset

    one._read_offset, one._committed_offset = {TP("likes", 9): None}, {}  # one that was ours before
    one.seek_to_committed, one.seek, one.assignment = seek_to_committed, seek_one, lambda: set(committed)
    one._thread = Positions(earliest)  # type: ignore[assignment]
    one.listener = SimpleNamespace(on_seek=learned.append, starting_offsets=lambda committed: starts or {})
    one.log = SimpleNamespace(warning=lambda *words: None)
    asyncio.run(one.perform_seek())
    return learned, seeked


def test_a_partition_without_a_committed_offset_is_at_its_earliest() -> None:
    learned, seeked = seek({LIKES: None, COMMENTS: 7, REPOSTS: 0}, {LIKES: 3})
    assert learned == [{LIKES: 3, COMMENTS: 7, REPOSTS: 0}]
    assert seeked == {}


def test_an_applied_offset_wins_over_the_committed_one() -> None:
    learned, seeked = seek({LIKES: 9, COMMENTS: 7, REPOSTS: None}, {}, starts={LIKES: 4, REPOSTS: 2})
    assert learned == [{LIKES: 4, COMMENTS: 7, REPOSTS: 2}]
    assert seeked == {LIKES: 4, REPOSTS: 2}


def test_a_rebalance_during_the_seek_starts_over() -> None:
    assert seek({LIKES: None, COMMENTS: 7}, {}) == ([], {})
