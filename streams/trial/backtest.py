"""Who came back, foretold: the published churn risk beside plain silence and P(alive)."""

import numpy as np
from msgspec import Struct

from schemas.layout import Floats
from streams.fitting.activity import came_back
from streams.fitting.mbg import Churn, alive
from streams.fitting.ranks import Bools, auc
from streams.fitting.rhythm import rhythms
from streams.params import DAY, Brand, Brands, Params
from streams.trial.replay import History, churn_risks


class Verdict(Struct, frozen=True):
    """One group of fans: how many there are, how many came back, and the AUC of each ranking; nan where none can be."""

    group: str  # all, or repeaters: those with a second active day
    fans: int
    came_back: int
    base_rate: float
    churn_risk: float
    silence: float
    p_alive: float


def backtest(history: History, brand: str, params: Params, cut: int, end: int) -> list[Verdict]:
    """Judge the rankings of the fans seen before ``cut`` by who came in ``cut`` <= t < ``end``, ms."""
    found = rhythms(history.acts, cut, params.utc_offset_minutes)
    brands = Brands({brand: Brand(**{name: getattr(params, name) for name in Params.__struct_fields__})}, Params())
    rankings = {
        "churn_risk": -churn_risks(history, found.fans, brands, cut, DAY),
        "silence": found.span - found.age,
        "p_alive": alive(Churn(*(getattr(params, name) for name in Churn.__struct_fields__)), found),
    }
    back = came_back(history.acts, found.fans, cut, end)
    return [
        _verdict("all", np.ones(len(back), np.bool_), back, rankings),
        _verdict("repeaters", found.repeats > 0, back, rankings),
    ]


def _verdict(group: str, members: Bools, back: Bools, rankings: dict[str, Floats]) -> Verdict:
    n, came = int(members.sum()), int(back[members].sum())
    marks = {name: auc(score[members], back[members]) for name, score in rankings.items()}
    return Verdict(group, n, came, came / n if n else float("nan"), **marks)
