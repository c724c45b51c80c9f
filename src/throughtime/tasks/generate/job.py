"""The job of training what writes, whatever it writes: what the training loop asks for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from throughtime.data.planning.lanes import LanePlan, plan_lanes
from throughtime.data.reading import Note
from throughtime.tasks.generate.options import Config
from throughtime.tasks.generate.writer import Corpus, Prepared, Writer
from throughtime.tasks.rivals.keeping import Rival, compare
from throughtime.training.checkpoint import load_weights
from throughtime.training.files import MODEL_FILE
from throughtime.training.job import State, StepResult

__all__ = ["GenerateJob", "make_job"]


class GenerateJob:
    """Training what writes on a text, or on tunes: what the loop needs.

    Args:
        writer: the network and what goes with its kind of writing, on its device.
        prepared: what was read: what is learned from, what is held out, and what the run keeps of it.
    """

    name = "generate"

    def __init__(self, writer: Writer, prepared: Prepared) -> None:
        self.writer, self.artifacts = writer, prepared.artifacts
        self.train: Corpus = prepared.train
        self.valid: Corpus = prepared.valid
        self.criterion, self.counted = writer.criterion, writer.counted
        self._lanes = writer.config.lanes or writer.lanes(self.train)
        self._planned: tuple[int, LanePlan] | None = None
        self.steps_per_epoch = len(self._plan(0))

    @property
    def module(self) -> nn.Module:
        return self.writer.model

    @property
    def content_key(self) -> str:
        return f"{self.train.content_key}-{self.valid.content_key}"

    @property
    def about(self) -> Mapping[str, object]:
        """What a finished run says of its network, by name."""
        return self.writer.describe()

    @property
    def details(self) -> Mapping[str, object]:
        labels = self.writer.labels
        return {
            **self.writer.describe(),
            **({} if labels is None else {"conditions": len(labels), "lanes": self._lanes}),
            **self.writer.amounts(self.train, self.valid),
        }

    def _plan(self, epoch: int) -> LanePlan:
        """Plan an epoch; that of the current one is kept."""
        if self._planned is None or self._planned[0] != epoch:
            config = self.writer.config
            self._planned = (
                epoch,
                plan_lanes(
                    self.train.lengths,
                    seed=config.seed,
                    epoch=epoch,
                    token_budget=self._lanes * config.tbptt,
                    lanes=self._lanes,
                ),
            )
        return self._planned[1]

    def step(self, step: int, state: State) -> StepResult:
        epoch, place = divmod(step, self.steps_per_epoch)
        plan = self._plan(epoch)
        # Each epoch starts elsewhere in the text, so the state of the one before has no meaning there.
        loss, after = self.writer.forward(self.train, plan[place], state if place else ())
        count = self.writer.scored(self.train, plan, place)
        return StepResult(loss, after, count, count)

    def metrics(self, loss: float) -> dict[str, float]:
        """Express a loss in the field's units, with the training data's amounts."""
        return {name: value for name, value in self.writer.measures(self.train, loss).items() if name != "loss"}

    def validate(self) -> dict[str, float]:
        return self.writer.evaluate(self.valid)

    def start_from(self, folder: Path) -> None:
        """Take the weights of another run."""
        load_weights(folder / MODEL_FILE, self.module)

    def compare(self, folder: Path, run: str, best: Mapping[str, float]) -> str:
        """Score simple models on the same held-out data."""
        writer = self.writer
        rivals: Mapping[str, Rival] = writer.learn_rivals(self.train) if writer.config.rival else {}
        return compare(folder, run, writer, rivals, self.valid, best)

    def pictures(self) -> Mapping[str, str]:
        return self.writer.pictures()

    def sample(self, step: int) -> str:
        return self.writer.sample(step)


def make_job(
    learner_class: Any, config: Config, prepared: Prepared, *, device: torch.device, note: Note
) -> GenerateJob:
    """Make a network for what was read, and the job of training it.

    Args:
        learner_class: makes the writer.
        config: the options.
        prepared: what was read.
        device: where the network goes; its first weights are drawn from torch's generator.
        note: called with what the user should know.

    Returns:
        The job.
    """
    return GenerateJob(learner_class.make(config, prepared, device), prepared)
