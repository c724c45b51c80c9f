"""How far forecasts were off, over many series and origins, by the measures of the field. Loads no torch.

Sources: Makridakis, Spiliotis and Assimakopoulos 2020, "The M4 competition" (sMAPE, MASE); Gneiting and Raftery 2007,
"Strictly proper scoring rules, prediction, and estimation" (CRPS as the mean of quantile losses).
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEVELS", "Scores", "scale_of"]

Numbers: TypeAlias = NDArray[np.float64]
LEVELS = tuple(round(0.05 * step, 2) for step in range(1, 20))
"""The probabilities whose quantiles are scored: 0.05, 0.10 ... 0.95."""
PER_SERIES = ("smape", "mase", "crps_scaled")
"""Measures of which every series weighs the same, however many steps of it were scored."""
SCALED = ("mase", "crps_scaled")
"""Measures in units of a series' own change."""


def scale_of(history: Numbers, season: int) -> Numbers:
    """Measure how much a series changes from season to season: the unit of what is scaled.

    Args:
        history: (n,) or (R, n), NaN where a step is missing.
        season: m, steps.

    Returns:
        () or (R,): the mean of abs(y[t] - y[t - m]), or of abs(y[t] - y[t - 1]) where there are no two values m steps
        apart; NaN where there are none at all.

    Example:
        >>> float(scale_of(np.array([1.0, 5.0, 2.0, 8.0]), 2)), float(scale_of(np.array([1.0, 5.0]), 24))
        (2.0, 4.0)
    """
    rows = np.atleast_2d(np.asarray(history, np.float64))
    found = _mean_change(rows, season)
    short = np.flatnonzero(np.isnan(found))
    if len(short) and season > 1:
        found[short] = _mean_change(rows[short], 1)
    return found.reshape(history.shape[:-1])


def _mean_change(rows: Numbers, lag: int) -> Numbers:
    change = np.abs(rows[:, lag:] - rows[:, :-lag])
    pairs = np.isfinite(change).sum(1)
    return np.where(pairs, np.nansum(change, 1), np.nan) / np.maximum(pairs, 1)


class Scores:
    """Takes in what was forecast and what came, a block of rows at a time, and gives the scores of all of it.

    ``smape`` (in percent), ``mase`` and ``crps_scaled`` (in units of :func:`scale_of`) are means over the steps of a
    forecast, then over the origins of a series, then over the series. ``rmse``, ``mae``, ``crps``, ``quantile_loss``
    and the shares inside the intervals of 50 and 80 % are of all steps together. The median is what is scored as the
    forecast. What never came (NaN) is left out. CRPS is twice the mean loss at :data:`LEVELS`: of normal distributions
    5 % above the integral over all levels, for all alike.

    Args:
        series: how many there are.
        horizon: H, steps of a forecast.

    Example:
        >>> scores = Scores(1, 2)
        >>> scores.add(np.array([0]), np.array([[10.0, 12.0]]), np.full((1, 2, 19), 10.0), np.array([4.0]))
        >>> totals = scores.totals()
        >>> totals["mae"], totals["mase"], round(totals["smape"], 3), totals["coverage_80"]
        (1.0, 0.25, 9.091, 0.5)
    """

    def __init__(self, series: int, horizon: int) -> None:
        self._sums: dict[str, Numbers] = {}
        """Of each measure, summed by step."""
        self._seen = {name: np.zeros(horizon) for name in ("all", "scaled")}
        """How many values that is."""
        self._of_series = {name: np.zeros(series) for name in PER_SERIES}
        """Sums of the means of each forecast."""
        self._forecasts = {name: np.zeros(series) for name in ("all", "scaled")}
        """How many forecasts that is."""
        self._unscaled = 0

    def add(self, series: NDArray[np.int64], actual: Numbers, quantiles: NDArray[Any], scale: Numbers) -> None:
        """Take in a block.

        Args:
            series: (R,) which series each row is of.
            actual: (R, H) what came.
            quantiles: (R, H, L) what was forecast at :data:`LEVELS`.
            scale: (R,) of the history before each origin; of a row where it is 0 or NaN nothing is scaled.
        """
        there = ~np.isnan(actual)
        usable = np.isfinite(scale) & (scale > 0)
        unit = np.where(usable, scale, 1)[:, None]
        measures = _measures(np.where(there, actual, 0), quantiles)
        measures |= {"mase": measures["mae"] / unit, "crps_scaled": measures["crps"] / unit}
        masks = {"all": there, "scaled": there & usable[:, None]}
        counts = {kind: mask.sum(1) for kind, mask in masks.items()}
        self._unscaled += int(((counts["all"] > 0) & ~usable).sum())
        for kind, mask in masks.items():
            self._seen[kind] += mask.sum(0)
            np.add.at(self._forecasts[kind], series, counts[kind] > 0)
        for name, values in measures.items():
            kind = _kind(name)
            kept = np.where(masks[kind], values, 0)
            self._sums[name] = self._sums.get(name, 0) + kept.sum(0)
            if name in PER_SERIES:
                np.add.at(self._of_series[name], series, kept.sum(1) / np.maximum(counts[kind], 1))

    def totals(self) -> dict[str, float]:
        """Give all scores, how many ``values`` they are of, and how many forecasts were left ``unscaled``.

        Where no series has a scale (all are constant), there is no ``mase``, and ``crps_scaled`` is ``crps``.

        Raises:
            ValueError: there is nothing to score.
        """
        if not self._seen["all"].sum():
            raise ValueError("there is nothing to score")
        found: dict[str, float] = {}
        for name, sums in self._sums.items():
            seen, forecasts = self._seen[_kind(name)], self._forecasts[_kind(name)]
            some = forecasts > 0
            if name in PER_SERIES and some.any():
                found[name] = float((self._of_series[name][some] / forecasts[some]).mean())
            elif name not in PER_SERIES:
                found[name] = float(sums.sum() / seen.sum())
        found["rmse"] = float(np.sqrt(found.pop("squares")))
        found["quantile_loss"] = found["crps"] / 2
        found.setdefault("crps_scaled", found["crps"])
        return found | {"values": int(self._seen["all"].sum()), "unscaled": self._unscaled}

    def by_step(self) -> dict[str, list[float | None]]:
        """Give the scores of each step of the horizon, over all forecasts alike; None where nothing came."""
        found: dict[str, list[float | None]] = {}
        for name, sums in self._sums.items():
            pairs = zip(sums.tolist(), self._seen[_kind(name)].tolist(), strict=True)
            found[name] = [total / seen if seen else None for total, seen in pairs]
        squares = found.pop("squares")
        return found | {"rmse": [None if value is None else value**0.5 for value in squares]}


def _kind(name: str) -> str:
    return "scaled" if name in SCALED else "all"


def _measures(actual: Numbers, quantiles: NDArray[Any]) -> dict[str, Numbers]:
    """Of each step of each row, (R, H): what needs no scale."""
    at = {level: quantiles[..., place].astype(np.float64) for place, level in enumerate(LEVELS)}
    error = np.abs(actual - at[0.5])
    size = np.abs(actual) + np.abs(at[0.5])
    crps = np.zeros(actual.shape)
    for level, value in at.items():
        over = actual - value
        crps += np.maximum(level * over, (level - 1) * over)
    return {
        "smape": 200 * error / np.where(size == 0, 1, size),
        "mae": error,
        "squares": error**2,
        "crps": crps * (2 / len(LEVELS)),
        "coverage_50": ((actual >= at[0.25]) & (actual <= at[0.75])).astype(np.float64),
        "coverage_80": ((actual >= at[0.1]) & (actual <= at[0.9])).astype(np.float64),
    }
