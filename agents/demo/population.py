"""Who the made-up brand's fans are: ids, characters, and all that they do by themselves."""

from collections.abc import Iterator
from heapq import merge
from itertools import accumulate
from random import Random
from typing import NamedTuple

from agents.demo.acts import DemoAct
from agents.demo.personas import SHARES, TIMES, Persona, Silence, bot, leaver, steady
from schemas.topics import DAY_MS

FIRST_DUE_MS, DUE_GAP_MS, SLOW_GAP_MS = 15_000, 4_000, 60_000  # from now on
QUICK = 40  # leavers that fall due one soon after the other; the rest takes its time


class DemoFan(NamedTuple):
    """A fan and their character."""

    fan_id: str
    name: Persona


class Plan(NamedTuple):
    """What makes one demo differ from another; the same plan gives the same acts."""

    seed: int
    now: int  # ms since the epoch: before it lies history, after it what is yet to come
    history_days: int
    fans: int
    run: int  # leavers of another run are other fans, because a fan leaves only once

    def rng(self, *whose: object) -> Random:
        """Return a generator of its own for each purpose, so that none disturbs another."""
        return Random("/".join(map(str, (self.seed, *whose))))


def members(plan: Plan) -> list[DemoFan]:
    """Return the fans, each persona with its share.

    >>> [member.fan_id for member in members(Plan(1, 0, 120, 1000, run=0))[:2]]
    ['weibo:10000', 'weibo:10001']
    """
    edges = [round(plan.fans * share) for share in accumulate(SHARES.values())]
    names = [name for name, low, high in zip(SHARES, [0, *edges], edges, strict=False) for _ in range(low, high)]
    return [DemoFan(_id(i, name, plan.run), name) for i, name in enumerate(names)]


def _id(i: int, name: Persona, run: int) -> str:
    number = f"9{run}{i:05d}" if name is Persona.LEAVER and run else str(10_000 + i)
    return f"{'wechat' if i % 10 >= 7 else 'weibo'}:{number}"


def everyone(plan: Plan, crew: list[DemoFan], silence: Silence) -> Iterator[DemoAct]:
    """Yield all acts in the order of time, without an end: history first, then what comes after ``plan.now``."""
    core = [member.fan_id for member in crew if member.name is Persona.CORE]
    lives: list[Iterator[DemoAct]] = [
        _acts_of(plan, member, core) for member in crew if member.name is not Persona.LEAVER
    ]
    return merge(*lives, leavers(plan, crew, silence), key=_at)


def leavers(plan: Plan, crew: list[DemoFan], silence: Silence) -> Iterator[DemoAct]:
    """Yield the acts of those who stopped; they fall due one after the other, beginning seconds after ``plan.now``."""
    fan_ids = [member.fan_id for member in crew if member.name is Persona.LEAVER]
    if plan.history_days == 0:
        return iter(())
    acts: list[DemoAct] = []
    for i, fan_id in enumerate(fan_ids):
        rng = plan.rng("leaver", fan_id if not plan.run else i)
        due = plan.now + FIRST_DUE_MS + min(i, QUICK) * DUE_GAP_MS + max(0, i - QUICK) * SLOW_GAP_MS
        acts += leaver(rng, fan_id, due, rng.uniform(0.3, 0.6) * plan.history_days, silence)
    return iter(sorted(acts, key=_at))


def _acts_of(plan: Plan, member: DemoFan, core: list[str]) -> Iterator[DemoAct]:
    rng = plan.rng(member.fan_id)
    days = min(plan.history_days, TIMES.get(member.name, plan.history_days))
    if member.name is Persona.LURKER:  # there is always someone new
        days = int(rng.uniform(0, days))
    start = plan.now - days * DAY_MS
    if member.name is Persona.BOT:
        return bot(rng, member.fan_id, start)
    return steady(rng, member.name, member.fan_id, start, core)


def _at(act: DemoAct) -> int:
    return act.at
