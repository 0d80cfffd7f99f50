"""What a process takes while it runs: memory, descriptors, tasks; and whether any of it grows."""

import os
import threading
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.chaos.fixtures.scenario import metric
from tests.support.processes import Running

EVERY_S = 2.0
WARM = 1 / 3  # of the time: what comes before is warm-up
PAGE = os.sysconf("SC_PAGE_SIZE")
MB = 1 << 20


class Sample(NamedTuple):
    """One look at a process."""

    at: float  # seconds
    resident: float  # MB
    descriptors: float
    tasks: float


class Growth(NamedTuple):
    """How a figure moved after the warm-up: its mean, a line through it, and how far it strays from that line."""

    mean: float
    an_hour: float  # slope
    rise: float  # over the time watched
    noise: float  # two standard deviations around the line

    @property
    def is_nil(self) -> bool:
        """Whether the rise is within the noise, or that of floating point where a figure never moved."""
        return self.rise <= max(self.noise, 1e-6)

    def __str__(self) -> str:
        return f"{self.mean:.1f}, slope {self.an_hour:+.2f} an hour: {self.rise:+.2f} in all, noise {self.noise:.2f}"


class Sampling:
    """Looks at a process from a thread until it is stopped."""

    def __init__(self, one: Running) -> None:
        self.one = one
        self.samples: list[Sample] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    def growth(self, name: str) -> Growth:
        """Fit a line through what was seen after the warm-up."""
        start, end = self.samples[0].at, self.samples[-1].at
        seen = [sample for sample in self.samples if sample.at >= start + WARM * (end - start)]
        at, values = np.array([sample.at for sample in seen]), np.array([getattr(sample, name) for sample in seen])
        slope, base = np.polyfit(at - at[0], values, 1)
        noise = 2 * float(np.std(values - base - slope * (at - at[0])))
        return Growth(float(values.mean()), float(slope) * 3600, float(slope * (at[-1] - at[0])), noise)

    def _run(self) -> None:
        proc = Path(f"/proc/{self.one.pid}")
        while not self._over.wait(EVERY_S):
            resident = int((proc / "statm").read_text().split()[1]) * PAGE / MB
            descriptors, tasks = len(list((proc / "fd").iterdir())), metric(self.one, "fanpulse_event_loop_tasks")
            self.samples.append(Sample(time.monotonic(), resident, float(descriptors), tasks))
