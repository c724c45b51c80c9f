"""The least value of a function of one number, without derivatives. Loads nothing.

Brent 1973, "Algorithms for Minimization without Derivatives", chapter 5, as SciPy's ``minimize_scalar`` has it with the
method ``bounded``: the same numbers, bit for bit. It stands here because SciPy's takes more than a second to load, for
which every small fit would wait.
"""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = ["least_place"]

SHARE = 0.5 * (3.0 - math.sqrt(5.0))
"""Where the golden section parts an interval."""
PRECISION = math.sqrt(2.2e-16)
"""Half the digits of a float64: where a parabola ends, nearer places cannot be told apart."""

Point = tuple[float, float]
"""A place, and the function's value there."""


def least_place(function: Callable[[float], float], low: float, high: float, tolerance: float = 1e-5) -> float:
    """Find where a function is least, between two places.

    Args:
        function: the function; where it has several minima, one of them is found.
        low: the place from which on it is looked for.
        high: the place up to which it is looked for.
        tolerance: how near the place must be to the right one.

    Returns:
        The place.

    Example:
        >>> round(least_place(lambda x: (x - 2) ** 2, -3.0, 3.0), 4)
        2.0
    """
    place: float = low + SHARE * (high - low)
    best: Point = (place, function(place))
    second = third = best
    step = before = 0.0
    while True:
        place, middle = best[0], 0.5 * (low + high)
        near = PRECISION * abs(place) + tolerance / 3.0
        if not abs(place - middle) > 2.0 * near - 0.5 * (high - low):
            return place
        step, before = _next_step(best, second, third, (low, high), near, step, before)
        tried: float = place + math.copysign(max(abs(step), near), step)
        new: Point = (tried, function(tried))
        if new[1] <= best[1]:
            if tried >= place:
                low = place
            else:
                high = place
            best, second, third = new, best, second
            continue
        if tried < place:
            low = tried
        else:
            high = tried
        if new[1] <= second[1] or second[0] == place:
            second, third = new, second
        elif new[1] <= third[1] or third[0] in (place, second[0]):
            third = new


def _next_step(
    best: Point, second: Point, third: Point, bounds: Point, near: float, step: float, before: float
) -> tuple[float, float]:
    """The step to try next, and the one to measure later steps by.

    It leads to the vertex of the parabola through the three best points, unless that is outside the bounds or more than
    half the last step but one away; else it is a golden section of the longer part.
    """
    (place, value), (low, high) = best, bounds
    if abs(before) > near:
        to_second, to_third = place - second[0], place - third[0]
        r, q = to_second * (value - third[1]), to_third * (value - second[1])
        p, q = to_third * q - to_second * r, 2.0 * (q - r)
        p, q = (-p if q > 0.0 else p), abs(q)
        if abs(p) < abs(0.5 * q * before) and q * (low - place) < p < q * (high - place):
            vertex = p / q
            if min(place + vertex - low, high - (place + vertex)) < 2.0 * near:
                vertex = math.copysign(near, 0.5 * (low + high) - place)
            return vertex, step
    longer = low - place if place >= 0.5 * (low + high) else high - place
    return SHARE * longer, longer
