"""A clock that stands until a test moves it."""


class ManualClock:
    """Both clocks of a process (``agents.clock.Clock``) as one number of milliseconds."""

    def __init__(self, ms: int = 1_700_000_000_000) -> None:
        self.ms = ms

    def now(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000
