"""What is staged for whoever looks on: fans who turn angry, fans who rise, a flash sale, and the many who pass by."""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import count, cycle
from random import Random

from agents.demo.acts import DemoAct, comment, purchase, repost
from agents.demo.personas import Persona, act_of
from agents.demo.population import DemoFan, Plan
from agents.demo.sentences import ANGRY, HAPPY
from schemas.inputs.comments import COMMENTS
from schemas.inputs.likes import LIKES
from schemas.inputs.purchases import PURCHASES
from schemas.inputs.reposts import REPOSTS

ANGER_MS, ANSWER_MS = 9_000, 45_000  # from one angry fan to the next; until some of them are made good
SOLACE = 3  # every third is
STEPS, STEPS_UP = 14, 40  # acts of a top gainer: enough for tier active, for some enough for core
INCIDENT_INPUTS = (LIKES, REPOSTS, COMMENTS, PURCHASES)
CALM, SALE = (70, 15, 12, 3), (40, 5, 15, 40)  # what passers-by do, of a hundred acts
PASSERS_BY_PER_FAN = 300
PASSERS_BY_ANGRY_SHARE = 0.06  # of its comments
SALE_FIRST_S, SALE_EVERY_S, SALE_S, SALE_FACTOR = 30, 600, 40, 4


def incidents(plan: Plan, crew: Sequence[DemoFan], rate: float) -> Iterator[DemoAct]:
    """Yield the staged acts in the order of time, all after ``plan.now``, without an end."""
    return merge(_anger(plan, crew), _top_gainers(plan, crew, rate), key=lambda act: act.at)


def _anger(plan: Plan, crew: Sequence[DemoFan]) -> Iterator[DemoAct]:
    """Yield an angry comment every few seconds, now and then by a core fan, and a kind word after some of them."""
    rng = plan.rng("anger")
    cast = [member.fan_id for member in crew if member.name is Persona.ANGRY]
    cast += [member.fan_id for member in crew if member.name is Persona.CORE][: len(cast) // 4]
    rng.shuffle(cast)
    late: list[DemoAct] = []
    for n, fan_id in zip(count(), cycle(cast), strict=False):
        at = plan.now + 5_000 + n * ANGER_MS
        while late and late[0].at <= at:
            yield late.pop(0)
        yield comment(rng, at, fan_id, rng.choice(ANGRY))
        if n % SOLACE == 0:
            late.append(comment(rng, at + ANSWER_MS, fan_id, rng.choice(HAPPY)))


def _top_gainers(plan: Plan, crew: Sequence[DemoFan], rate: float) -> Iterator[DemoAct]:
    """Yield the acts of newcomers who climb the tiers, one fan after the other; every fourth goes to the top."""
    rng = plan.rng("rise")
    core = [member.fan_id for member in crew if member.name is Persona.CORE]
    step, at = int(max(1_000.0, 5_000.0 / rate)), plan.now
    for n in count():
        fan_id = f"weibo:8{plan.now // 1000}{n:04d}"
        for k in range(STEPS_UP if n % 4 == 3 else STEPS):
            at += step
            if k % 13 == 6:
                yield purchase(rng, at, fan_id)
            elif k % 3 == 2:
                yield repost(rng, at, fan_id, core)
            else:
                yield comment(rng, at, fan_id, rng.choice(HAPPY))


def is_sale(elapsed_s: float) -> bool:
    """Whether the flash sale is on, so many seconds after the demo's start.

    >>> [is_sale(at) for at in (0.0, 31.0, 71.0, 631.0)]
    [False, True, False, True]
    """
    return elapsed_s >= SALE_FIRST_S and (elapsed_s - SALE_FIRST_S) % SALE_EVERY_S < SALE_S


def passer_by_act(rng: Random, at: int, fans: int, core: Sequence[str], *, sale: bool) -> DemoAct:
    """Return an act of one of the many who pass by."""
    number = rng.randrange(fans * PASSERS_BY_PER_FAN)
    fan_id = f"{'wechat' if number % 10 >= 7 else 'weibo'}:{1_000_000 + number}"
    (source,) = rng.choices(INCIDENT_INPUTS, SALE if sale else CALM)
    act = act_of(rng, source, at, fan_id, core, angry=PASSERS_BY_ANGRY_SHARE)
    return act._replace(fields=act.fields | {"campaign_id": "flash-sale"}) if sale else act
