"""What the worker asks of the C library's allocator."""

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # mallopt(3)
SMALL, MAX_THRESHOLD_BYTES = 128 << 10, 32 << 20  # bytes: glibc's default, and the most it takes


class Buffers:
    """Where glibc's malloc puts buffers of 128 KB and more; another C library is left as it is.

    Kept in the heap they leave holes that small allocations fill: resident memory crept by 3 MB a minute at 5,000
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
        self._library.mallopt(MMAP_THRESHOLD, MAX_THRESHOLD_BYTES if in_heap else SMALL)
        self._library.mallopt(TRIM_THRESHOLD, 2 * MAX_THRESHOLD_BYTES if in_heap else SMALL)
        if not in_heap:
            self._library.malloc_trim(0)
