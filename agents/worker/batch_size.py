"""Adaptive batch size: how much goes into one transaction is what the broker took in a fifth of the time it allows."""

TARGET_S = 2.0  # transactions time out after 10, and new fans cost five times what known ones do
MIN_SIZE, MAX_SIZE = 20_000, 400_000  # events, and rows to publish
MIN_S = 0.001  # a clock may not have moved at all


class BatchSize:
    """Follows the speed of the last transaction; ``limit`` is in events, or rows where these are more."""

    def __init__(self) -> None:
        self.limit = MIN_SIZE

    def observe(self, n: int, seconds: float) -> None:
        """Note how long ``n`` events, or rows if these were more, took."""
        self.limit = int(min(max(n * TARGET_S / max(seconds, MIN_S), MIN_SIZE), MAX_SIZE))
