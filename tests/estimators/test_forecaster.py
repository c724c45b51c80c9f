"""Series in, what comes next out: what y and X may be, what comes back, how it is scored and searched."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from small_estimators import YEARS, forecaster

import throughtime as tt
from throughtime.estimators.series import History, columns_of

DAYS = pd.date_range("2024-01-01", periods=len(YEARS), name="day")
BY_DAY = pd.Series(YEARS, index=DAYS)
LONG = pd.DataFrame({"shop": ["a"] * 75 + ["b"] * 75, "day": [*DAYS[:75]] * 2, "v": YEARS, "w": 2 * YEARS})
SALES = np.random.default_rng(1).random(len(YEARS)) < 0.3
KNOWN = np.stack([SALES, np.arange(len(YEARS)) % 5], 1).astype(float)
AHEAD = np.array([[1.0, 0], [0, 1], [0, 2], [1, 3]])


def weekly(**more: Any) -> Any:
    """A forecaster of days."""
    return forecaster(season="7", **more)


@pytest.fixture(scope="module")
def model() -> Any:
    return forecaster().fit(YEARS)


@pytest.mark.parametrize(
    "y", [YEARS.tolist(), YEARS[:, None], YEARS.astype(np.float64), pl.Series(YEARS), pd.Series(YEARS), tuple(YEARS)]
)
def test_one_series(y: object, model: Any) -> None:
    other = forecaster().fit(y)
    assert other.predict().tolist() == model.predict().tolist() and other.predict().shape == (4,)


@pytest.mark.parametrize(
    ("y", "more", "names"),
    [
        (np.stack([YEARS, -YEARS], 1), {}, ["1", "2"]),
        ([YEARS, YEARS[:90]], {}, ["1", "2"]),
        ({"north": YEARS, "south": YEARS[:90]}, {}, ["north", "south"]),
        (pd.DataFrame({"north": BY_DAY, "south": -BY_DAY}), {"wide": "columns", "season": "7"}, ["north", "south"]),
        (pl.DataFrame({"north": YEARS, "south": -YEARS}), {"wide": "columns"}, ["north", "south"]),
        (LONG, {"id_column": "shop", "time_column": "day", "target_column": "v", "season": "7"}, ["a", "b"]),
    ],
)
def test_several_series(y: object, more: dict[str, Any], names: list[str]) -> None:
    several = forecaster(**more).fit(y)
    assert several.series_names_ == names
    assert several.predict(3).shape == (3, 2)
    quantiles = several.predict_quantiles(3, quantiles=(0.2, 0.5, 0.8))
    assert quantiles.shape == (3, 2, 3) and (np.diff(quantiles, axis=2) >= 0).all()
    assert (quantiles[..., 1] == several.predict(3)).all()


def test_several_targets() -> None:
    both = weekly(id_column="shop", time_column="day", target_column="v,w").fit(LONG)
    assert both.predict().shape == (4, 2, 2) and both.predict_quantiles(2).shape == (2, 2, 2, 3)
    v, w = both.predict()[..., 0], both.predict()[..., 1]
    np.testing.assert_allclose(w, 2 * v, rtol=0.2)


def test_times_of_pandas_are_the_times() -> None:
    by_day = weekly().fit(BY_DAY)
    assert by_day.run_.forecast(BY_DAY, horizon=1, note=lambda _: None).stamps[0][0].startswith("2024-05-30")
    assert by_day.predict().tolist() == weekly().fit(BY_DAY.to_period("D")).predict().tolist()


def test_quantiles(model: Any) -> None:
    found = model.predict_quantiles(6, quantiles=[0.9, 0.5, 0.1])
    assert found.shape == (6, 3) and (found[:, 0] > found[:, 1]).all() and (found[:, 1] > found[:, 2]).all()
    assert model.predict_quantiles(2, quantiles=0.5)[:, 0].tolist() == model.predict(2).tolist()
    assert model.predict_quantiles().shape == (4, 3)
    assert (model.predict() == model.predict_quantiles(quantiles=[0.5, 0.5]).T).all()


def test_it_goes_on_from_another_series(model: Any) -> None:
    assert abs(model.predict(2, y=YEARS[:100]) - YEARS[100:102]).max() < 0.5
    assert abs(model.predict(2, y=YEARS[:106]) - YEARS[106:108]).max() < 0.5


@pytest.mark.parametrize(
    ("X", "ahead"),
    [
        (KNOWN, AHEAD),
        (pd.DataFrame(KNOWN, columns=["sale", "day"]), pd.DataFrame(AHEAD, columns=["sale", "day"])),
        (pl.DataFrame(KNOWN, schema=["sale", "day"]), pl.DataFrame(AHEAD, schema=["sale", "day"])),
    ],
)
def test_what_is_known_ahead(X: Any, ahead: Any) -> None:
    y = 10 + 6 * SALES + np.random.default_rng(5).normal(size=len(SALES)) / 20
    quick = {"warmup": 10, "learning_rate": 0.02, "average": 0.9, "dropout": 0.0, "layers": 1, "season": "1"}
    with_sales = forecaster(epochs=15, **quick).fit(y, X)
    assert with_sales.run_.config.to_mapping()["known_columns"] in ("x1,x2", "sale,day")
    found = with_sales.predict(X=ahead)
    assert found.shape == (4,)
    np.testing.assert_allclose(with_sales.predict(2, ahead), found[:2], rtol=1e-2)  # fewer steps, other draws
    assert abs(found - [16, 10, 10, 16]).max() < 0.5, "sales that are to come are seen in the forecast"
    assert pickle.loads(pickle.dumps(with_sales)).predict(X=ahead).tolist() == found.tolist()


def test_times_beside_what_is_known_ahead() -> None:
    X = pd.DataFrame(KNOWN, DAYS, ["sale", "count"])
    ahead = pd.DataFrame(AHEAD, pd.date_range("2024-05-30", periods=4), ["sale", "count"])
    one, other = weekly().fit(BY_DAY, X), weekly().fit(YEARS, X)
    assert one.predict(X=ahead).tolist() == other.predict(X=ahead).tolist()
    with pytest.raises(tt.DataError, match="y has times, and X has none: give X as a data frame whose index"):
        one.predict(X=AHEAD)
    with pytest.raises(tt.DataError, match="the index of X holds other times than that of y"):
        weekly().fit(BY_DAY, X.shift(1, freq="D"))


def test_a_table_is_made_of_y_and_x() -> None:
    history = History.of([1.0, 2.0], np.array([[3], [4]]))
    assert {name: column.tolist() for name, column in history.data().items()} == {"y": [1, 2], "x1": [3, 4]}
    ahead = history.data(np.array([[5]]))
    assert ahead["x1"].tolist() == [3, 4, 5] and ahead["y"][:2].tolist() == [1, 2] and np.isnan(ahead["y"][2])
    assert history.known == {"target_column": "y", "known_columns": "x1"} and History.of([1], None).data() == [1]


@pytest.mark.parametrize(
    ("y", "X", "says"),
    [
        ([], None, "y is []; series in memory are numbers, or a table of them"),
        ("prices.csv", None, "y is 'prices.csv'; series in memory are numbers"),
        (["a", "b"], None, "y is ['a', 'b']; series in memory are numbers"),
        ([1.0, np.inf], None, "row 2 of the data: column 'value' holds 'inf'"),
        (YEARS[:5], None, "a season of 12 steps is not shorter than the series"),
        (np.r_[YEARS[:50], np.nan, YEARS[51:]], None, "row 51 of the data: column 'value' is empty"),
        (YEARS, KNOWN[:-1], "y has 150 steps and X has 149 rows; they must be as many"),
        (YEARS, KNOWN[:, 0], "X has shape (150,), not (T, F)"),
        (pd.DataFrame({"a": YEARS}), KNOWN, "X stands beside one series: give y as an array (T,)"),
        (YEARS, pd.DataFrame({"y": YEARS}), "X has a column 'y', which is what is to be forecast; rename it"),
        (YEARS, pd.DataFrame({"a,b": YEARS}), "column 'a,b' of X has a comma in its name; rename it"),
    ],
)
def test_what_is_refused(y: Any, X: Any, says: str) -> None:
    with pytest.raises((tt.DataError, tt.UsageError)) as caught:
        forecaster().fit(y, X)
    assert str(caught.value).startswith(says) and "\n" not in str(caught.value) and "--" not in str(caught.value)


def test_what_is_refused_of_a_forecast(model: Any) -> None:
    with_x = forecaster().fit(YEARS, KNOWN)
    for call, says in (
        (lambda: model.predict(0), "horizon must be at least 1, not 0"),
        (lambda: model.predict(4, AHEAD), "X was not learned from, so nothing can be read of it; leave it out"),
        (lambda: model.predict_quantiles(quantiles=[1.5]), "quantiles are numbers between 0 and 1"),
        (lambda: model.predict_quantiles(quantiles=[]), "quantiles is empty; give levels between 0 and 1"),
        (lambda: with_x.predict(3), r"X was learned from beside y: give X, \(H, F\), for the steps to come"),
        (lambda: with_x.predict(6, AHEAD), "X has 4 rows, and 6 steps are asked for: give as many rows"),
        (lambda: with_x.predict(X=AHEAD[:, :1]), "X has the columns x1; x1, x2 were learned from"),
        (lambda: with_x.predict(X=AHEAD, y=YEARS), "what was learned from has X beside y"),
        (lambda: forecaster(known_columns="k").fit(YEARS, KNOWN), "known_columns and target_column name columns of y"),
        (lambda: forecaster(strategy="direct").fit(YEARS).predict(9), "with strategy='recursive'$"),
    ):
        with pytest.raises((tt.DataError, tt.UsageError), match=says):
            call()
    assert model.predict(np.int64(2)).shape == (2,)


def test_the_score_is_the_scaled_error() -> None:
    y = np.stack([YEARS, 3 * YEARS + np.arange(len(YEARS))], 1)
    model, future = forecaster().fit(y), np.array([[1.0, 2], [3, 4], [5, 6]])
    error = abs(model.predict(3) - future).mean(0)
    assert model.score(future) == pytest.approx(-np.mean(error / abs(np.diff(y, axis=0)).mean(0)))
    assert model.score(pl.DataFrame(future)) == model.score(future)
    with pytest.raises(tt.DataError, match="y has 1 series, and 2 were learned from"):
        model.score(future[:, 0])
    with pytest.raises(tt.DataError, match="score takes series in columns"):
        weekly(id_column="shop", time_column="day", target_column="v", ignore_columns="w").fit(LONG).score(LONG)
    with pytest.raises(tt.DataError, match="never changed in what was learned from"):
        forecaster(season="1").fit(np.ones(60)).score([1.0, 1.0])
    assert columns_of(BY_DAY).shape == (150, 1)


def test_it_is_searched_over_time() -> None:
    splits = TimeSeriesSplit(2, test_size=6)
    search = GridSearchCV(forecaster(), {"hidden": [4, 8], "context": [24, 30]}, cv=splits).fit(YEARS)
    assert search.cv_results_["split0_test_score"].shape == (4,)
    first = next(iter(splits.split(YEARS)))
    one = forecaster(hidden=4, context=24).fit(YEARS[first[0]])
    assert search.cv_results_["split0_test_score"][0] == one.score(YEARS[first[1]])
    assert search.predict(3).shape == (3,)
    assert cross_val_score(weekly(), BY_DAY, cv=splits).shape == (2,)


def test_it_goes_on_warm(model: Any) -> None:
    warm = forecaster(warm_start=True).fit(YEARS)
    warm.set_params(learning_rate=1e-9, epochs=0.1).fit(YEARS)
    np.testing.assert_allclose(warm.predict(), model.predict(), rtol=0.05)
    with pytest.raises(tt.UsageError, match="warm_start goes on with a network of hidden=8, and hidden is 9 now"):
        warm.set_params(hidden=9).fit(YEARS)
