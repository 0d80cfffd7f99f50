"""The characters: how often each kind of fan does what, and the few whose acts have a pattern of their own."""

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from itertools import count
from random import Random
from typing import NamedTuple

from agents.demo.acts import DemoAct, comment, like, paid, purchase, repost
from agents.demo.sentences import pick
from schemas.inputs.comments import COMMENTS
from schemas.inputs.declaration import Input
from schemas.inputs.likes import LIKES
from schemas.inputs.purchases import PURCHASES
from schemas.inputs.reposts import REPOSTS
from schemas.topics import DAY_MS

BOT_GAP_MS = DAY_MS // 20  # a like every 72 minutes, day and night
BOT_JITTER = 0.05  # of the gap: far below the variation of a person
CAMPAIGN = "lucky-draw"

Silence = Callable[[int, float], float]  # repeat active days, span in days -> days until a fan counts as leaving


class Persona(StrEnum):
    """Who there is."""

    LURKER = "lurker"
    REGULAR = "regular"
    LIKER = "daily liker"
    CORE = "core fan"
    HUNTER = "gift hunter"
    BOT = "like-bot"
    LEAVER = "leaver"
    ANGRY = "angry commenter"


class Tempo(NamedTuple):
    """Acts per day by topic; the gaps are exponential, as a person's are irregular."""

    likes: float = 0.0
    reposts: float = 0.0
    comments: float = 0.0
    purchases: float = 0.0


# What the tempo comes to, by the formulas of the score (100 is the most; influence is extra):
TEMPOS = {
    Persona.LURKER: Tempo(likes=0.05),  # 2
    Persona.REGULAR: Tempo(likes=0.2, reposts=0.033, comments=0.143),  # 21, a comment a week, a repost a month: fan
    Persona.LIKER: Tempo(likes=1.2, reposts=0.05, comments=0.1),  # 34: active
    Persona.CORE: Tempo(likes=0.5, reposts=0.4, comments=1.2, purchases=0.03),  # 67: core
    Persona.HUNTER: Tempo(likes=1.5, reposts=2.5),  # 1, for all of it was paid
    Persona.ANGRY: Tempo(likes=0.2, reposts=0.05, comments=0.25),  # 29, before the anger
}
SHARES = {
    Persona.LURKER: 0.40,
    Persona.REGULAR: 0.16,
    Persona.LIKER: 0.10,
    Persona.CORE: 0.05,
    Persona.HUNTER: 0.08,
    Persona.BOT: 0.02,
    Persona.LEAVER: 0.12,
    Persona.ANGRY: 0.07,
}
TIMES = {Persona.HUNTER: 30, Persona.BOT: 15}  # days for which these have been here; the others come from the start


def steady(rng: Random, name: Persona, fan_id: str, start: int, parents: Sequence[str]) -> Iterator[DemoAct]:
    """Yield a fan's acts from ``start`` on, without an end, at the tempo of the persona."""
    tempo = TEMPOS[name]
    passed = 0.0
    while True:
        passed += rng.expovariate(sum(tempo)) * DAY_MS
        (source,) = rng.choices((LIKES, REPOSTS, COMMENTS, PURCHASES), tempo)
        act = act_of(rng, source, start + int(passed), fan_id, parents)
        yield paid(act, CAMPAIGN) if name is Persona.HUNTER else act


def act_of(rng: Random, source: Input, at: int, fan_id: str, parents: Sequence[str], angry: float = 0.0) -> DemoAct:
    """Return an act of an input; a comment is angry with that probability."""
    if source is LIKES:
        return like(rng, at, fan_id)
    if source is REPOSTS:
        return repost(rng, at, fan_id, parents)
    if source is COMMENTS:
        return comment(rng, at, fan_id, pick(rng, angry))
    return purchase(rng, at, fan_id)


def bot(rng: Random, fan_id: str, start: int) -> Iterator[DemoAct]:
    """Yield likes in a rhythm that no person keeps."""
    first = start + rng.randrange(BOT_GAP_MS)
    for n in count():
        at = first + n * BOT_GAP_MS + int(rng.uniform(-BOT_JITTER, BOT_JITTER) / 2 * BOT_GAP_MS)
        yield like(rng, at, fan_id)


def leaver(rng: Random, fan_id: str, due: int, span_days: float, silence: Silence) -> list[DemoAct]:
    """Return the acts of a fan who came every few days and stopped, so that they count as leaving at ``due``.

    The days between two visits are 1.1 to 6: more than one, so that each is an active day of its own; irregular, or
    they would count as a bot; and short compared to the silence that they make suspicious.
    """
    visits = [0]
    while len(visits) < 4 or visits[-1] < span_days * DAY_MS:
        visits.append(visits[-1] + int((1.1 + min(4.9, rng.expovariate(1 / 2.2))) * DAY_MS))
    last = due - int(silence(len(visits) - 1, visits[-1] / DAY_MS) * DAY_MS)
    acts = []
    for visit in visits:
        at = last - visits[-1] + visit
        # In the same moment as the visit's other act: minutes away could be another active day.
        if rng.random() < 0.5:
            acts.append(comment(rng, at, fan_id, pick(rng)))
        acts.append(repost(rng, at, fan_id, ()) if rng.random() < 0.25 else like(rng, at, fan_id))
    return acts
