"""How a rule emits a transition."""

from streams.compiled import compiled
from streams.rules.rule import MAX_EMITTED, Emitted


@compiled
def emit(out: Emitted, flag: int, change: tuple[int, int], since: int, cause: tuple[int, int]) -> None:
    """Write one transition of a fan at ``fan.as_of``.

    ``change`` is what the flag turned from and to, ``since`` the start of its episode (ms), ``cause`` the reason's
    number and the severity. A model has at most ``MAX_EMITTED`` flags, each of which turns once an event.
    """
    k = out.n
    if k >= MAX_EMITTED:
        return
    out.flag[k], out.before[k], out.after[k] = flag, change[0], change[1]
    out.since[k], out.reason[k], out.severity[k] = since, cause[0], cause[1]
    out.n += 1
