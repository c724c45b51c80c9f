"""A number for each sequence: what y may be, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from small_estimators import TEXTS, regressor, waves

X, Y = waves()


@pytest.mark.parametrize("y", [Y.tolist(), pd.Series(Y, index=range(7, 67)), pl.Series(Y), Y.astype(object)])
def test_numbers_of_any_kind_are_learned_alike(y: Any) -> None:
    assert (regressor(epochs=1).fit(X, y).predict(X) == regressor(epochs=1).fit(X, Y).predict(X)).all()


def test_the_scale_of_the_numbers_does_not_matter() -> None:
    plain, moved = regressor(epochs=2).fit(X, Y), regressor(epochs=2).fit(X, 1000 * Y - 5e6)
    np.testing.assert_allclose(moved.predict(X), 1000 * plain.predict(X) - 5e6, atol=1)
    assert moved.score(X, 1000 * Y - 5e6) == pytest.approx(plain.score(X, Y), abs=1e-3)


def test_whole_numbers_and_texts() -> None:
    lengths = np.array([len(text) for text in TEXTS])
    said = regressor().fit(TEXTS, lengths).predict(TEXTS)
    assert said.dtype == np.float64 and abs(said - lengths).mean() < abs(lengths - lengths.mean()).mean()


def test_a_column_is_taken_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="A column-vector y was passed"):
        assert regressor(epochs=1).fit(X, Y[:, None]).predict(X).shape == Y.shape


@pytest.mark.parametrize(
    ("y", "says"),
    [
        (None, "SequenceRegressor requires y to be passed, but the target y is None"),
        (Y[:-1], "Found input variables with inconsistent numbers of samples: [60, 59]"),
        (np.full(60, np.nan), "Input y contains NaN."),
        (np.full(60, np.inf), "Input y contains infinity"),
        (["a"] * 60, "could not convert string to float: 'a'"),
        (np.stack([Y, Y], 1), "y should be a 1d array, got an array of shape (60, 2) instead."),
        (np.ones(60), "all 60 examples have the number 1; there is nothing to learn"),
    ],
)
def test_targets_that_are_refused(y: Any, says: str) -> None:
    with pytest.raises(ValueError) as caught:
        regressor().fit(X, y)
    assert str(caught.value).startswith(says) and "\n" not in str(caught.value)
