"""Series as a forecaster reads them: values in units of their own, what is known beforehand, and looks back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throughtime.data.clocks.clock import Clock
from throughtime.data.panel.panel import Numbers, Series
from throughtime.data.patterns.calendar import calendar_features
from throughtime.data.series.gaps import filled
from throughtime.errors import DataError
from throughtime.tasks.forecast.inputs import Inputs, Scale

__all__ = [
    "Encoded",
    "ahead_of",
    "ahead_width",
    "back_to_values",
    "base_of",
    "encode",
    "exogenous_width",
    "looks_back",
    "tail",
    "width_of_looks",
]

Array = Any
"""An array of NumPy or a tensor: what is cut and joined alike."""
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Encoded:
    """A series as it is read. Before its first step stand ``lead`` empty ones, so that one can look back anywhere."""

    series: Series
    """What was read."""
    z: Floats
    """(lead + T, K): the values in units of the series; gaps filled."""
    exists: NDArray[np.bool_]
    """(lead + T,): whether there is such a step."""
    seen: NDArray[np.bool_]
    """(lead + T, K): whether the value itself was seen, so that it can be scored."""
    outside: Floats
    """(T + F, E): what is known beforehand of each step: covariates, calendar, the sizes of the units."""
    past: Floats
    """(T, P): covariates that are not known ahead."""
    scale: Scale
    """Its units."""
    ratio: Floats
    """(K,): size over spread; what levels are multiplied by."""

    def __len__(self) -> int:
        return len(self.past)


def encode(series: Series, inputs: Inputs, clock: Clock, ahead: int = 0, scale: Scale | None = None) -> Encoded:
    """Bring a series into the form that is read.

    Args:
        series: what was seen.
        inputs: what the run knows of such series.
        clock: how its times are to be understood.
        ahead: steps after the last one that will be forecast.
        scale: its units; None takes those that ``inputs`` gives it.

    Returns:
        The series as it is read.

    Raises:
        DataError: what should be known ahead of it ends too early, a value has no logarithm, or is no count.
    """
    _require_known(series, ahead, clock)
    _require_values(series, inputs, clock)
    values = np.log(series.values) if inputs.log else series.values
    scale = scale or inputs.scale(series)
    seen = np.isfinite(values)
    z = ((values - scale.middle) / scale.size).astype(np.float32)
    if not seen.all():
        nothing = (-scale.middle / scale.size).astype(np.float32) * (not inputs.log)
        z = np.where(seen, z, nothing) if inputs.zeros else filled(np.where(seen, z, np.float32(np.nan)), "forward")
    lead = inputs.lead
    return Encoded(
        series,
        np.concatenate([np.zeros((lead, z.shape[1]), np.float32), z]),
        np.arange(-lead, len(z)) >= 0,
        np.concatenate([np.zeros((lead, z.shape[1]), np.bool_), seen]),
        _outside(series, inputs, clock, scale, ahead),
        inputs.past(series.past),
        scale,
        (scale.size / scale.spread).astype(np.float32),
    )


def _require_known(series: Series, ahead: int, clock: Clock) -> None:
    """Raise where covariates that are known ahead are not known as far as is looked."""
    lacking = len(series) + ahead - len(series.known)
    if series.known.shape[1] and lacking > 0:
        first = series.future(ahead)[ahead - lacking :][:1]
        missing = "the step ahead is" if ahead == 1 else f"{lacking} of {ahead} steps {'is' if lacking == 1 else 'are'}"
        raise DataError(
            f"{series.place}: the covariates that are known ahead end too early: {missing} missing, the first at "
            f"{clock.write(first)[0]}; add rows with them and an empty value"
        )


def _require_values(series: Series, inputs: Inputs, clock: Clock) -> None:
    """Raise where values are not of the kind that was learned from."""
    if not (inputs.log or inputs.counts):
        return
    values = series.values
    wrong = values <= 0 if inputs.log else (values < 0) | (values % 1 > 0)
    if wrong.any():
        step = int(wrong.any(1).argmax())
        why = "has no logarithm, as this run reads them" if inputs.log else "is no count, as this run learned them"
        raise DataError(
            f"{series.place}: the value of {clock.write(series.ticks[step : step + 1])[0]} is "
            f"{values[step][wrong[step]][0]:g}, which {why}; give other data, or learn the values themselves"
        )


def _outside(series: Series, inputs: Inputs, clock: Clock, scale: Scale, ahead: int) -> Floats:
    """What is known of each step beforehand, (T + ahead, E)."""
    steps = len(series) + ahead
    ticks = np.concatenate([series.ticks, series.future(ahead)]) if ahead else series.ticks
    lasting = np.concatenate([inputs.static(series.static), _relative(scale), np.log(scale.size / scale.spread)])
    parts = [np.broadcast_to(lasting.astype(np.float32), (steps, len(lasting)))]
    if inputs.calendar:
        parts.append(calendar_features(ticks, clock, series.pattern))
    if series.known.shape[1]:
        parts.append(inputs.known(series.known[:steps]))
    return np.concatenate(parts, axis=1, dtype=np.float32)


def _relative(scale: Scale) -> Numbers:
    """How large the spread of a series is beside its mean, as a logarithm, (K,)."""
    return np.log(scale.spread / (np.abs(scale.middle) + scale.spread))


def exogenous_width(inputs: Inputs) -> int:
    """Give E, the numbers that are known beforehand of a step.

    Args:
        inputs: what is read of series.

    Returns:
        The count.
    """
    return len(inputs.static.mean) + 2 * inputs.outputs + len(inputs.calendar) + len(inputs.known.mean)


def width_of_looks(inputs: Inputs) -> int:
    """Give how many numbers of a step :func:`looks_back` gives.

    Args:
        inputs: what is read of series.

    Returns:
        The count.
    """
    return inputs.outputs * (len(inputs.lags) + (not inputs.difference) + inputs.gaps) + len(inputs.seasons)


def looks_back(
    z: Array, exists: Array, seen: Array, ratio: Array, steps: slice, inputs: Inputs, cat: Callable[..., Array]
) -> Array:
    """Give what is read of the values before each step: each lag's, and what the last one changed by.

    Args:
        z: (..., lead + T, K).
        exists: (..., lead + T), numbers: 1 where there is such a step.
        seen: (..., lead + T, K), numbers: 1 where its value was seen.
        ratio: (..., 1, K).
        steps: from the first to after the last, in places of z; those before are looked back at, these are not.
        inputs: which lags.
        cat: joins arrays along their last axis.

    Returns:
        (..., steps, numbers).
    """

    def back(array: Array, lag: int) -> Array:
        return array[..., steps.start - lag : steps.stop - lag, :]

    def level(lag: int) -> Array:
        return back(z, lag) - back(z, lag + 1) if inputs.difference else back(z, lag) * ratio

    parts = [level(lag) for lag in inputs.lags]
    if not inputs.difference:
        before = slice(steps.start - 1, steps.stop - 1)
        parts.append(back(z, 1) - base_of(z, exists, before, max(inputs.anchor, 1)))
    parts += [back(exists[..., None], lag) for lag in inputs.seasons]
    if inputs.gaps:
        parts.append(back(seen, 1))
    return cat(parts, -1)


def base_of(z: Array, exists: Array, steps: slice, anchor: int) -> Array:
    """Give what the values of steps are changes against: one step or season before, or 0, the mean.

    Args:
        z: (..., lead + T, K).
        exists: (..., lead + T), numbers.
        steps: places in z.
        anchor: steps back; where none was yet, the value before stands in.

    Returns:
        (..., steps, K).
    """
    last = z[..., steps.start - 1 : steps.stop - 1, :]
    if anchor == 0:
        return 0 * last
    there = exists[..., steps.start - anchor : steps.stop - anchor, None]
    return there * z[..., steps.start - anchor : steps.stop - anchor, :] + (1 - there) * last


def ahead_of(encoded: Encoded, origin: int, horizon: int, inputs: Inputs) -> tuple[Floats, Floats]:
    """Give what a direct forecaster knows of the steps after an origin: (J, F) numbers, and their bases (J, K).

    A season back from a step may lie after the origin; then it is the season before that one.

    Args:
        encoded: the series.
        origin: first step that is not known, from 0.
        horizon: J.
        inputs: which lags.

    Returns:
        (what is known, the bases).
    """
    steps, lead = np.arange(horizon), inputs.lead
    parts: list[Floats] = [encoded.outside[origin : origin + horizon]]

    def season_back(season: int) -> tuple[Floats, NDArray[np.bool_]]:
        places = lead + origin + steps - season * (steps // season + 1)
        return encoded.z[places], encoded.exists[places][:, None]

    last = encoded.z[lead + origin - 1]
    for season in inputs.seasons:
        value, there = season_back(season)
        parts += [np.where(there, value, last) * encoded.ratio, there.astype(np.float32)]
    parts.append(np.stack([(steps + 1) / horizon, np.sqrt(steps + 1) / np.sqrt(horizon)], 1).astype(np.float32))
    if inputs.anchor == 0:
        base = np.zeros((horizon, len(last)), np.float32)
    else:
        value, there = season_back(inputs.anchor)
        base = np.where(there, value, last)
    return np.concatenate(parts, axis=1, dtype=np.float32), base.astype(np.float32)


def ahead_width(inputs: Inputs) -> int:
    """Give F, the numbers that :func:`ahead_of` gives of a step.

    Args:
        inputs: what is read of series.

    Returns:
        The count.
    """
    return exogenous_width(inputs) + len(inputs.seasons) * (inputs.outputs + 1) + 2


def tail(series: Series, steps: int) -> Series:
    """Give the last steps of a series alone, with what is known ahead of it.

    Args:
        series: the series.
        steps: how many.

    Returns:
        The series that begins so many steps before the end.
    """
    if len(series) <= steps:
        return series
    first = len(series) - steps
    return replace(
        series,
        values=series.values[first:],
        ticks=series.ticks[first:],
        past=series.past[first:],
        known=series.known[first:],
    )


def back_to_values(z: NDArray[Any], scale: Scale, inputs: Inputs) -> Numbers:
    """Bring numbers from a series' units back to its values.

    Args:
        z: (..., K), in units of the series.
        scale: the units.
        inputs: whether they are logarithms.

    Returns:
        (..., K) values.
    """
    with np.errstate(over="ignore"):
        values = z.astype(np.float64) * scale.size + scale.middle
        return np.exp(np.minimum(values, 700.0)) if inputs.log else values
