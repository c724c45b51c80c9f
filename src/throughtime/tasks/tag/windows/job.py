"""The job of training on series in windows: truncated backpropagation through time over lanes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import torch

from throughtime.data.planning.series_lanes import SeriesLanes
from throughtime.data.reading import Note
from throughtime.tasks.supervised.examples import Prepared
from throughtime.tasks.supervised.job import SAMPLES, LearnerJob
from throughtime.tasks.supervised.job import make_job as make_whole_job
from throughtime.tasks.tag.learner import Finding
from throughtime.tasks.tag.options import Config
from throughtime.tasks.tag.scores import Numbers
from throughtime.tasks.tag.windows.learner import SeriesTagger
from throughtime.tasks.tag.windows.reader import PreparedSeries
from throughtime.tasks.tag.windows.series import WindowedSeries
from throughtime.training.job import State, StepResult

__all__ = ["SeriesJob", "make_job"]


class SeriesJob(LearnerJob[Numbers, Finding]):
    """Training a tagger on windows: what the loop needs. The state of the lanes is what is carried from step to step.

    Args:
        learner: what learns.
        prepared: what it learns from and is validated on.
    """

    learner: SeriesTagger
    train: Any
    valid: Any

    def __init__(self, learner: SeriesTagger, prepared: PreparedSeries) -> None:
        super().__init__(learner, cast("Prepared[Numbers]", prepared))

    def _plan(self, epoch: int) -> SeriesLanes:
        return self.learner.lanes(self.train, epoch)

    @property
    def content_key(self) -> str:
        return f"{self.train.content_key}-{self.valid.content_key}"

    @property
    def details(self) -> Mapping[str, object]:
        train: WindowedSeries = self.train
        return {
            **self.learner.config.around(),
            **self.learner.inputs.features.describe(),
            **self.learner.inputs.targets.describe(),
            "training_series": len(train.stretches),
            "validation_series": len(self.valid.stretches),
            "training_steps": train.scored,
            "lanes": len(self._planned[1].lanes),
            "window": train.size,
        }

    def step(self, step: int, state: State) -> StepResult:
        epoch, place = divmod(step, self.steps_per_epoch)
        if self._planned[0] != epoch:
            self._planned = (epoch, self._plan(epoch))
        # Each epoch begins with other series in the lanes, so the state of the one before has no meaning there.
        scores, targets, after = self.learner.turn(self.train, self._planned[1][place], state if place else ())
        loss, count = self.learner.score_loss(scores, targets)
        return StepResult(loss, after, count, self._usual)

    def validate(self) -> dict[str, float]:
        scores = self.learner.tally(self.valid)
        del scores["labels"]
        return scores

    def sample(self, step: int) -> str:
        """Show the begins of a few held-out series, other ones each time."""
        generator = np.random.Generator(np.random.PCG64([self.learner.config.seed, step]))
        chosen: list[int] = generator.permutation(len(self.valid.stretches))[:SAMPLES].tolist()
        begins = [self.valid.records.record(stretch, 0) for stretch in chosen]
        said = self.learner.predict(begins)
        return "\n".join(self.learner.sample(record, prediction) for record, prediction in said)

    def pictures(self) -> dict[str, str]:
        return {}


def make_job(
    learner_class: type[SeriesTagger], config: Config, prepared: Any, *, device: torch.device, note: Note
) -> LearnerJob[Numbers, Finding]:
    """Make a network for what was read, and the job of training it.

    Args:
        learner_class: makes the network.
        config: the options.
        prepared: what the reader has read: records, or series in windows.
        device: where the network goes; its first weights are drawn from torch's generator.
        note: told of word vectors that it starts from.

    Returns:
        The job.
    """
    if not isinstance(prepared, PreparedSeries):
        return make_whole_job(learner_class, config, prepared, device=device, note=note)
    return SeriesJob(learner_class(config, prepared.inputs, device), prepared)
