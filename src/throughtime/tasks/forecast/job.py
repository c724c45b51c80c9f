"""The job of training a forecaster: what the training loop asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import numpy as np
import torch
from torch import nn

from throughtime.data.reading import Note
from throughtime.tasks.forecast.drawing.plotting import pictures_of
from throughtime.tasks.forecast.learner import Learner
from throughtime.tasks.forecast.options import Config
from throughtime.tasks.forecast.reader import Prepared, ToScore
from throughtime.tasks.forecast.ways.encoding import Encoded, encode
from throughtime.tasks.forecast.ways.windows import Window, Windows
from throughtime.tasks.rivals.keeping import compare
from throughtime.training.checkpoint import load_weights
from throughtime.training.files import MODEL_FILE
from throughtime.training.job import State, StepResult

__all__ = ["ForecastJob", "make_job"]

MOST = 256
"""Forecasts that are made at each validation, about."""
SAMPLE, SAMPLE_PATHS = 7, 100
"""Steps of a sample, and the paths that it is drawn from."""


class ForecastJob:
    """Training a forecaster: what the loop needs.

    Args:
        learner: what learns.
        prepared: what it learns from and is validated on.
    """

    def __init__(self, learner: Learner, prepared: Prepared) -> None:
        self.learner, self.prepared = learner, prepared
        self.name, self.criterion, self.counted = learner.name, learner.criterion, learner.counted
        self.artifacts = prepared.artifacts
        self._some = some_of(prepared.valid, learner.inputs.horizon)
        inputs = learner.inputs
        self._encoded: list[Encoded] = [encode(each, inputs, prepared.clock) for each in prepared.train]
        self._held_out, self._ends = _held_out(self._some, learner)
        length = inputs.context + inputs.horizon
        self._windows = Windows(self._encoded, length=length, horizon=inputs.horizon, lead=inputs.lead)
        self.steps_per_epoch = max(1, -(-self._windows.count // learner.config.batch_size))

    @property
    def module(self) -> nn.Module:
        return self.learner.model

    @property
    def content_key(self) -> str:
        digest = blake2b(digest_size=16)
        for each in self.prepared.valid.panel.series:
            digest.update(each.name.encode("utf-8", "surrogatepass"))
            for array in (each.values, each.ticks, each.past, each.known, each.static):
                digest.update(np.ascontiguousarray(array).data)
        return f"{digest.hexdigest()}-{self.prepared.valid.firsts}"

    @property
    def details(self) -> Mapping[str, object]:
        lengths = [len(each) for each in self.prepared.train]
        return {
            **self.learner.describe(),
            "training_steps": sum(lengths),
            "longest": max(lengths),
            "windows_an_epoch": self._windows.count,
        }

    @property
    def about(self) -> Mapping[str, object]:
        """What a finished run says of its network, by name."""
        return self.learner.describe()

    def start_from(self, folder: Path) -> None:
        """Take the weights of another run."""
        load_weights(folder / MODEL_FILE, self.module)

    def step(self, step: int, state: State) -> StepResult:
        config = self.learner.config
        windows = self._windows.draw(seed=config.seed, step=step, count=config.batch_size)
        loss, count = self.learner.loss(self._encoded, windows, step)
        return StepResult(loss, (), count, count)

    def metrics(self, loss: float) -> dict[str, float]:
        return {}

    def validate(self) -> dict[str, float]:
        return {"loss": self._held_out_loss(), **self.learner.validate(self._some)}

    def _held_out_loss(self) -> float:
        """What is minimised, of the held-out ends alone."""
        total, count = 0.0, 0
        size = self.learner.config.batch_size
        with self.learner.evaluating():
            for first in range(0, len(self._ends), size):
                loss, scored = self.learner.loss(self._held_out, self._ends[first : first + size], 0)
                total, count = total + loss.item(), count + scored
        return total / count

    def sample(self, step: int) -> str:
        """Forecast the held-out end of a series, another one each time."""
        read, learner = self._some, self.learner
        number = step // max(1, learner.config.sample_every) % len(read.panel.series)
        series, first = read.panel.series[number], read.firsts[number]
        horizon = min(learner.inputs.horizon, len(series) - first, SAMPLE)
        found = learner.quantiles([series.until(first)], read.panel.clock, horizon, (0.1, 0.5, 0.9), SAMPLE_PATHS, 0)[0]
        name = f"{series.name}: " if series.name else ""
        stamps = read.panel.clock.write(series.ticks[first : first + horizon])
        lines = [
            f"{stamp}  {low:.4g} .. {middle:.4g} .. {high:.4g}  (came: {came:.4g})"
            for stamp, (low, middle, high), came in zip(
                stamps, found[:, 0].tolist(), series.values[first : first + horizon, 0].tolist(), strict=True
            )
        ]
        return name + "\n".join(lines)

    def compare(self, folder: Path, run: str, best: Mapping[str, float]) -> str:
        """Score naive forecasts on the same held-out data."""
        rivals = self.learner.rivals(self._some) if self.learner.config.rival else {}
        return compare(folder, run, self.learner, rivals, self._some, best)

    def pictures(self) -> Mapping[str, str]:
        return pictures_of(self.learner, self._some)


def _held_out(read: ToScore, learner: Learner) -> tuple[list[Encoded], list[Window]]:
    """Series of which the held-out ends alone are scored, and windows that end with each horizon of them."""
    inputs = learner.inputs
    encoded: list[Encoded] = []
    windows: list[Window] = []
    for row, (series, first) in enumerate(zip(read.panel.series, read.firsts, strict=True)):
        whole = encode(series, inputs, read.panel.clock)
        seen = whole.seen.copy()
        seen[: inputs.lead + first] = False
        encoded.append(replace(whole, seen=seen))
        for start in range(first, len(series), inputs.horizon):
            windows.append((row, max(0, start - inputs.context), min(start + inputs.horizon, len(series))))
    return encoded, windows


def some_of(read: ToScore, horizon: int) -> ToScore:
    """Take some of the series, evenly, where there are many: they are validated on often.

    Args:
        read: the series.
        horizon: steps that are looked ahead.

    Returns:
        As many series as make about ``MOST`` forecasts.
    """
    origins = sum(
        max(0, len(each) - first) // horizon for each, first in zip(read.panel.series, read.firsts, strict=True)
    )
    every = max(1, -(-origins // MOST))
    panel = replace(read.panel, series=read.panel.series[::every])
    return replace(read, panel=panel, firsts=read.firsts[::every])


def make_job(
    learner_class: type[Learner], config: Config, prepared: Prepared, *, device: torch.device, note: Note
) -> ForecastJob:
    """Make a forecaster for what was read, and the job of training it.

    Args:
        learner_class: makes the model.
        config: the options.
        prepared: what was read.
        device: where the network goes; its first weights are drawn from torch's generator.
        note: called with what the user should know.

    Returns:
        The job.
    """
    return ForecastJob(learner_class(config, prepared.inputs, device), prepared)
