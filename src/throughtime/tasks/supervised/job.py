"""The job of training what learns from records with targets: what the training loop asks for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Generic, cast

import numpy as np
import torch
from torch import nn

from throughtime.data.encoding.features import WordFeatures
from throughtime.data.reading import Note
from throughtime.models.parts.inputs import WordInput
from throughtime.tasks.rivals.keeping import Rival, compare
from throughtime.tasks.run_config import read_config
from throughtime.tasks.supervised.examples import Prepared
from throughtime.tasks.supervised.learner import Finding, Learner
from throughtime.tasks.supervised.network import start_from_language_model, use_vectors
from throughtime.tasks.supervised.targets import Target
from throughtime.training.checkpoint import load_weights
from throughtime.training.files import MODEL_FILE
from throughtime.training.job import State, StepResult

__all__ = ["LearnerJob", "make_job"]

SAMPLES = 5
"""Records of a sample."""


class LearnerJob(Generic[Target, Finding]):
    """Training a learner: what the loop needs.

    Args:
        learner: what learns.
        prepared: what it learns from and is validated on.
    """

    def __init__(self, learner: Learner[Target, Finding], prepared: Prepared[Target]) -> None:
        self.learner, self.train, self.valid = learner, prepared.train, prepared.valid
        self.artifacts = prepared.artifacts
        self.name, self.counted, self.criterion = learner.name, learner.counted, learner.criterion
        self._planned = (0, self._plan(0))
        self.steps_per_epoch = len(self._planned[1])
        self._usual = float(self.train.scored) / self.steps_per_epoch

    def _plan(self, epoch: int) -> Any:
        return self.learner.plan(self.train.costs, self.learner.config.seed, epoch)

    @property
    def module(self) -> nn.Module:
        return self.learner.model

    @property
    def content_key(self) -> str:
        return f"{self.train.items.content_key}-{self.train.targets_key}-{self.valid.items.content_key}"

    @property
    def details(self) -> Mapping[str, object]:
        lengths = self.train.items.lengths
        plan = self._planned[1]
        return {
            **self.learner.config.around(),
            **self.learner.inputs.features.describe(),
            **self.learner.inputs.targets.describe(),
            "training_examples": len(lengths),
            "validation_examples": len(self.valid.records),
            "longest": int(lengths.max()),
            "padding": f"{plan.waste(lengths):.0%} of the batches (skipped by the layers)",
        }

    @property
    def about(self) -> Mapping[str, object]:
        """What a finished run says of its network, by name."""
        return self.learner.describe()

    def start_from(self, folder: Path) -> None:
        """Take the weights of another run, or the encoder of a language model."""
        if read_config(folder)["task"] == self.name:
            load_weights(folder / MODEL_FILE, self.module)
        else:
            start_from_language_model(folder, self.module)

    def step(self, step: int, state: State) -> StepResult:
        epoch, place = divmod(step, self.steps_per_epoch)
        if self._planned[0] != epoch:
            self._planned = (epoch, self._plan(epoch))
        rows = self._planned[1][place]
        targets = [self.train.targets[row] for row in cast("list[int]", rows.tolist())]
        loss, count = self.learner.loss(self.learner.batch(self.train.items, rows), targets)
        return StepResult(loss, (), count, self._usual)

    def metrics(self, loss: float) -> dict[str, float]:
        return {}

    def validate(self) -> dict[str, float]:
        self.learner.calibrate(self.valid)
        return self.learner.metrics(self.valid, self.learner.find(self.valid))

    def sample(self, step: int) -> str:
        """Show a few held-out records, other ones each time."""
        generator = np.random.Generator(np.random.PCG64([self.learner.config.seed, step]))
        chosen: list[int] = generator.permutation(len(self.valid.records))[:SAMPLES].tolist()
        return "\n".join(
            self.learner.sample(record, prediction)
            for record, prediction in self.learner.predict(self.valid.records[index] for index in chosen)
        )

    def compare(self, folder: Path, run: str, best: Mapping[str, float]) -> str:
        """Score simple models on the same held-out data."""
        learner = self.learner
        rivals = learner.learn_rivals(self.train) if learner.config.rival else dict[str, Rival]()
        return compare(folder, run, learner, rivals, self.valid, best)

    def pictures(self) -> dict[str, str]:
        return self.learner.pictures(self.valid, self.learner.find(self.valid))


def make_job(
    learner_class: type[Learner[Target, Finding]],
    config: Any,
    prepared: Prepared[Target],
    *,
    device: torch.device,
    note: Note,
) -> LearnerJob[Target, Finding]:
    """Make a network for what was read, and the job of training it.

    Args:
        learner_class: the task's learner.
        config: the options.
        prepared: what its reader has read.
        device: where the network goes; its first weights are drawn from torch's generator.
        note: told of word vectors that it starts from.

    Returns:
        The job.
    """
    learner = learner_class(config, prepared.inputs, device)
    if prepared.vectors is not None:
        features, read = prepared.inputs.features, cast(Any, learner.model).read
        assert isinstance(features, WordFeatures) and isinstance(read, WordInput)
        known = use_vectors(read, features, prepared.vectors)
        note(f"{known:,} words start from vectors of {prepared.vectors.rows.shape[1]} numbers, which sets embedding")
    learner.before_training(prepared.train)
    return LearnerJob(learner, prepared)
