"""The demo as a stream of events: first a history, then what happens as time goes by."""

from collections.abc import Iterator
from heapq import merge
from typing import Any, NamedTuple

from agents.demo.acts import DemoAct, event
from agents.demo.incidents import SALE_FACTOR, incidents, is_sale, passer_by_act
from agents.demo.personas import Persona, Silence
from agents.demo.population import Plan, everyone, leavers, members


class DemoEvent(NamedTuple):
    """An event and the topic, without prefix, that it belongs to."""

    topic: str
    fields: dict[str, Any]


class Traffic:
    """All events of one demo.

    traffic = Traffic(plan, "miot", rate=20.0, burst=True, silence=silence)
    send(traffic.history())
    while True:
        send(traffic.until(now()))
    """

    def __init__(self, plan: Plan, brand: str, *, rate: float, burst: bool, silence: Silence) -> None:
        """Take a plan; ``rate`` is events a second from ``plan.now`` on, ``silence`` the rule that leavers fall under.

        A plan of no history days has fans without a past, and a ``run`` brings the past of its leavers alone: the
        others had theirs in the first.
        """
        self.plan, self.brand, self.rate, self.burst = plan, brand, rate, burst
        crew = members(plan)
        self._core = [member.fan_id for member in crew if member.name is Persona.CORE]
        if plan.run:
            past = leavers(plan, crew, silence)
            coming = everyone(plan._replace(history_days=0), crew, silence)
        else:
            past, coming = everyone(plan, crew, silence), iter(())
        self._acts = merge(past, coming, incidents(plan, crew, rate), key=lambda act: act.at)
        self._next = next(self._acts)
        self._rng = plan.rng("crowd", plan.now)
        self._sent_until, self._owed, self._sent = plan.now, 0.0, 0

    def history(self) -> Iterator[DemoEvent]:
        """Yield what happened before the plan's now, in the order of time."""
        yield from map(self._event, self._until(self.plan.now))

    def until(self, now: int) -> list[DemoEvent]:
        """Return what happened since the last call, up to ``now`` (ms), in the order of time."""
        acts = list(self._until(now))
        elapsed, passed = (now - self.plan.now) / 1000, max(0, now - self._sent_until)
        sale = self.burst and is_sale(elapsed)
        self._owed += self.rate * (SALE_FACTOR if sale else 1) * passed / 1000 - len(acts)
        for _ in range(int(self._owed)):
            at = self._sent_until + self._rng.randrange(passed) if passed else now
            acts.append(passer_by_act(self._rng, at, self.plan.fans, self._core, sale=sale))
        self._owed -= max(0, int(self._owed))
        self._sent_until = max(now, self._sent_until)
        return [self._event(act) for act in sorted(acts, key=lambda act: act.at)]

    def _until(self, now: int) -> Iterator[DemoAct]:
        while self._next.at <= now:
            yield self._next
            self._next = next(self._acts)

    def _event(self, act: DemoAct) -> DemoEvent:
        self._sent += 1
        return DemoEvent(act.topic, event(act, f"{self.plan.now:x}-{self.plan.seed}-{self._sent}", self.brand))
