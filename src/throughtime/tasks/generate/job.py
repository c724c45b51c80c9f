"""The job of training a language model on a text: what the training loop asks for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from throughtime.data.encoding.labels import Labels
from throughtime.data.planning.lanes import LanePlan, plan_lanes
from throughtime.data.reading import Note
from throughtime.models.language_model import LanguageModel
from throughtime.tasks.generate.labels import LABELS_FILE, written_labels
from throughtime.tasks.generate.options import Config
from throughtime.tasks.generate.reader import Corpus, PreparedText
from throughtime.tasks.generate.rivals import learn_rivals
from throughtime.tasks.generate.text_model import LANES, TextModel, rates
from throughtime.tasks.rivals.keeping import compare
from throughtime.training.checkpoint import load_weights
from throughtime.training.files import MODEL_FILE
from throughtime.training.job import State, StepResult

__all__ = ["GenerateJob", "make_job"]

SAMPLE_LENGTH = 200
SAMPLE_TEMPERATURE = 0.8
STEPS = 100
"""Steps of an epoch over a table, where there are texts enough for as many."""
MOST_LABELS = 4
"""Labels that a sample is drawn for, at most."""


class GenerateJob:
    """Training a language model on one text: what the loop needs.

    Args:
        text_model: the model, on its device.
        train: the training text.
        valid: the held-out text.
    """

    name = "generate"
    criterion, counted = TextModel.criterion, "tokens"

    def __init__(self, text_model: TextModel, train: Corpus, valid: Corpus) -> None:
        self.text_model, self.train, self.valid = text_model, train, valid
        self._lanes = text_model.config.lanes or _lanes_for(train, text_model.config.tbptt)
        self._planned: tuple[int, LanePlan] | None = None
        self.steps_per_epoch = len(self._plan(0))

    @property
    def module(self) -> LanguageModel:
        return self.text_model.model

    @property
    def content_key(self) -> str:
        return f"{self.train.content_key}-{self.valid.content_key}"

    @property
    def artifacts(self) -> Mapping[str, str]:
        """Files beside the weights that the model needs: content by name."""
        model = self.text_model
        labels = {} if model.labels is None else {LABELS_FILE: written_labels(model.labels)}
        return {model.vocabulary.file_name: model.vocabulary.to_json(), **labels}

    @property
    def about(self) -> Mapping[str, object]:
        """What a finished run says of its network, by name."""
        return self.text_model.describe()

    @property
    def details(self) -> Mapping[str, object]:
        labels = self.text_model.labels
        return {
            **self.text_model.describe(),
            **({} if labels is None else {"conditions": len(labels), "lanes": self._lanes}),
            "training_characters": self.train.characters,
            "training_tokens": self.train.predictions,
            "training_documents": len(self.train.source),
            "validation_characters": self.valid.characters,
            "validation_tokens": self.valid.predictions,
        }

    def _plan(self, epoch: int) -> LanePlan:
        """Plan an epoch; that of the current one is kept."""
        if self._planned is None or self._planned[0] != epoch:
            config = self.text_model.config
            self._planned = (
                epoch,
                plan_lanes(
                    self.train.source.lengths,
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
        loss, after = self.text_model.forward(self.train, plan[place], state if place else ())
        count = plan.tokens(place)
        return StepResult(loss, after, count, count)

    def metrics(self, loss: float) -> dict[str, float]:
        """Express a loss with the training text's mean characters per token."""
        nats = loss * self.train.predictions
        return {name: value for name, value in rates(self.train, nats).items() if name != "loss"}

    def validate(self) -> dict[str, float]:
        return self.text_model.evaluate(self.valid)

    def start_from(self, folder: Path) -> None:
        """Take the weights of another run."""
        load_weights(folder / MODEL_FILE, self.module)

    def compare(self, folder: Path, run: str, best: Mapping[str, float]) -> str:
        """Score simple models on the same held-out text."""
        model = self.text_model
        rivals = learn_rivals(self.train, model.vocabulary) if model.config.rival else {}
        return compare(folder, run, model, rivals, self.valid, best)

    def pictures(self) -> Mapping[str, str]:
        return {}

    def sample(self, step: int) -> str:
        seed, labels = self.text_model.config.seed + step, self.text_model.labels
        if labels is not None:
            return self._sample_of_labels(labels, step, seed)
        text = ""
        for piece in self.text_model.generate_stream(length=SAMPLE_LENGTH, temperature=SAMPLE_TEMPERATURE, seed=seed):
            text += piece
            if len(text) >= SAMPLE_LENGTH:
                break
        return text

    def _sample_of_labels(self, labels: Labels, step: int, seed: int) -> str:
        """A text for each of some labels, which take turns; of long texts one is enough."""
        model = self.text_model
        start, text = step // max(1, model.config.sample_every) * MOST_LABELS % len(labels), ""
        for label in [*labels.names[start:], *labels.names[:start]][:MOST_LABELS]:
            pieces = model.generate_stream(
                condition=label, length=SAMPLE_LENGTH, temperature=SAMPLE_TEMPERATURE, seed=seed
            )
            text += f"{label}: {''.join(pieces)}\n"
            if len(text) >= SAMPLE_LENGTH:
                break
        return text


def make_job(
    learner_class: type[TextModel], config: Config, prepared: PreparedText, *, device: torch.device, note: Note
) -> GenerateJob:
    """Make a language model for what was read, and the job of training it.

    Args:
        learner_class: makes the model.
        config: the options.
        prepared: what was read.
        device: where the network goes; its first weights are drawn from torch's generator.
        note: called with what the user should know.

    Returns:
        The job.
    """
    text_model = learner_class.make(config, prepared.vocabulary, device, prepared.labels)
    _quiet_rare_tokens(text_model)
    return GenerateJob(text_model, prepared.train, prepared.valid)


def _lanes_for(train: Corpus, tbptt: int) -> int:
    """As many lanes as there are by default; of a table of few texts fewer, so that an epoch has some steps."""
    if train.conditions is None:
        return LANES
    return min(LANES, max(1, len(train.source.tokens) // (tbptt * STEPS)))


def _quiet_rare_tokens(text_model: TextModel) -> None:
    """Start the vectors of tokens that training sees seldom or never at zero, so that they disturb nothing."""
    rare = [token for token in (text_model.vocabulary.document, text_model.vocabulary.unknown) if token is not None]
    with torch.no_grad():
        text_model.model.embedding.weight[rare] = 0.0
