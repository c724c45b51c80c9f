"""The learning rate rises, then falls as asked."""

from __future__ import annotations

from functools import partial

import pytest

from throughtime.errors import UnknownNameError
from throughtime.training.schedule import learning_rate

cosine = partial(learning_rate, peak=0.01, warmup=10, shape="cosine")
constant = partial(learning_rate, peak=0.01, warmup=10, shape="constant")


def test_it_rises_in_a_line() -> None:
    assert [round(constant(step, 0.0), 6) for step in (0, 4, 9, 10, 500)] == [0.001, 0.005, 0.01, 0.01, 0.01]
    assert learning_rate(0, 0.0, peak=0.01, warmup=0, shape="constant") == 0.01


def test_it_falls_along_a_cosine_to_nothing() -> None:
    assert cosine(50, 0.0) == pytest.approx(0.01)
    assert cosine(50, 0.25) == pytest.approx(0.01 * (1 + 2**-0.5) / 2)
    assert cosine(50, 0.5) == pytest.approx(0.005)
    assert cosine(50, 1.0) == cosine(50, 1.5) == pytest.approx(0.0)


def test_an_unknown_shape_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'cosine'"):
        learning_rate(0, 0.0, peak=1.0, warmup=0, shape="cosin")
