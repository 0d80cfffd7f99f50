"""How many flags time may turn: 1,000 a second for a worker, shared by its partitions by the time that passed."""

from agents.worker.active_task import ActiveTask

FLAGS_PER_S = 1000.0
MAX_SAVED_TICKS = 2.0  # that a partition may save up


class FlagBudget:
    """One token bucket per partition, so that no partition waits until another one has none left.

    After an outage of an hour a million leavers are flagged in 1,000 s, all partitions at the same rate.
    """

    def __init__(self, tick_s: float) -> None:
        self.tick_s = tick_s
        self._saved: dict[int, float] = {}

    def take(self, active: ActiveTask, now: int, tasks: int) -> int:
        """Return how many flags a partition may turn at ``now``, ms, one of ``tasks``."""
        rate = FLAGS_PER_S / max(tasks, 1)
        passed = (now - active.judged_at) / 1000 if active.judged_at else self.tick_s
        active.judged_at = now
        saved = self._saved.get(active.number, 0.0) + rate * max(passed, 0.0)
        self._saved[active.number] = min(saved, rate * self.tick_s * MAX_SAVED_TICKS)
        return max(int(self._saved[active.number]), 0)

    def spend(self, active: ActiveTask, flags: int) -> None:
        """Note how many flags turned."""
        self._saved[active.number] -= flags
