"""The job of training what learns from labelled sequences: what the training loop asks for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Generic, cast

import numpy as np
from torch import nn

from throughtime.data.record import Record
from throughtime.tasks.learner import Answer, Examples, Learner, Prediction
from throughtime.tasks.network import start_from_language_model
from throughtime.tasks.order import read_config
from throughtime.training.checkpoint import load_weights
from throughtime.training.files import MODEL_FILE
from throughtime.training.job import State, StepResult

__all__ = ["LearnerJob"]

SAMPLES = 5
"""Records of a sample."""


class LearnerJob(Generic[Answer]):
    """Training a learner: what the loop needs.

    Args:
        learner: what learns.
        train: what it learns from.
        valid: what it is validated on.
        artifacts: files beside the weights that it needs, content by name.
        show: writes a line of what the network says of a record it has not learned from.
    """

    def __init__(
        self,
        learner: Learner[Answer],
        train: Examples[Answer],
        valid: Examples[Answer],
        *,
        artifacts: Mapping[str, str],
        show: Callable[[Record, Prediction], str],
    ) -> None:
        self.learner, self.train, self.valid, self.artifacts = learner, train, valid, artifacts
        self.name, self.counted, self.criterion = learner.name, learner.counted, learner.criterion
        self._show = show
        self._planned = (0, learner.plan(train.items, learner.config.seed, 0))
        self.steps_per_epoch = len(self._planned[1])
        self._usual = (
            float(train.items.answered.sum() if learner.per_step else len(train.records)) / self.steps_per_epoch
        )

    @property
    def module(self) -> nn.Module:
        return self.learner.model

    @property
    def content_key(self) -> str:
        targets = hashlib.blake2b(repr([record.target for record in self.train.records]).encode(), digest_size=16)
        return f"{self.train.items.content_key}-{targets.hexdigest()}-{self.valid.items.content_key}"

    @property
    def details(self) -> Mapping[str, object]:
        lengths = self.train.items.lengths
        plan = self._planned[1]
        return {
            **self.learner.features.describe(),
            "training_examples": len(lengths),
            "validation_examples": len(self.valid.records),
            "longest": int(lengths.max()),
            "padding": f"{plan.waste(lengths):.0%} of the batches (skipped by the layers)",
        }

    def start_from(self, folder: Path) -> None:
        """Take the weights of another run, or the encoder of a language model."""
        if read_config(folder)["task"] == self.name:
            load_weights(folder / MODEL_FILE, self.module)
        else:
            start_from_language_model(folder, self.module)

    def step(self, step: int, state: State) -> StepResult:
        epoch, place = divmod(step, self.steps_per_epoch)
        if self._planned[0] != epoch:
            self._planned = (epoch, self.learner.plan(self.train.items, self.learner.config.seed, epoch))
        rows = self._planned[1][place]
        loss, count = self.learner.loss(
            self.learner.forward(self.train.items, rows),
            [self.train.answers[row] for row in cast("list[int]", rows.tolist())],
        )
        return StepResult(loss, (), count, self._usual)

    def metrics(self, loss: float) -> dict[str, float]:
        return {}

    def validate(self) -> dict[str, float]:
        scores = self.learner.score_all(self.valid.items)
        self.learner.prepare_to_validate(self.valid, scores)
        return self.learner.metrics(self.valid, scores)

    def sample(self, step: int) -> str:
        """Show a few held-out records, other ones each time."""
        generator = np.random.Generator(np.random.PCG64([self.learner.config.seed, step]))
        chosen: list[int] = generator.permutation(len(self.valid.records))[:SAMPLES].tolist()
        return "\n".join(
            self._show(record, prediction)
            for record, prediction in self.learner.predict(self.valid.records[index] for index in chosen)
        )

    def pictures(self) -> dict[str, str]:
        return self.learner.pictures(self.valid, self.learner.score_all(self.valid.items))
