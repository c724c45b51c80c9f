"""Measures of forecasts: by hand, and CRPS against its closed form."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from throughtime.tasks.forecast.scoring.measures import LEVELS, Scores, scale_of
from throughtime.tasks.rivals.naive import Gaussian

RANDOM = np.random.default_rng(11)
NONE = np.nan


def flat(*rows: list[float]) -> Any:
    """The same at all levels, (R, H, L)."""
    return np.repeat(np.array(rows)[..., None], len(LEVELS), -1)


def totals(series: list[int], actual: Any, quantiles: Any, scale: list[float]) -> dict[str, float]:
    scores = Scores(max(series) + 1, np.shape(actual)[1])
    scores.add(np.array(series), np.array(actual), quantiles, np.array(scale))
    return scores.totals()


def test_the_levels() -> None:
    assert len(LEVELS) == 19 and LEVELS[:2] == (0.05, 0.1) and LEVELS[9] == 0.5 and LEVELS[-1] == 0.95
    assert {0.1, 0.25, 0.75, 0.9} <= set(LEVELS)


def test_the_scale_is_the_mean_change_of_a_season() -> None:
    y = [3.0, 1.0, 5.0, 2.0, 9.0]
    assert float(scale_of(np.array(y), 1)) == pytest.approx((2 + 4 + 3 + 7) / 4)
    assert float(scale_of(np.array(y), 2)) == pytest.approx((2 + 1 + 4) / 3)
    assert float(scale_of(np.array(y), 5)) == pytest.approx(4.0), "no two values are 5 steps apart"
    gaps = np.array([[NONE, NONE, *y], [3.0, NONE, 5.0, 2.0, 9.0, 9.0, 9.0], [NONE] * 6 + [1.0], [7.0] * 7])
    assert scale_of(gaps, 2) == pytest.approx([7 / 3, (2 + 4 + 7 + 0) / 4, NONE, 0.0], nan_ok=True)


def test_points_by_hand() -> None:
    found = totals([0], [[10.0, 0.0, -4.0]], flat([8.0, 0.0, 4.0]), [4.0])
    assert found["smape"] == pytest.approx((200 * 2 / 18 + 0 + 200 * 8 / 8) / 3), "0 for 0 is no error"
    assert found["mae"] == pytest.approx(10 / 3) and found["rmse"] == pytest.approx(np.sqrt((4 + 64) / 3))
    assert found["mase"] == pytest.approx(10 / 3 / 4)
    assert found["crps"] == pytest.approx(10 / 3), "of a forecast that is sure, it is the absolute error"
    assert found["quantile_loss"] == pytest.approx(5 / 3) and found["crps_scaled"] == pytest.approx(10 / 3 / 4)
    assert found["coverage_80"] == found["coverage_50"] == pytest.approx(1 / 3)
    assert found["values"] == 3 and found["unscaled"] == 0
    json.dumps(found)


def test_quantiles_by_hand() -> None:
    quantiles = np.array(LEVELS)[None, None] * 100  # uniform on 0 ... 100
    found = totals([0], [[80.0]], quantiles, [1.0])
    loss = sum((t if 100 * t < 80 else t - 1) * (80 - 100 * t) for t in np.array(LEVELS))
    assert found["crps"] == pytest.approx(2 * loss / 19)
    assert found["mae"] == pytest.approx(30)


@pytest.mark.parametrize(("value", "in_50", "in_80"), [(24, 0, 1), (25, 1, 1), (75, 1, 1), (76, 0, 1), (9.9, 0, 0),
                                                       (10, 0, 1), (90, 0, 1), (90.1, 0, 0)])  # fmt: skip
def test_shares_inside_the_intervals(value: float, in_50: float, in_80: float) -> None:
    found = totals([0], [[value]], np.array(LEVELS)[None, None] * 100, [1.0])
    assert (found["coverage_50"], found["coverage_80"]) == (in_50, in_80)


def closed_form(y: Any, mean: Any, sigma: Any) -> Any:
    """Gneiting and Raftery 2007, equation 21."""
    stats = pytest.importorskip("scipy.stats")
    z = (y - mean) / sigma
    return sigma * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))


def test_crps_is_near_its_closed_form() -> None:
    """The loss at a level is the density at its quantile, where a forecast is right: 19 levels are 5 % above them all.

    20,000 draws tell both to 0.7 %, and their quotient better, since the draws are the same.
    """
    stats = pytest.importorskip("scipy.stats")
    mean, sigma = RANDOM.normal(size=(400, 50)) * 3, RANDOM.uniform(0.5, 2, (400, 50))
    y = mean + sigma * RANDOM.normal(size=mean.shape)
    found = totals([0] * 400, y, Gaussian(mean, sigma).quantiles(LEVELS), [1.0] * 400)
    right = 2 * np.mean(stats.norm.pdf(stats.norm.ppf(LEVELS)))
    assert right * np.sqrt(np.pi) == pytest.approx(1.048, abs=0.001)
    assert found["crps"] == pytest.approx(right * sigma.mean(), rel=0.02)
    assert found["crps"] == pytest.approx(1.048 * closed_form(y, mean, sigma).mean(), rel=0.003)
    assert found["coverage_80"] == pytest.approx(0.8, abs=0.01)
    assert found["coverage_50"] == pytest.approx(0.5, abs=0.012)


def test_crps_is_the_integral_of_all_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    """The closed form, to 1e-3, once there are a thousand levels instead of 19."""
    levels = (*(round((step - 0.5) / 1000, 4) for step in range(1, 1001)), 0.1, 0.25, 0.5, 0.75, 0.9)
    monkeypatch.setattr("throughtime.tasks.forecast.scoring.measures.LEVELS", levels)
    for y in (-2.0, 0.3, 4.0):
        quantiles = Gaussian(np.array([[0.5]]), np.array([[1.5]])).quantiles(levels)
        found = totals([0], [[y]], quantiles, [1.0])
        assert found["crps"] == pytest.approx(closed_form(y, 0.5, 1.5), rel=2e-3)


def test_the_right_distribution_has_the_best_crps() -> None:
    y = RANDOM.normal(size=(2000, 10))
    crps = {
        sigma: totals([0] * 2000, y, Gaussian(np.zeros_like(y), np.full_like(y, sigma)).quantiles(LEVELS), [1.0] * 2000)
        for sigma in (0.5, 0.8, 1.0, 1.25, 2.0)
    }
    assert min(crps, key=lambda sigma: crps[sigma]["crps"]) == 1.0


def test_every_series_weighs_the_same() -> None:
    actual = [[1.0, 1.0], [3.0, 3.0], [10.0, NONE]]
    found = totals([0, 0, 1], actual, flat([0.0, 0.0], [0.0, 0.0], [0.0, 0.0]), [1.0, 2.0, 5.0])
    assert found["mase"] == pytest.approx((np.mean([1 / 1, 3 / 2]) + 10 / 5) / 2)
    assert found["crps_scaled"] == pytest.approx(found["mase"])
    assert found["mae"] == pytest.approx((1 + 1 + 3 + 3 + 10) / 5)
    assert found["rmse"] == pytest.approx(np.sqrt((1 + 1 + 9 + 9 + 100) / 5))
    assert found["smape"] == 200


def test_what_never_came_is_left_out() -> None:
    quantiles = RANDOM.normal(size=(2, 3, 19)).cumsum(-1)
    scores = Scores(2, 3)
    scores.add(np.array([0, 1]), np.array([[1.0, NONE, 3.0], [NONE] * 3]), quantiles, np.array([1.0, 0.0]))
    alone = totals([0], [[1.0, 3.0]], quantiles[:1, [0, 2]], [1.0])
    assert scores.totals() == pytest.approx(alone)
    assert scores.by_step()["mae"][1] is None
    with pytest.raises(ValueError, match="nothing to score"):
        Scores(1, 2).totals()


@pytest.mark.parametrize("scale", [0.0, NONE])
def test_what_has_no_scale_is_counted_and_not_scaled(scale: float) -> None:
    found = totals([0, 1], [[2.0], [5.0]], flat([0.0], [0.0]), [scale, 2.0])
    assert found["mase"] == found["crps_scaled"] == pytest.approx(2.5) and found["unscaled"] == 1
    assert found["mae"] == pytest.approx(3.5)
    none = totals([0], [[2.0]], flat([0.0]), [scale])
    assert "mase" not in none and none["crps_scaled"] == none["crps"] == pytest.approx(2) and none["unscaled"] == 1


def test_a_forecast_that_is_no_number_is_not_hidden() -> None:
    found = totals([0, 1], [[2.0], [5.0]], flat([NONE], [5.0]), [1.0, 1.0])
    assert np.isnan([found[name] for name in ("smape", "mase", "mae", "rmse", "crps", "crps_scaled")]).all()


def test_by_step() -> None:
    scores = Scores(2, 2)
    scores.add(np.array([0]), np.array([[1.0, 4.0]]), flat([0.0, 0.0]), np.array([2.0]))
    scores.add(np.array([1]), np.array([[3.0, NONE]]), flat([0.0, 0.0]), np.array([0.0]))
    found = scores.by_step()
    assert found["mae"] == [2.0, 4.0] and found["rmse"] == pytest.approx([np.sqrt(5), 4.0])
    assert found["mase"] == [0.5, 2.0], "the second series has no scale"
    assert found["coverage_80"] == [0.0, 0.0] and found["smape"] == [200.0, 200.0]
    json.dumps(found)


def test_blocks_change_nothing() -> None:
    series, scale = RANDOM.integers(0, 5, 40), RANDOM.uniform(1, 2, 40)
    actual, quantiles = RANDOM.normal(size=(40, 6)), RANDOM.normal(size=(40, 6, 19)).cumsum(-1).astype(np.float32)
    scores = Scores(5, 6)
    for start in range(0, 40, 7):
        rows = slice(start, start + 7)
        scores.add(series[rows], actual[rows], quantiles[rows], scale[rows])
    assert scores.totals() == pytest.approx(totals(series.tolist(), actual, quantiles, scale.tolist()))
