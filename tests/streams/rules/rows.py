"""One fan's row and one brand's parameters, for rules that read nothing else."""

from typing import Any

import numpy as np

from schemas.fan import FAN
from streams.params import Params, table


def brand(**tuned: Any) -> Any:
    """Return a brand's parameters as rules read them."""
    return table([Params(**tuned)])[0]


def row(**fields: Any) -> Any:
    """Return a row of zeros but for these fields."""
    made = np.zeros(1, FAN)[0]
    for name, value in fields.items():
        made[name] = value
    return made
