"""One fan's row, one brand's parameters and one event, for rules that read nothing else."""

from typing import Any

import numpy as np

from streams.fans.model import MODEL
from streams.fans.params import table
from streams.rules.rule import EVENT


def brand(**tuned: Any) -> Any:
    """Return a brand's parameters as rules read them."""
    return table(MODEL.params_dtype, MODEL.kinds, [MODEL.params(**tuned)])[0]


def row(**fields: Any) -> Any:
    """Return a row of zeros but for these fields."""
    return _made(MODEL.dtype, fields)


def event(**fields: Any) -> Any:
    """Return an event without sentiment and rhythm but for these fields."""
    return _made(EVENT, {"sentiment": np.nan, "rhythm": -1, **fields})


def _made(dtype: "np.dtype[np.void]", fields: dict[str, Any]) -> Any:
    made = np.zeros(1, dtype)[0]
    for name, value in fields.items():
        made[name] = value
    return made
