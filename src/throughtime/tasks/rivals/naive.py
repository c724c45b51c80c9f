"""Forecasts that need no network: what was there last, and means of it. Each tells how far off it may be.

A forecast is a normal distribution for each step. Its spread comes from what the same rule got wrong on the same
history, and grows with the steps as it must. Histories are rows, oldest step first, NaN where a step is missing: rows
of other lengths are aligned at their ends. Loads no torch.

Source: Hyndman and Athanasopoulos 2021, "Forecasting: principles and practice", 3rd edition, sections 5.2 and 5.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Drift", "Gaussian", "LastValue", "Naive", "Season", "SlotMean", "naive_rivals"]

Numbers: TypeAlias = NDArray[np.float64]
Slots: TypeAlias = NDArray[np.int64]
Parts: TypeAlias = tuple[dict[str, NDArray[Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Gaussian:
    """A normal distribution for each step of each row.

    Example:
        >>> Gaussian(np.array([10.0, 10.0]), np.array([0.0, 2.0])).quantiles([0.1, 0.5, 0.9]).round(2).tolist()
        [[10.0, 10.0, 10.0], [7.44, 10.0, 12.56]]
    """

    mean: Numbers
    """(..., H)"""
    sigma: Numbers
    """(..., H): its standard deviation."""

    def quantiles(self, levels: Sequence[float]) -> Numbers:
        """Give what is not exceeded with these probabilities, (..., H, L)."""
        normal = NormalDist()
        return self.mean[..., None] + self.sigma[..., None] * np.array([normal.inv_cdf(level) for level in levels])


class Naive(Protocol):
    """A rule that forecasts, and what a run keeps of it (see :class:`~throughtime.tasks.rivals.keeping.Rival`)."""

    @property
    def kind(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def learned_from(self) -> str: ...

    def forecast(self, history: Numbers, horizon: int, slots: Slots | None = None) -> Gaussian:
        """Forecast the next steps of each row.

        Args:
            history: (n,) or (R, n), NaN where a step is missing.
            horizon: H, steps.
            slots: (n + H,) or (R, n + H), the calendar slot of each step and of those to come, for a rule that asks.

        Returns:
            The forecast, (H,) or (R, H); NaN where nothing was seen.
        """
        ...

    def to_parts(self) -> Parts: ...


class _OfRows:
    """What all rules share."""

    learned_from = "all of a series before the forecast"

    def forecast(self, history: Numbers, horizon: int, slots: Slots | None = None) -> Gaussian:
        """Forecast the next steps of each row: see :class:`Naive`."""
        rows = np.atleast_2d(np.asarray(history, np.float64))
        slots = None if slots is None else np.atleast_2d(slots)
        if not rows.shape[1]:  # a step that is missing stands for none
            rows = np.full((len(rows), 1), np.nan)
            slots = None if slots is None else np.pad(slots, ((0, 0), (1, 0)))
        mean, variance = self._of_rows(rows, horizon, slots)
        shape = (*history.shape[:-1], horizon)
        return Gaussian(mean.reshape(shape), np.sqrt(variance).reshape(shape))

    def _of_rows(self, rows: Numbers, horizon: int, slots: Slots | None) -> tuple[Numbers, Numbers]:
        """(mean, variance), each (R, H)."""
        raise NotImplementedError

    def to_parts(self) -> Parts:
        """Give (arrays, plain values) that it can be made of again."""
        return {}, {}

    @classmethod
    def from_parts(cls, arrays: Mapping[str, NDArray[Any]], plain: Mapping[str, Any]) -> Self:
        """Make it again from what :meth:`to_parts` gave."""
        return cls()


class LastValue(_OfRows):
    """The last value, again and again: a random walk. Its variance after h steps is h times that of one.

    Example:
        >>> forecast = LastValue().forecast(np.array([1.0, 3.0, 2.0, 4.0]), 4)
        >>> forecast.mean.tolist(), forecast.sigma.round(3).tolist()
        ([4.0, 4.0, 4.0, 4.0], [1.732, 2.449, 3.0, 3.464])
    """

    kind, title = "last_value", "the last value repeated"

    def _of_rows(self, rows: Numbers, horizon: int, slots: Slots | None) -> tuple[Numbers, Numbers]:
        mean, variance = _walk(rows, 1, horizon)
        return mean, _known(mean, variance)


class Season(_OfRows):
    """The last season, again and again: a random walk of each of its steps, of variance k + 1 in the k-th repetition.

    A step of the season that was never seen is the last value; of less than two seasons the spread is that of the last
    value.

    Args:
        length: of a season, in steps.

    Example:
        >>> Season(2).forecast(np.array([1.0, 5.0, 2.0, 7.0]), 3).mean.tolist()
        [2.0, 7.0, 2.0]
    """

    kind = "season"

    def __init__(self, length: int) -> None:
        self.length = length

    @property
    def title(self) -> str:
        """What it is called beside the network."""
        return f"the last season ({self.length:,} steps) repeated"

    def _of_rows(self, rows: Numbers, horizon: int, slots: Slots | None) -> tuple[Numbers, Numbers]:
        mean, variance = _walk(rows, self.length, horizon)
        unsure = np.isnan(variance)
        some = np.flatnonzero(unsure.any(1))
        if len(some):
            last, spread = _walk(rows[some], 1, horizon)
            mean[some] = np.where(np.isnan(mean[some]), last, mean[some])
            variance[some] = np.where(unsure[some], _known(last, spread), variance[some])
        return mean, variance

    def to_parts(self) -> Parts:
        """Give (arrays, plain values) that it can be made of again."""
        return {}, {"length": self.length}

    @classmethod
    def from_parts(cls, arrays: Mapping[str, NDArray[Any]], plain: Mapping[str, Any]) -> Self:
        """Make it again from what :meth:`to_parts` gave; a KeyError says that something is missing."""
        return cls(int(plain["length"]))


class Drift(_OfRows):
    """The last value, and the mean change from step to step: a line from the first value through the last.

    Example:
        >>> forecast = Drift().forecast(np.array([1.0, 3.0, 2.0, 4.0]), 2)
        >>> forecast.mean.tolist(), (forecast.sigma**2).round(3).tolist()
        ([5.0, 6.0], [4.0, 10.0])
    """

    kind, title = "drift", "the last value and the mean change"

    def _of_rows(self, rows: Numbers, horizon: int, slots: Slots | None) -> tuple[Numbers, Numbers]:
        mean, walk = _walk(rows, 1, horizon)
        seen = ~np.isnan(rows)
        first, last = seen.argmax(1), _last(seen)
        span = np.where(seen.any(1), last - first, 0)[:, None]
        every = np.arange(len(rows))
        slope = (rows[every, last] - rows[every, first])[:, None] / np.maximum(span, 1)
        change, gap = _changes(rows[..., None])
        left = (change[..., 0] - slope * gap[..., 0]) ** 2 / gap[..., 0]
        pairs = np.isfinite(left).sum(1, keepdims=True)
        variance = np.nansum(left, 1, keepdims=True) / np.maximum(pairs - 1, 1)
        ahead = rows.shape[1] - 1 - last[:, None] + np.arange(1, horizon + 1)
        grown = variance * ahead * (1 + ahead / np.maximum(span, 1))
        return mean + slope * ahead, np.where(pairs > 1, grown, _known(mean, walk))


class SlotMean(_OfRows):
    """The mean of all steps that were in the same slot of the calendar, such as the same day of the year.

    Its variance is that of what is left, times 1 + 1/count of the slot. A slot that was never seen is the mean of all.
    Without slots, all steps are of one.

    Args:
        slot: what a slot is called.
        count: how many there are; the last one is beside the first.
        around: slots on either side that are taken together with one: few years tell little of a single day.

    Example:
        >>> rule = SlotMean("half of the day", 2)
        >>> rule.forecast(np.array([1.0, 5.0, 3.0, 7.0]), 2, np.array([0, 1, 0, 1, 0, 1])).mean.tolist()
        [2.0, 6.0]
    """

    kind = "slot_mean"

    def __init__(self, slot: str = "", count: int = 1, around: int = 0) -> None:
        self.slot, self.count, self.around = slot, count, min(around, (count - 1) // 2)

    @property
    def title(self) -> str:
        """What it is called beside the network."""
        return f"the mean of the {self.slot}" if self.slot else "the mean"

    def _of_rows(self, rows: Numbers, horizon: int, slots: Slots | None) -> tuple[Numbers, Numbers]:
        number, steps = rows.shape
        if slots is None or self.count == 1:
            slots = np.zeros((number, steps + horizon), np.int64)
        seen = ~np.isnan(rows)
        past, ahead = np.where(seen, slots[:, :steps], 0), slots[:, steps:]
        if min(past.min(), ahead.min()) < 0 or max(past.max(), ahead.max()) >= self.count:
            raise ValueError(f"slots are 0 to {self.count - 1}, not {past.min()} to {max(past.max(), ahead.max())}")
        # Differences to a value of its own lose no digits, and of a constant series they are nothing.
        center = rows[np.arange(number), _last(seen)][:, None]
        values = np.where(seen, rows - center, 0)
        counts, means = self._means(past, values, seen)
        total = _total(seen, np.ones(rows.shape))
        whole = _total(seen, values) / total.clip(1)
        loose = _total(seen, (values - whole) ** 2) / (total - 1).clip(1)
        # Of each value that a mean of n is taken from, 1/n is not free.
        free = total - _total(seen, 1 / np.take_along_axis(counts, past, 1).clip(1))
        left = _total(seen, (values - np.take_along_axis(means, past, 1)) ** 2) / free.clip(0.5)
        support = np.take_along_axis(counts, ahead, 1)
        known = support > 0
        mean = center + np.where(known, np.take_along_axis(means, ahead, 1), whole)
        spread = np.where(known & (free > 0.5), left, loose)
        grown = spread + spread / np.where(known, support, total).clip(1)
        return mean, np.where(np.isnan(mean), np.nan, grown)

    def _means(self, past: Slots, values: Numbers, seen: NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
        """(steps, mean) of each slot and those around it, (R, count)."""
        shape = (len(past), self.count)
        cells = (past + self.count * np.arange(len(past), dtype=np.int64)[:, None]).ravel()
        parts = [np.bincount(cells, of.ravel(), shape[0] * shape[1]).reshape(shape) for of in (seen, values)]
        counts, sums = (self._around(part.astype(np.float64)) for part in parts)
        return counts, sums / np.maximum(counts, 1)

    def _around(self, part: Numbers) -> Numbers:
        found = part.copy()
        for by in range(1, self.around + 1):
            found += np.roll(part, by, 1)
            found += np.roll(part, -by, 1)
        return found

    def to_parts(self) -> Parts:
        """Give (arrays, plain values) that it can be made of again."""
        return {}, {"slot": self.slot, "count": self.count, "around": self.around}

    @classmethod
    def from_parts(cls, arrays: Mapping[str, NDArray[Any]], plain: Mapping[str, Any]) -> Self:
        """Make it again from what :meth:`to_parts` gave; a KeyError says that something is missing."""
        return cls(str(plain["slot"]), int(plain["count"]), int(plain["around"]))


def naive_rivals(seasons: Iterable[int], slot_mean: SlotMean | None = None) -> dict[str, Naive]:
    """Give all rules that a panel can be forecast by.

    Args:
        seasons: lengths of its seasons, in steps.
        slot_mean: the mean of the slot, where it has a calendar.

    Returns:
        The rules by name.

    Example:
        >>> list(naive_rivals([24, 168]))
        ['last_value', 'season_24', 'season_168', 'drift']
    """
    walks: dict[str, Naive] = {f"season_{length}": Season(length) for length in seasons if length > 1}
    calendar: dict[str, Naive] = {} if slot_mean is None else {"slot_mean": slot_mean}
    return {"last_value": LastValue(), **walks, "drift": Drift(), **calendar}


def _walk(rows: Numbers, length: int, horizon: int) -> tuple[Numbers, Numbers]:
    """(mean, variance) of a random walk of each step of a season; NaN where there is nothing to tell it from.

    A value that was seen k seasons before has k times the variance of one season, so a pair of values that are k
    seasons apart tells 1/k of its square.
    """
    number, steps = rows.shape
    seasons = np.pad(rows, ((0, 0), (-steps % length, 0)), constant_values=np.nan).reshape(number, -1, length)
    last = _last(~np.isnan(seasons))
    values = np.take_along_axis(seasons, last[:, None], 1)[:, 0]
    change, gap = _changes(seasons)
    squares = change**2 / gap
    pairs = np.isfinite(squares).sum((1, 2))
    one = np.where(pairs, np.nansum(squares, (1, 2)), np.nan) / np.maximum(pairs, 1)
    phase, season = np.arange(horizon) % length, seasons.shape[1] + np.arange(horizon) // length
    mean = values[:, phase]
    return mean, np.where(np.isnan(mean), np.nan, one[:, None] * (season - last[:, phase]))


def _changes(seasons: Numbers) -> tuple[Numbers, Numbers]:
    """Of (R, P, m): the change of each value against the one seen before it, and how many seasons that was before.

    Both are (R, P - 1, m); the change is NaN where there are no two values.
    """
    seen = ~np.isnan(seasons)
    if not (seen[:, :-1] & ~seen[:, 1:]).any():  # none is missing but at the start
        return np.diff(seasons, axis=1), np.ones((1, 1, 1))
    place = np.arange(seasons.shape[1], dtype=np.int64)[:, None]
    before = np.maximum.accumulate(np.where(seen, place, 0), 1)[:, :-1]
    return seasons[:, 1:] - np.take_along_axis(seasons, before, 1), (place[1:] - before).astype(np.float64)


def _last(seen: NDArray[np.bool_]) -> Slots:
    """Place of the last True along the axis 1; the last place where there is none."""
    return seen.shape[1] - 1 - seen[:, ::-1].argmax(1)


def _known(mean: Numbers, variance: Numbers) -> Numbers:
    """Where there is a value but no pair of them: nothing is known to change."""
    return np.where(np.isnan(variance) & ~np.isnan(mean), 0.0, variance)


def _total(seen: NDArray[np.bool_], values: Numbers) -> Numbers:
    """Sum of each row over what was seen, (R, 1)."""
    return np.where(seen, values, 0).sum(1, keepdims=True)
