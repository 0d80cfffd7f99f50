"""Where large buffers are put: asked of the C library itself, in a process of its own."""

import subprocess
import sys

import pytest

from tests.needed import need

ASK = """
import ctypes
from agents.worker.memory import Buffers

class Info(ctypes.Structure):
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

library = ctypes.CDLL(None)
if not hasattr(library, "mallinfo2"):
    raise SystemExit(3)
library.mallinfo2.restype = Info
buffers = Buffers()
for in_heap in IN_HEAP:
    buffers.keep(in_heap=in_heap)
    before = library.mallinfo2().hblks
    buffer = bytearray(1 << 20)
    print(library.mallinfo2().hblks - before)
    del buffer
"""


@pytest.mark.parametrize(("in_heap", "mapped"), [([False], [1]), ([True], [0]), ([False, True], [1, 0])])
def test_large_buffers_go_where_they_are_told(in_heap: list[bool], mapped: list[int]) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", f"IN_HEAP = {in_heap}\n{ASK}"], capture_output=True, text=True, check=False
    )
    need(ran.returncode != 3, "glibc 2.33 or newer")
    assert ran.returncode == 0, ran.stderr
    assert [int(line) for line in ran.stdout.split()] == mapped
