"""Chains of kernels: how a model's rules and kinds become one compiled function each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from schemas.inputs.declaration import Kind
from streams.compiled import link
from streams.rules.rule import DAY, NEVER, Event, Gauge, Kernel, Row, Value

if TYPE_CHECKING:
    from streams.rules.authenticity import Settings


def in_order(kernels: Sequence[Kernel], arity: int) -> Kernel:
    """Return one kernel that calls each with the same arguments, three or four."""
    if not kernels:
        return _nothing3 if arity == 3 else _nothing4
    if len(kernels) == 1:
        return kernels[0]
    first, rest = kernels[0], in_order(kernels[1:], arity)
    if arity == 3:

        @link
        def call3(a: Row, b: Row, c: Row) -> None:
            first(a, b, c)
            rest(a, b, c)

        return call3

    @link
    def call4(a: Row, b: Row, c: Row, d: Row) -> None:
        first(a, b, c, d)
        rest(a, b, c, d)

    return call4


@link
def _nothing3(a: Row, b: Row, c: Row) -> None:
    pass


@link
def _nothing4(a: Row, b: Row, c: Row, d: Row) -> None:
    pass


def earliest(timers: Sequence[Kernel]) -> Kernel:
    """Return the kernel ``(fan, now, params) -> ms``: the first timer after ``now``; a passed one, a day later."""
    if not timers:
        return _never
    first, rest = timers[0], earliest(timers[1:])

    @link
    def timer(f: Row, now: int, p: Row) -> Value:
        at = first(f, p)
        return min(at if at > now else now + DAY, rest(f, now, p))

    return timer


@link
def _never(f: Row, now: int, p: Row) -> Value:
    return NEVER


def either(conditions: Sequence[Kernel]) -> Kernel:
    """Return the kernel ``(fan, now, params) -> bool`` that is true where one of the conditions is."""
    if not conditions:
        return _false
    first, rest = conditions[0], either(conditions[1:])

    @link
    def condition(f: Row, now: int, p: Row) -> bool:
        return bool(first(f, now, p) or rest(f, now, p))

    return condition


@link
def _false(f: Row, now: int, p: Row) -> bool:
    return False


def counter(kinds: Sequence[Kind]) -> Kernel:
    """Return the kernel ``(fan, event, params)`` that counts an event in the cells of its kind, and caps it.

    An act of an older day than the newest seen of its kind is not capped.
    """
    if not kinds:
        return _nothing3
    kind, rest = kinds[0], counter(kinds[1:])
    number, count = kind.number, f"count_{kind.name}"
    if kind.cap_cells is None:

        @link
        def count_event(f: Row, e: Event, p: Row) -> None:
            if e.kind == number:
                f[count] += 1
            else:
                rest(f, e, p)

        return count_event
    day, acts = f"cap_day_{kind.name}", f"cap_count_{kind.name}"

    @link
    def count_capped(f: Row, e: Event, p: "Settings") -> None:
        if e.kind != number:
            rest(f, e, p)
            return
        f[count] += 1
        if e.day < f[day] or e.weight < 0.0:
            return
        if e.day > f[day]:
            f[day] = e.day
            f[acts] = 0
        if f[acts] >= p.daily_cap:
            e.is_capped = 1
        else:
            f[acts] += 1
            e.reached_cap = 1 if f[acts] == p.daily_cap else 0

    return count_capped


def classifier(gauges: Sequence[Gauge]) -> Kernel:
    """Return the kernel ``(fan) -> int`` that numbers the combination of all values; the last gauge varies fastest.

    A value that a newer version wrote counts as the last one known, so that no count is written beyond its cells.
    """
    if not gauges:
        return _zero
    first, rest = gauges[-1].value, classifier(gauges[:-1])
    size = len(gauges[-1].values)

    @link
    def class_of(f: Row) -> Value:
        return rest(f) * size + min(max(first(f), 0), size - 1)

    return class_of


@link
def _zero(f: Row) -> int:
    return 0
