"""What a forecaster reads of series, and what a run keeps of those it learned from. Loads no torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throughtime.data.panel.options import PanelFound
from throughtime.data.panel.panel import Numbers, Panel, Series
from throughtime.doors import option
from throughtime.errors import CheckpointError, DataError
from throughtime.training.files import read_json

__all__ = ["INPUTS_FILE", "Inputs", "Scale", "Standard", "read_inputs"]

INPUTS_FILE = "inputs.json"
"""The file of a run that holds its :class:`Inputs`."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The units of a series: z = (value - middle) / size, each (K,)."""

    middle: Numbers
    """Its mean."""
    size: Numbers
    """Mean size of its changes against the anchor; above 0."""
    spread: Numbers
    """Its standard deviation; not below the size."""

    def to_list(self) -> list[list[float]]:
        """Give it as plain numbers."""
        return [self.middle.tolist(), self.size.tolist(), self.spread.tolist()]

    @classmethod
    def of(cls, values: Numbers, anchor: int, *, counts: bool = False) -> Scale:
        """Measure a series.

        Args:
            values: (T, K), NaN where a value is missing.
            anchor: steps back to what its values are changes against; 0 is its mean.
            counts: whether it counts things: then the middle is 0, and the size 1 + the mean.

        Returns:
            Its units; of a constant series the size is a thousandth of its value, or 1 where that is 0.

        Example:
            >>> Scale.of(np.array([[1.0], [3.0], [5.0]]), 1).size
            array([2.])
        """
        there = np.where(np.isfinite(values), values, np.nan)
        middle = _mean(there)
        if counts:
            size = 1.0 + middle
            return cls(np.zeros_like(size), size, size)
        spread = np.sqrt(_mean((there - middle) ** 2))
        changes = np.abs(there[anchor:] - there[:-anchor]) if 0 < anchor < len(there) else np.abs(there - middle)
        size = _mean(changes)
        least = np.where(middle == 0.0, 1.0, np.abs(middle) * 1e-3)
        spread = np.where(spread > 1e-3 * least, spread, least)
        size = np.where(size > 1e-2 * spread, size, np.where(size > 0, 1e-2 * spread, spread))
        return cls(middle, size, np.maximum(spread, size))

    @classmethod
    def from_list(cls, saved: Sequence[Sequence[float]]) -> Scale:
        """Make it again."""
        middle, size, spread = (np.array(each, np.float64) for each in saved)
        return cls(middle, size, spread)


def _mean(values: Numbers) -> Numbers:
    """The mean over the steps that are there; 0 where none is."""
    there = np.isfinite(values)
    return np.where(there, values, 0.0).sum(0) / np.maximum(there.sum(0), 1)


