"""Minimise a function of a few numbers without its slope (Nelder & Mead, A Simplex Method, 1965)."""

from collections.abc import Callable

import numpy as np

from schemas.layout import Floats


def minimise(
    function: Callable[[Floats], float], start: Floats, size: float, tolerance: float = 1e-6, limit: int = 1_000
) -> Floats:
    """Return the point with the lowest value found from ``start``, looking ``size`` around it first.

    Ends when the corners of the simplex differ by less than ``tolerance`` in value, or after ``limit`` steps.

    >>> minimise(lambda p: float((p[0] - 3) ** 2 + (p[1] + 1) ** 2), np.zeros(2), 1.0).round(2).tolist()
    [3.0, -1.0]
    """
    corners = np.vstack([start, start + size * np.eye(len(start))])
    values = np.array([function(corner) for corner in corners])
    for _ in range(limit):
        order = np.argsort(values, kind="stable")
        corners, values = corners[order], values[order]
        if values[-1] - values[0] < tolerance:
            break
        centre = corners[:-1].mean(axis=0)
        away = centre - corners[-1]
        reflected = centre + away
        value = function(reflected)
        if value < values[0]:
            further = centre + 2.0 * away
            beyond = function(further)
            corners[-1], values[-1] = (further, beyond) if beyond < value else (reflected, value)
        elif value < values[-2]:
            corners[-1], values[-1] = reflected, value
        else:
            between = centre + (0.5 if value < values[-1] else -0.5) * away
            nearer = function(between)
            if nearer < min(value, values[-1]):
                corners[-1], values[-1] = between, nearer
            else:
                corners[1:] = corners[0] + 0.5 * (corners[1:] - corners[0])
                values[1:] = [function(corner) for corner in corners[1:]]
    best: Floats = corners[np.argmin(values)]
    return best
