"""What the serve process knows of itself: shown on the page and asked by probes."""

from dataclasses import dataclass


@dataclass
class State:
    """Each trouble is a sentence for the screen, or None while all is well."""

    redis: str | None = None
    kafka: str | None = None
    reading: str | None = None  # why the output topics cannot be read
    workers: int | None = None  # in the group; None: not known
    caught_up: bool = False  # since the copy was begun: every record that was there then is in Redis
    behind: int = 0  # output records that are not in Redis yet

    def not_ready(self) -> str | None:
        """Return why lookups should go elsewhere, or None.

        >>> State(caught_up=True).not_ready() is None, State(behind=12).not_ready()
        (True, 'catching up: 12 records to go')
        """
        trouble = self.redis or self.reading
        if trouble is not None:
            return trouble
        return None if self.caught_up else f"catching up: {self.behind} records to go"
