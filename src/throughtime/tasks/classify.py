"""One answer for a whole sequence: the task ``classify``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from throughtime.data.encoding.features import Features
from throughtime.data.encoding.items import Items
from throughtime.data.encoding.labels import UNSEEN, Labels
from throughtime.data.planning.split import require_examples
from throughtime.data.reading import Note
from throughtime.data.record import Record
from throughtime.data.user_data import Given
from throughtime.models.many_to_one import ManyToOne
from throughtime.tasks.answers import LabelAnswers, NumberAnswers, SetAnswers, answers_of, load_answers
from throughtime.tasks.classify_config import Config
from throughtime.tasks.confusion import confusion_picture
from throughtime.tasks.learner import Examples, Learner, Prediction
from throughtime.tasks.learner_job import LearnerJob
from throughtime.tasks.network import make_input, make_recurrent
from throughtime.tasks.prepared import Saved, prepare_learner, read_saved
from throughtime.training.checkpoint import load_weights
from throughtime.training.files import MODEL_FILE

__all__ = ["Classifier", "Config", "open_model", "prepare"]


class Classifier(Learner[NDArray[Any]]):
    """A network that gives one answer for a sequence.

    Args:
        config: the options.
        features: what the network reads.
        model: the network, on its device.
        answers: the kind of answer, and what is known of it.
        rate: sampling rate of the sounds that it learns from; None where there are none.
    """

    name, counted, per_step = "classify", "examples", False
    config: Config
    model: ManyToOne

    def __init__(
        self,
        config: Config,
        features: Features,
        model: ManyToOne,
        answers: LabelAnswers | SetAnswers | NumberAnswers,
        *,
        rate: int | None = None,
    ) -> None:
        super().__init__(config, features, model, rate=rate)
        self.kind = answers

    @property
    def criterion(self) -> str:
        return self.kind.criterion

    def answers(self, records: Sequence[Record], items: Items) -> Sequence[NDArray[Any]]:
        return [self.kind.encode(record) for record in records]

    def loss(self, scores: Tensor, answers: Sequence[NDArray[Any]]) -> tuple[Tensor, int]:
        wanted = torch.from_numpy(np.stack(answers)).to(scores.device)
        return self.kind.loss(scores, wanted, self.config.smoothing), len(answers)

    def prepare_to_validate(self, examples: Examples[NDArray[Any]], scores: Sequence[Tensor]) -> None:
        """Fit the temperature, so that probabilities mean what they say (Guo et al. 2017)."""
        temperature = self.kind.temperature(torch.stack(list(scores)), np.stack(examples.answers))
        self.model.temperature.fill_(temperature)

    def metrics(self, examples: Examples[NDArray[Any]], scores: Sequence[Tensor]) -> dict[str, float]:
        return self.kind.metrics(self._calibrated(scores), np.stack(examples.answers))

    def details(self, examples: Examples[NDArray[Any]], scores: Sequence[Tensor]) -> dict[str, Any]:
        """Give the scores of each label."""
        return self.kind.by_label(self._calibrated(scores), np.stack(examples.answers))

    def predictions(self, scores: Sequence[Tensor]) -> Iterator[Prediction]:
        return map(self.kind.prediction, self._calibrated(scores))

    def _calibrated(self, scores: Sequence[Tensor]) -> Tensor:
        return torch.stack(list(scores)).double() / self.model.temperature.double().cpu()

    def pictures(self, examples: Examples[NDArray[Any]], scores: Sequence[Tensor]) -> dict[str, str]:
        if not isinstance(self.kind, LabelAnswers):
            return {}
        said = torch.stack(list(scores)).argmax(1).numpy()
        wanted = np.stack(examples.answers)
        seen = wanted != UNSEEN
        return {"confusion.svg": confusion_picture(self.kind.labels.names, wanted[seen], said[seen])}

    @property
    def separator(self) -> str:
        return self.config.label_separator

    @property
    def labels(self) -> Labels | None:
        return None if isinstance(self.kind, NumberAnswers) else self.kind.labels


def _learner(config: Config, saved: Saved, device: torch.device, class_counts: Mapping[str, int] | None) -> Classifier:
    kind = load_answers(saved.answers)
    if config.class_weights == "balanced" and isinstance(kind, LabelAnswers) and class_counts is not None:
        kind.balance(class_counts)
    read = make_input(config, saved.features, saved.embedding, rare_only=False)
    recurrent = make_recurrent(config, cast(int, read.output_size))
    model = ManyToOne(read, recurrent, kind.outputs, pooling=config.pooling, dropout=config.dropout)
    return Classifier(config, saved.features, model.to(device), kind, rate=saved.rate)


def _show(record: Record, prediction: Prediction) -> str:
    """One line: what was said, whether it is right, and the beginning of the text."""
    said = prediction.value if isinstance(prediction.value, str) else _text(prediction.value)
    wanted = "" if record.target is None else _text(record.target)
    right = "" if isinstance(prediction.value, float) else "✓ " if said == wanted else "✗ "
    sure = f" {prediction.probability:.2f}" if isinstance(prediction.probability, float) else ""
    instead = "" if right == "✓ " else f" (is {wanted})"
    content = record.place if isinstance(record.content, np.ndarray) else _beginning(record.content)
    return f"{right}{said}{sure}{instead}: {content}"


def _text(value: object) -> str:
    match value:
        case float():
            return f"{value:.4g}"
        case tuple():
            return ", ".join(sorted(cast("tuple[str, ...]", value))) or "-"
        case _:
            return str(value)


def _beginning(content: str | tuple[str, ...]) -> str:
    text = content if isinstance(content, str) else " ".join(content)
    text = " ".join(text[:200].split())
    return text if len(text) <= 100 else text[:99] + "…"


def prepare(
    config: Config, train: Given, valid: Given | None, *, device: torch.device, note: Note, known: Path | None
) -> LearnerJob[NDArray[Any]]:
    """Read the data and build everything that training needs, writing nothing.

    Args:
        config: the options.
        train: what to learn from.
        valid: what to validate on; None holds out a part of ``train``.
        device: where the network goes.
        note: called with what the user should know, one line each.
        known: folder of a run whose vocabulary and labels are used, or None to build them from the training data.

    Returns:
        The job; the first weights are drawn from torch's generator.

    Raises:
        DataError: the data cannot be read, or does not fit.
        CheckpointError: what is needed in ``known`` is missing or damaged.
    """

    def answers(records: Sequence[Record]) -> dict[str, Any]:
        if config.target_type == "label":
            require_examples(records)
        return answers_of(config.target_type, records)

    def build(saved: Saved, records: Sequence[Record]) -> Classifier:
        counts = LabelAnswers.count(records) if config.class_weights == "balanced" else None
        return _learner(config, saved, device, counts)

    return prepare_learner(
        config, train, valid, note=note, known=known, answers=answers, build=build, show=_show, per_step=False
    )


def open_model(config: Config, folder: Path, device: torch.device) -> Classifier:
    """Open the model of a run for use.

    Args:
        config: the run's options.
        folder: the run.
        device: where the network goes.

    Returns:
        The model, ready to predict.

    Raises:
        CheckpointError: a file of the run is missing or damaged.
    """
    learner = _learner(config, read_saved(folder), device, None)
    load_weights(folder / MODEL_FILE, learner.model.eval())
    return learner
