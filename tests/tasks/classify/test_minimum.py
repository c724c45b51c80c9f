"""The least value of a function: SciPy's numbers, bit for bit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from throughtime.tasks.classify.minimum import least_place

FUNCTIONS: dict[str, Callable[[float], float]] = {
    "a parabola": lambda x: (x - 0.7) ** 2,
    "a vertex at the bound": lambda x: x,
    "a vertex at the other bound": lambda x: -x,
    "a corner": lambda x: abs(x + 1.3),
    "flat": lambda x: 1.0,
    "flat in parts": lambda x: round(x * x, 1),
    "several minima": lambda x: math.sin(7 * x) + 0.1 * x * x,
    "steep": lambda x: math.exp(9 * x) - 5 * x,
    "not a number in parts": lambda x: math.nan if x > 0 else x * x,
    "infinite in parts": lambda x: math.inf if x > 0.5 else (x + 1) ** 2,
    "least in the middle": lambda x: x * x,
}


def tried(find: Callable[..., Any], function: Callable[[float], float]) -> tuple[float, list[float]]:
    """The place that is found, and all that were tried on the way."""
    places: list[float] = []

    def told(x: float) -> float:
        places.append(float(x))
        return function(float(x))

    return float(find(told)), places


def same(function: Callable[[float], float], low: float, high: float) -> None:
    with np.errstate(all="ignore"):
        theirs = tried(lambda f: minimize_scalar(f, bounds=(low, high), method="bounded").x, function)
    assert tried(lambda f: least_place(f, low, high), function) == theirs


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("bounds", [(-3.0, 3.0), (-1.0, 0.25), (0.6, 40.0)])
def test_the_same_places_are_tried_in_the_same_order(name: str, bounds: tuple[float, float]) -> None:
    same(FUNCTIONS[name], *bounds)


@given(st.lists(st.tuples(st.floats(-8, 8), st.booleans()), min_size=1, max_size=9))
def test_the_loss_of_any_scores_is_least_where_scipy_says(scores: list[tuple[float, bool]]) -> None:
    """The function that it is here for: the loss of a classifier over the logarithm of its temperature."""

    def loss(power: float) -> float:
        divided = [(-1 if right else 1) * score / float(np.exp(power)) for score, right in scores]
        return float(np.logaddexp(0.0, divided).mean())

    same(loss, -3.0, 3.0)
