"""What learns to forecast: a network one way or the other, with what it reads of series."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from throughtime.data.clocks.clock import Clock
from throughtime.data.panel.panel import Numbers, Panel, Series
from throughtime.data.reading import Note
from throughtime.doors import named, option
from throughtime.errors import UsageError
from throughtime.tasks.forecast.inputs import Inputs, read_inputs
from throughtime.tasks.forecast.options import Config, Evaluating, Forecasting, levels_of
from throughtime.tasks.forecast.planning import slot_mean_of
from throughtime.tasks.forecast.reader import ToScore
from throughtime.tasks.forecast.scoring.calibration import best_spread, spread_by
from throughtime.tasks.forecast.scoring.measures import LEVELS
from throughtime.tasks.forecast.scoring.rolling import Rolling, origins
from throughtime.tasks.forecast.ways.direct import Direct
from throughtime.tasks.forecast.ways.encoding import Encoded, back_to_values, encode, tail
from throughtime.tasks.forecast.ways.recursive import Recursive
from throughtime.tasks.forecast.ways.windows import Window
from throughtime.tasks.rivals.naive import Naive, naive_rivals
from throughtime.training.checkpoint import load_weights
from throughtime.training.files import MODEL_FILE

__all__ = ["Forecasts", "Learner"]

MEDIAN = 0.5
VALIDATION_PATHS = 64
AT_ONCE = 200
"""Series that are encoded and forecast side by side."""


@dataclass(frozen=True, slots=True)
class Forecasts:
    """What is said of the steps after the end of series."""

    columns: tuple[str, ...]
    """What the C numbers of a step are: ``median``, ``0.1`` ..., or ``path 1`` ..."""
    values: Sequence[Numbers]
    """(J, K, C) for each series."""


class Learner:
    """A forecaster and what it knows of its series.

    Args:
        config: the options.
        inputs: what is read of series.
        device: where the network goes; its first weights are drawn from torch's generator.
    """

    name, criterion = "forecast", "crps_scaled"

    def __init__(self, config: Config, inputs: Inputs, device: torch.device) -> None:
        self.config, self.inputs = config, inputs
        self.wanted = Evaluating()
        self.way = Recursive(config, inputs) if inputs.strategy == "recursive" else Direct(config, inputs)
        self.model: nn.Module = self.way.model.to(device)

    @classmethod
    def open(cls, config: Config, folder: Path, device: torch.device) -> Self:
        """Open the model of a run for use.

        Args:
            config: the run's options.
            folder: the run.
            device: where the network goes.

        Returns:
            The model, ready to forecast.

        Raises:
            CheckpointError: a file of the run is missing or damaged.
        """
        learner = cls(config, read_inputs(folder), device)
        load_weights(folder / MODEL_FILE, learner.model.eval())
        return learner

    @property
    def advice(self) -> str:
        """What to try where the network is no better than a naive forecast."""
        tries = "more data of the same kind, or covariates that are known ahead, may help"
        walk = "; where changes do not depend on what was, as those of prices hardly do, nothing will"
        return tries + (walk if self.inputs.baseline in ("last_value", "drift") else "")

    @property
    def counted(self) -> str:
        """What a step of training scores."""
        return self.way.counted

    def asked(self, wanted: Evaluating, note: Note) -> Self:
        """Give the same, asked to score in another way.

        Raises:
            UsageError: it cannot look as far ahead.
        """
        self.horizon_for(wanted.horizon)
        if self.inputs.strategy == "direct" and wanted.paths != Evaluating().paths:
            raise UsageError(f"the direct strategy draws no {named('paths')}: leave it out")
        other = copy(self)
        other.wanted = wanted
        return other

    def horizon_for(self, asked: int | None) -> int:
        """Give the steps to look ahead; a UsageError says that they are more than a direct forecaster knows."""
        horizon = self.inputs.horizon if asked is None else asked
        if self.inputs.strategy == "direct" and horizon > self.inputs.horizon:
            learned = "1 step" if self.inputs.horizon == 1 else f"{self.inputs.horizon} steps"
            raise UsageError(
                f"the direct strategy looks {learned} ahead, not {horizon}: it has learned no more; give a "
                f"{named('horizon')} up to {self.inputs.horizon}, or learn with a longer one, or with "
                f"{option('strategy', 'recursive')}"
            )
        return horizon

    @contextmanager
    def evaluating(self) -> Generator[None]:
        """Have the network without noise and gradients, and then as it was."""
        training = self.model.training
        self.model.eval()
        with torch.no_grad():
            yield
        self.model.train(training)

    def loss(self, encoded: Sequence[Encoded], windows: Sequence[Window], seed: int) -> tuple[Tensor, int]:
        """Give the loss summed over what is scored of windows, and how much that is."""
        return self.way.loss(encoded, windows, seed)

    def quantiles(
        self,
        series: Sequence[Series],
        clock: Clock,
        horizon: int,
        levels: Sequence[float],
        draws: int,
        seed: int,
        progress: Callable[[int], None] | None = None,
    ) -> NDArray[np.float64]:
        """Forecast series that end now.

        Args:
            series: what was seen of each.
            clock: how their times are to be understood.
            horizon: J, steps ahead.
            levels: of the L quantiles.
            draws: paths that they are taken from, for the recursive way.
            seed: of the draws; what is drawn of a series depends on it, on its name and its last step alone.
            progress: called with the number of series that are done.

        Returns:
            (series, J, K, L), not falling along the levels.
        """
        found: list[NDArray[np.float64]] = []
        with self.evaluating():
            for first in range(0, len(series), AT_ONCE):
                block = self._encoded(series[first : first + AT_ONCE], clock, horizon)
                found.append(self.way.forecast(block, horizon, levels, draws, _generators(block, seed)))
                if progress is not None:
                    progress(first + len(block))
        return np.concatenate(found)

    def paths(
        self, series: Sequence[Series], clock: Clock, horizon: int, count: int, seed: int
    ) -> list[NDArray[np.float64]]:
        """Draw paths (S, J, K) of each series; a UsageError says that the network gives quantiles alone."""
        if not isinstance(self.way, Recursive):
            raise UsageError(
                f"the direct strategy gives quantiles and draws no {named('paths')}: leave it out, or learn with "
                f"{option('strategy', 'recursive')}"
            )
        found: list[NDArray[np.float64]] = []
        with self.evaluating():
            for first in range(0, len(series), AT_ONCE):
                block = self._encoded(series[first : first + AT_ONCE], clock, horizon)
                drawn = self.way.paths(block, horizon, count, _generators(block, seed))
                found += [back_to_values(row, each.scale, self.inputs) for row, each in zip(drawn, block, strict=True)]
        return found

    def _encoded(self, series: Sequence[Series], clock: Clock, horizon: int) -> list[Encoded]:
        """The ends of series as they are read; no more of them than a forecast looks at."""
        inputs, steps = self.inputs, self.inputs.context + self.inputs.lead
        scales = {each.name: inputs.scale(each) for each in series}
        return [encode(tail(each, steps), inputs, clock, horizon, scales[each.name]) for each in series]

    def forecast(self, panel: Panel, wanted: Forecasting, progress: Callable[[int], None] | None = None) -> Forecasts:
        """Say what comes after the end of series.

        Args:
            panel: the series.
            wanted: how far ahead, which quantiles or how many paths.
            progress: called with the number of series that are done.

        Returns:
            The median and the quantiles, or the paths, of each.

        Raises:
            UsageError: the network cannot do that.
            DataError: what should be known ahead ends too early.
        """
        horizon = self.horizon_for(wanted.horizon)
        if wanted.paths:
            drawn = self.paths(panel.series, panel.clock, horizon, wanted.paths, wanted.seed)
            names = tuple(f"path {number}" for number in range(1, wanted.paths + 1))
            return Forecasts(names, [np.moveaxis(each, 0, -1) for each in drawn])
        others = self._levels(wanted.quantiles)
        levels = sorted({MEDIAN, *others})
        found = self.quantiles(panel.series, panel.clock, horizon, levels, wanted.draws, wanted.seed, progress)
        order = [levels.index(level) for level in (MEDIAN, *others)]
        return Forecasts(("median", *(f"{level:g}" for level in others)), list(found[..., order]))

    def _levels(self, asked: str) -> list[float]:
        levels = [level for level in levels_of(asked) if level != MEDIAN]
        known = self.inputs.levels
        if self.inputs.strategy == "direct" and levels and not known[0] <= min(levels) <= max(levels) <= known[-1]:
            raise UsageError(
                f"the direct strategy has learned quantiles from {known[0]:g} to {known[-1]:g}; ask for "
                f"{named('quantiles')} between them"
            )
        return levels

    def evaluate(self, read: ToScore) -> dict[str, Any]:
        """Score forecasts at origins that roll over series, each made of what was known there.

        Args:
            read: what the reader has read to evaluate.

        Returns:
            The scores, and how many ``series``, ``folds`` and ``origins`` they are of; ``by_step``: of each step ahead.

        Raises:
            DataError: nothing can be scored.
        """
        wanted, rolling = self.wanted, self._rolling(read)
        scores = rolling.score(self._forecaster(read, rolling.horizon, wanted.paths, wanted.seed), block=AT_ONCE)
        skipped = {"skipped": read.skipped} if read.skipped else {}
        counts = {"series": len({number for number, _ in rolling.rows}), "folds": rolling.folds}
        return {**scores.totals(), **counts, "origins": len(rolling.rows), **skipped, "by_step": scores.by_step()}

    def validate(self, read: ToScore) -> dict[str, float]:
        """Score the held-out ends of series, with few paths: often, so quickly; and spread forecasts as they show."""
        rolling, blocks = self._rolling(read), list[Any]()
        forecaster = self._forecaster(read, rolling.horizon, VALIDATION_PATHS, 0)
        self.way.model.spread.fill_(1.0)

        def kept(series: Sequence[Series]) -> Any:
            blocks.append(forecaster(series))
            return blocks[-1]

        scores = rolling.score(kept, block=AT_ONCE)
        if not self.inputs.counts:
            spread = self._spread_for(rolling, np.concatenate(blocks))
            self.way.model.spread.fill_(spread)
            again = iter([self._spread_again(block, spread) for block in blocks])
            scores = rolling.score(lambda series: next(again), block=AT_ONCE)
        return scores.totals()

    def _spread_for(self, rolling: Rolling, quantiles: NDArray[np.float64]) -> float:
        """By what forecasts must be spread, in the units that the network draws in."""
        ends = [rolling.series[number].values[origin : origin + rolling.horizon] for number, origin in rolling.rows]
        actual, scale = np.stack(ends), rolling.scale
        if self.inputs.log:
            with np.errstate(divide="ignore", invalid="ignore"):
                actual, quantiles, scale = np.log(actual), np.log(quantiles), np.ones_like(scale)
        return best_spread(actual, quantiles, scale)

    def _spread_again(self, quantiles: NDArray[np.float64], spread: float) -> NDArray[np.float64]:
        if self.inputs.log:
            return np.exp(spread_by(np.log(quantiles), spread))
        return spread_by(quantiles, spread)

    def score_rival(self, rival: Naive, read: ToScore) -> dict[str, float]:
        """Score a naive forecast at the same origins."""
        return self._rolling(read).score_rivals({"": rival})[""].totals()

    def rivals(self, read: ToScore) -> dict[str, Naive]:
        """Give the naive forecasts that stand beside the network, the one to beat first."""
        found = naive_rivals(self.inputs.seasons, slot_mean_of(read.panel)[0])
        best = self.inputs.baseline
        return {name: found[name] for name in sorted(found, key=lambda name: name != best)}

    def _rolling(self, read: ToScore) -> Rolling:
        wanted, horizon = self.wanted, self.horizon_for(self.wanted.horizon)
        starts = [
            origins(len(each), horizon, wanted.folds, wanted.stride, first)
            for each, first in zip(read.panel.series, read.firsts, strict=True)
        ]
        season = min(self.inputs.seasons, default=1)
        return Rolling(read.panel.series, starts, horizon, season, slot_mean_of(read.panel)[1])

    def _forecaster(self, read: ToScore, horizon: int, draws: int, seed: int) -> Callable[[Sequence[Series]], Any]:
        clock = read.panel.clock
        return lambda series: self.quantiles(series, clock, horizon, LEVELS, draws, seed)

    def describe(self) -> dict[str, object]:
        """Give the sizes of the network and of what it reads, by name."""
        inputs, config = self.inputs, self.config
        way: dict[str, object] = {"strategy": inputs.strategy}
        if inputs.strategy == "recursive":
            way["likelihood"] = config.likelihood
        return {
            **{name: getattr(config, name) for name in ("cell", "hidden", "layers")},
            **config.around(),
            **way,
            "targets": inputs.found.targets,
            "horizon": inputs.horizon,
            "context": inputs.context,
            "seasons": inputs.seasons,
            "anchor": f"{inputs.anchor} steps back" if inputs.anchor else "the mean",
            "baseline": inputs.baseline,
            "series": len(inputs.scales),
            "parameters": sum(parameter.numel() for parameter in self.model.parameters()),
        }


def _generators(block: Sequence[Encoded], seed: int) -> Any:
    """Random numbers of each series, whatever stands beside it."""

    def of_series(row: int) -> np.random.Generator:
        series = block[row].series
        key = [seed, zlib.crc32(series.name.encode("utf-8", "surrogatepass")), int(series.ticks[-1]) % 2**63]
        return np.random.Generator(np.random.PCG64(key))

    return of_series
