"""How much goes into one transaction: what the broker took in a fifth of the time that it allows."""

TARGET_S = 2.0  # transactions time out after 10, and new fans cost five times what known ones do
LEAST, MOST = 20_000, 400_000  # events, and rows to tell


class Pace:
    """Follows the speed of the last transaction."""

    def __init__(self) -> None:
        self.most = LEAST

    def took(self, n: int, seconds: float) -> None:
        """Note how long ``n`` events, or rows if these were more, took."""
        self.most = int(min(max(n * TARGET_S / seconds, LEAST), MOST))
