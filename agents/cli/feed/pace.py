"""Pace: never more than so many a second, counted from the start, so that a slow moment is caught up."""

import asyncio
import time


class Pace:
    """Holds a sender back to a rate; 0 is no limit."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._start = time.monotonic()
        self._n = 0

    async def after(self, n: int) -> None:
        """Return when the ``n`` that were just sent have had their time."""
        self._n += n
        if self._per_second > 0:
            due = self._start + self._n / self._per_second
            await asyncio.sleep(max(0.0, due - time.monotonic()))


def block(per_second: float, most: int) -> int:
    """Return how many to send at once: a tenth of a second's worth.

    >>> block(500.0, most=20_000), block(3.0, most=20_000), block(0.0, most=20_000)
    (50, 1, 20000)
    """
    return most if per_second <= 0 else max(1, min(most, int(per_second / 10)))
