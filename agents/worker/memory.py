"""What the worker asks of its memory: of Python's collector, and of the C library's allocator."""

import ctypes
import gc

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # mallopt(3)
SMALL, LARGE = 128 << 10, 32 << 20  # bytes: glibc's default, and the most it takes


def tune_garbage_collection() -> None:
    """Keep the collector off what lives for long; what is young is collected before it fills 20 MB and heap with holes.

    At 200,000 in place of 10,000 the heap in use swings by 20 MB, a backlog takes 10 % longer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 100)


class Buffers:
    """Where glibc's malloc puts buffers of 128 KB and more; another C library is left as it is.

    Kept in the heap they leave holes that small things settle in: resident memory creeps, 22 MB an hour at 5,000
    events/s. Mapped one by one it stands still, but on a backlog each event costs 2 us more in page faults.
    """

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)
        self._is_glibc = hasattr(self._library, "malloc_trim")
        self._in_heap: bool | None = None

    def keep(self, in_heap: bool) -> None:
        """Keep them in the heap from now on; or map each by itself, and give back what the heap has free."""
        if not self._is_glibc or in_heap == self._in_heap:
            return
        self._in_heap = in_heap
        self._library.mallopt(MMAP_THRESHOLD, LARGE if in_heap else SMALL)
        self._library.mallopt(TRIM_THRESHOLD, 2 * LARGE if in_heap else SMALL)
        if not in_heap:
            self._library.malloc_trim(0)
