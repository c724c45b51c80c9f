"""Rolling origins: forecasts from many ends of each series, scored on what came after. Loads no torch.

A forecaster is handed what was known at an origin and nothing else: of later steps, only covariates that are known
ahead. :func:`leaks` checks that it looks at nothing more.

Source: Tashman 2000, "Out-of-sample tests of forecasting accuracy: an analysis and review".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from throughtime.data.panel.panel import Numbers, Panel, Series
from throughtime.doors import named
from throughtime.errors import DataError
from throughtime.tasks.forecast.scoring.measures import LEVELS, Scores, scale_of
from throughtime.tasks.rivals.naive import Naive, SlotMean, Slots, naive_rivals

__all__ = ["Forecaster", "Origins", "Rolling", "choose", "leaks", "origins"]

Forecaster: TypeAlias = Callable[[Sequence[Series]], NDArray[Any]]
"""From R series that end at their origins to quantiles (R, H, K, L) at
:data:`~throughtime.tasks.forecast.scoring.measures.LEVELS`."""
Origins: TypeAlias = Sequence[Sequence[int]]
"""For each series the steps that its forecasts begin with."""

CELLS = 400_000
"""Numbers of histories and quantiles that are worked on at a time: what stays in the cache."""
MOST_ORIGINS = 50
"""Origins of a series that a baseline is chosen by, at most."""
MOST_FORECASTS = 5_000
"""Forecasts that a baseline is chosen by, at most, unless there are more series."""


def origins(length: int, horizon: int, folds: int | None, stride: int | None = None, first: int = 1) -> list[int]:
    """Place origins in a series, the last one a horizon before its end.

    Args:
        length: steps of the series.
        horizon: steps of a forecast.
        folds: origins at most; as many as there is room for, if not given.
        stride: steps between two; a horizon, if not given.
        first: the smallest one.

    Returns:
        The origins, growing: steps that are known there, and the place of the first step that is forecast.

    Example:
        >>> origins(20, 3, folds=2), origins(20, 3, folds=None, stride=5, first=4), origins(3, 3, folds=1)
        ([14, 17], [7, 12, 17], [])
    """
    every = range(length - horizon, max(first, 1) - 1, -(horizon if stride is None else stride))
    return list(every[:folds])[::-1]


class Rolling:
    """All origins of all series: makes forecasts there, and scores them on what came after.

    An origin before which nothing was seen of a series, or after which nothing came, is left out.

    Args:
        series: N series, whole.
        origins: of each, as :func:`origins` places them.
        horizon: H, steps of a forecast.
        season: steps of the season whose change is the unit of what is scaled; 1 is that from step to step.
        slots: of each series the calendar slot of each of its steps, (T,), for a rule that asks for it.

    Raises:
        DataError: no forecast can be scored.
    """

    def __init__(
        self,
        series: Sequence[Series],
        origins: Origins,
        horizon: int,
        season: int,
        slots: Sequence[Slots] | None = None,
    ) -> None:
        self.series, self.horizon, self.season, self.slots = series, horizon, season, slots
        self.targets = series[0].values.shape[1] if series else 1
        self._begun = np.array([_begun(each.values) for each in series]).reshape(-1, self.targets)
        self.rows = [
            (number, origin)
            for number, (each, starts) in enumerate(zip(series, origins, strict=True))
            for origin in _scorable(each.values, starts, horizon, self._begun[number])
        ]
        """(which series, which origin) of each forecast."""
        if not self.rows:
            ahead = f"of {horizon:,} steps" if horizon > 1 else "of a step"
            raise DataError(
                f"no forecast {ahead} can be scored: no series goes on so long, with values, after what is known of "
                "it; give longer series" + (f", or a smaller {named('horizon')}" if horizon > 1 else "")
            )

    @property
    def folds(self) -> int:
        """Most origins of a series."""
        return int(np.bincount([number for number, _ in self.rows]).max())

    def score(self, forecaster: Forecaster, *, block: int = 256) -> Scores:
        """Score a forecaster.

        Args:
            forecaster: asked for the quantiles of a block of series.
            block: how many series it is asked for at a time.

        Returns:
            Its scores.

        Raises:
            ValueError: the forecaster gives another number of quantiles.
        """
        scores = self._scores()
        shape = (self.horizon, self.targets, len(LEVELS))
        for start in range(0, len(self.rows), block):
            rows = self.rows[start : start + block]
            quantiles = np.asarray(forecaster([self.series[number].until(origin) for number, origin in rows]))
            if quantiles.shape != (len(rows), *shape):
                raise ValueError(f"quantiles of shape {(len(rows), *shape)} were asked for, not {quantiles.shape}")
            places = np.arange(start, start + len(rows))
            self._add(scores, places, np.moveaxis(quantiles, 2, 1).reshape(-1, self.horizon, len(LEVELS)))
        return scores

    def score_rivals(self, rivals: Mapping[str, Naive]) -> dict[str, Scores]:
        """Score simple rules, all in one pass.

        Args:
            rivals: the rules by name.

        Returns:
            The scores by name.
        """
        scores = {name: self._scores() for name in rivals}
        for places, histories in self._histories():
            slots = None
            if self.slots is not None:
                ends = [self.slots[number][: origin + self.horizon] for number, origin in self._at(places)]
                slots = np.repeat(_aligned(ends, -1), self.targets, 0)
            for name, rival in rivals.items():
                self._add(scores[name], places, rival.forecast(histories, self.horizon, slots).quantiles(LEVELS))
        return scores

    def _scores(self) -> Scores:
        return Scores(len(self.series) * self.targets, self.horizon)

    def _at(self, places: Slots) -> list[tuple[int, int]]:
        return [self.rows[place] for place in places.tolist()]

    def _add(self, scores: Scores, places: Slots, quantiles: NDArray[Any]) -> None:
        """Score a block of rows: (R * K, H, L), the targets of a row below each other."""
        rows = self._at(places)
        numbers = np.array([number for number, _ in rows])[:, None]
        actual = np.stack([self.series[number].values[origin : origin + self.horizon].T for number, origin in rows])
        seen = self._begun[numbers[:, 0]] < np.array([origin for _, origin in rows])[:, None]
        actual = np.where(seen[..., None], actual, np.nan).reshape(-1, self.horizon)
        which = (self.targets * numbers + np.arange(self.targets)).ravel()
        scores.add(which, actual, quantiles, self.scale[places].ravel())

    @cached_property
    def scale(self) -> Numbers:
        """Unit of each row and target, (R, K)."""
        found = np.empty((len(self.rows), self.targets))
        for places, histories in self._histories():
            found[places] = scale_of(histories, self.season).reshape(-1, self.targets)
        return found

    def _histories(self) -> Iterator[tuple[Slots, Numbers]]:
        """Blocks of rows of like lengths: (places, what was seen before, (R * K, n))."""
        lengths = np.array([origin for _, origin in self.rows])
        order = np.argsort(lengths, kind="stable")
        start = 0
        while start < len(order):
            cells = self.targets * (lengths[order[start:]] + self.horizon * len(LEVELS))
            stop = start + max(1, int((cells * np.arange(1, len(cells) + 1) <= CELLS).sum()))
            places = order[start:stop]
            ends = [self.series[number].values[:origin] for number, origin in self._at(places)]
            yield places, _aligned([each[:, target] for each in ends for target in range(self.targets)])
            start = stop


def choose(
    panel: Panel,
    horizon: int,
    seasons: Sequence[int],
    slot_mean: SlotMean | None = None,
    slots: Sequence[Slots] | None = None,
) -> tuple[str, str]:
    """Choose the simple rule that a network has to beat: the one whose scaled CRPS is best on the training part.

    Args:
        panel: the training part alone: each series ends where that ends.
        horizon: steps of a forecast.
        seasons: lengths of the seasons, in steps.
        slot_mean: the mean of the calendar slot, where there is a calendar.
        slots: what it asks for, as of :class:`Rolling`.

    Returns:
        (its name in :func:`~throughtime.tasks.rivals.naive.naive_rivals`, what it is); of rules that are as good, and
        where all series are too short to tell, the first one.
    """
    rivals = naive_rivals(seasons, slot_mean)
    most = max(1, min(MOST_ORIGINS, MOST_FORECASTS // max(1, len(panel.series))))
    places = [_spread(len(each), horizon, most) for each in panel.series]
    try:
        rolling = Rolling(panel.series, places, horizon, min(seasons, default=1), slots)
    except DataError:
        return "last_value", rivals["last_value"].title
    scores = {name: each.totals()["crps_scaled"] for name, each in rolling.score_rivals(rivals).items()}
    best = min(scores, key=lambda name: scores[name])
    return best, rivals[best].title


def leaks(forecaster: Forecaster, series: Series, origin: int, horizon: int) -> bool:
    """Check whether a forecast depends on what came after its origin.

    While it is checked, everything after the origin is something else, in the arrays of the series themselves: a
    forecaster that has kept them, or is made of them at each call, is found out as well.

    Args:
        forecaster: asked twice; what it draws, it must draw the same.
        series: a whole series, whose arrays can be written to.
        origin: steps that are known.
        horizon: steps that are forecast, and counted as they come.

    Returns:
        Whether the two forecasts differ.
    """
    before = np.array(forecaster([series.until(origin)])[:, :horizon])
    later = [array[origin:] for array in (series.values, series.past)]
    kept = [array.copy() for array in later]
    try:
        for array in later:
            array[...] = 17 - 3 * np.nan_to_num(array[::-1])
        after = np.array(forecaster([series.until(origin)])[:, :horizon])
    finally:
        for array, values in zip(later, kept, strict=True):
            array[...] = values
    return not np.array_equal(before, after, equal_nan=True)


def _begun(values: Numbers) -> NDArray[np.int64]:
    """The first step that was seen of each target, (K,); T where none was."""
    unseen = np.logical_and.accumulate(np.isnan(values), 0)
    return unseen.sum(0, dtype=np.int64)


def _scorable(values: Numbers, starts: Sequence[int], horizon: int, begun: NDArray[np.int64]) -> list[int]:
    """The origins of a series before and after which one of its targets was seen."""
    wrong = [start for start in starts if not 0 < start <= len(values) - horizon]
    if wrong:
        raise ValueError(f"origins are 1 to {len(values) - horizon}, not {wrong[0]}")
    seen = ~np.isnan(values)
    if seen.all():
        return list(starts)
    return [start for start in starts if (seen[start : start + horizon].any(0) & (begun < start)).any()]


def _spread(length: int, horizon: int, most: int) -> list[int]:
    """Origins over the second half of a series, no nearer to each other than a horizon."""
    last = length - horizon
    if last < 1:
        return []
    first = min(last, (length + 1) // 2)
    count = min(most, (last - first) // horizon + 1)
    return np.linspace(last, first, count).astype(np.int64)[::-1].tolist()


def _aligned(rows: Sequence[NDArray[Any]], missing: float = np.nan) -> NDArray[Any]:
    """Rows of other lengths below each other, the last of each at the end: (R, length of the longest)."""
    found = np.full((len(rows), max(map(len, rows))), missing, rows[0].dtype)
    for into, row in zip(found, rows, strict=True):
        into[len(into) - len(row) :] = row
    return found