@dataclass(frozen=True, slots=True)
class Standard:
    """What brings covariates to mean 0 and deviation 1 over all that was learned from."""

    mean: Numbers
    """(F,) of each."""
    deviation: Numbers
    """(F,) of each; 1 where it never changes."""

    @classmethod
    def of(cls, rows: Sequence[Numbers], width: int) -> Standard:
        """Measure rows of width covariates."""
        if not width or not rows:
            return cls(np.zeros(width), np.ones(width))
        table = np.concatenate([np.atleast_2d(each) for each in rows])
        deviation = table.std(0)
        return cls(table.mean(0), np.where(deviation > 0, deviation, 1.0))

    def __call__(self, rows: Numbers) -> NDArray[np.float32]:
        return ((rows - self.mean) / self.deviation).astype(np.float32)

    def to_list(self) -> list[list[float]]:
        """Give it as plain numbers."""
        return [self.mean.tolist(), self.deviation.tolist()]

    @classmethod
    def from_list(cls, saved: Sequence[Sequence[float]]) -> Standard:
        """Make it again."""
        mean, deviation = (np.array(each, np.float64) for each in saved)
        return cls(mean, deviation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a run keeps of the series that it learned from: the content of ``inputs.json``."""

    found: PanelFound
    """How the table was laid out."""
    outputs: int
    """K, values of a step."""
    strategy: str
    """``recursive`` or ``direct``."""
    horizon: int
    """Steps that are looked ahead where nothing else is asked for."""
    context: int
    """Steps that are read before a forecast."""
    seasons: tuple[int, ...]
    """Steps of each season."""
    anchor: int
    """Steps back to what the output is a change against; 0 is the mean."""
    baseline: str
    """Name of the naive forecast that did best on the training part."""
    levels: tuple[float, ...]
    """Levels of the quantiles that a direct forecaster gives."""
    calendar: tuple[str, ...]
    """What is read of the time stamps."""
    known: Standard
    """Covariates that are known ahead."""
    past: Standard
    """Covariates that are not."""
    static: Standard
    """What never changes."""
    gaps: bool
    """Whether it is read where values are missing."""
    zeros: bool
    """Whether 0 is read there; else the value before."""
    counts: bool
    """Whether the values count things."""
    log: bool
    """Whether logarithms are read."""
    difference: bool
    """Whether changes are read in place of values."""
    scales: Mapping[str, Scale] = field(default_factory=dict[str, Scale])
    """Units of each series, by its name."""
    learned: Mapping[str, int] = field(default_factory=dict[str, int])
    """Time of the last step that was learned from or validated on, by the name of the series."""
    step: str = ""
    """What a step is, in words."""
    grain: int = 0
    """Microseconds from a step to one that follows it closely; 0 where steps have no dates."""

    @property
    def lags(self) -> tuple[int, ...]:
        """Steps back whose values are read: the one before, and one for each season."""
        return (1, *self.seasons)

    @property
    def lead(self) -> int:
        """Steps that must lie before the first one that is read."""
        return max(*self.lags, self.anchor) + 1

    def scale(self, series: Series) -> Scale:
        """Give the units of a series: those it was learned in, or those of its own history."""
        known = self.scales.get(series.name)
        if known is not None:
            return known
        with np.errstate(divide="ignore", invalid="ignore"):  # what has no logarithm is refused where it is read
            values = np.log(series.values) if self.log else series.values
        return Scale.of(values, self.anchor, counts=self.counts)

    def require_steps_of(self, panel: Panel) -> None:
        """See that steps are as long as they were in what was learned from.

        Args:
            panel: other series.

        Raises:
            DataError: they are longer or shorter.
        """
        pattern = panel.series[0].pattern
        if panel.clock.kind == "date" and self.grain and pattern.grain != self.grain:
            raise DataError(
                f"{panel.series[0].place}: {pattern.describe()}, and in what was learned from {self.step}; learn from "
                f"such series, or say with {option('frequency')} what a step is"
            )

    def to_json(self) -> str:
        """Write it down."""
        names = ("outputs", "strategy", "horizon", "context", "seasons", "anchor", "baseline", "levels", "calendar",
                 "gaps", "zeros", "counts", "log", "difference", "step", "grain")  # fmt: skip
        return json.dumps(
            {
                **{name: getattr(self, name) for name in names},
                **{name: getattr(self, name).to_list() for name in ("known", "past", "static")},
                "found": self.found.to_mapping(),
                "scales": {name: scale.to_list() for name, scale in self.scales.items()},
                "learned": dict(self.learned),
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_mapping(cls, saved: Mapping[str, Any]) -> Inputs:
        """Make it again of what was written; KeyError, TypeError or ValueError say that it is damaged."""
        plain = dict(saved)
        standards = {name: Standard.from_list(plain.pop(name)) for name in ("known", "past", "static")}
        found = PanelFound.from_mapping(plain.pop("found"))
        scales = {name: Scale.from_list(each) for name, each in plain.pop("scales").items()}
        tuples = {name: tuple(plain.pop(name)) for name in ("seasons", "levels", "calendar")}
        return cls(found=found, scales=scales, **standards, **tuples, **plain)


def read_inputs(folder: Path) -> Inputs:
    """Read what a run kept of its series.

    Args:
        folder: the run.

    Returns:
        Its ``inputs.json``.

    Raises:
        CheckpointError: the file is missing or damaged.
    """
    path = folder / INPUTS_FILE
    content = read_json(path)
    try:
        return Inputs.from_mapping(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{path} is damaged: {error}; nothing was changed") from None
