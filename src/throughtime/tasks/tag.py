"""One label for each step of a sequence: the task ``tag``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from throughtime.data.encoding.features import Features
from throughtime.data.encoding.items import Items
from throughtime.data.encoding.labels import UNSEEN, Labels
from throughtime.data.reading import Note
from throughtime.data.record import Record
from throughtime.data.user_data import Given
from throughtime.errors import DataError
from throughtime.layers.crf import CRF, bio_constraints
from throughtime.models.many_to_many import ManyToMany
from throughtime.tasks.learner import Examples, Learner, Prediction, labels_of
from throughtime.tasks.learner_job import LearnerJob
from throughtime.tasks.network import make_input, make_recurrent
from throughtime.tasks.prepared import Saved, prepare_learner, read_saved
from throughtime.tasks.tag_config import Config
from throughtime.training.checkpoint import load_weights
from throughtime.training.files import MODEL_FILE

__all__ = ["Config", "Tagger", "open_model", "prepare"]

Numbers = NDArray[np.int64]


class Tagger(Learner[Numbers]):
    """A network that gives a label to each step.

    Args:
        config: the options.
        features: what the network reads.
        model: the network, on its device.
        labels: the labels.
        rate: sampling rate of the sounds that it learns from; None where there are none.
    """

    name, counted, per_step = "tag", "tokens", True
    config: Config
    model: ManyToMany

    def __init__(
        self, config: Config, features: Features, model: ManyToMany, labels: Labels, *, rate: int | None = None
    ) -> None:
        super().__init__(config, features, model, rate=rate)
        self._labels = labels

    @property
    def labels(self) -> Labels:
        return self._labels

    @property
    def entities(self) -> bool:
        """Whether the labels mark spans: B-PER, I-PER, O."""
        return marks_spans(self.labels.names)

    @property
    def criterion(self) -> str:
        return "entity_f1" if self.entities else "accuracy"

    def answers(self, records: Sequence[Record], items: Items) -> Sequence[Numbers]:
        return [np.array(self.labels.numbers(labels_of(record)), np.int64) for record in records]

    def score_all(self, items: Items) -> list[Tensor]:
        return [score[:steps] for score, steps in zip(super().score_all(items), items.answered, strict=True)]

    def loss(self, scores: Tensor, answers: Sequence[Numbers]) -> tuple[Tensor, int]:
        lengths = torch.tensor([len(answer) for answer in answers])
        wanted = torch.zeros(scores.shape[:2], dtype=torch.int64)
        for row, answer in zip(wanted, answers, strict=True):
            row[: len(answer)] = torch.from_numpy(answer)
        wanted = wanted.to(scores.device)
        if self.model.crf is not None:
            return -self.model.crf.log_likelihood(scores, wanted, lengths).sum(), int(lengths.sum())
        there = (torch.arange(scores.shape[1]) < lengths[:, None]).to(scores.device)
        smoothing = self.config.label_smoothing
        loss = functional.cross_entropy(scores[there], wanted[there], reduction="sum", label_smoothing=smoothing)
        return loss, int(lengths.sum())

    def metrics(self, examples: Examples[Numbers], scores: Sequence[Tensor]) -> dict[str, float]:
        said = self._decode(scores)
        wanted = np.concatenate(examples.answers)
        values = {
            "loss": self._mean_loss(examples, scores),
            "accuracy": float((np.concatenate(said) == wanted).mean()),
            "sequence_accuracy": float(np.mean([(a == b).all() for a, b in zip(said, examples.answers, strict=True)])),
        }
        return {**values, **self._entity_scores(examples, said)} if self.entities else values

    def _entity_scores(self, examples: Examples[Numbers], said: Sequence[Numbers]) -> dict[str, float]:
        """Spans that are right in both ends and type, by seqeval (Nakayama 2018), as CoNLL's own script counts them."""
        seqeval: Any = import_module("seqeval.metrics")
        right = [list(labels_of(record)) for record in examples.records]
        given = [list(self._named(numbers)) for numbers in said]
        terms = ("f1", "precision", "recall")
        scores = {term: getattr(seqeval, f"{term}_score")(right, given, zero_division=0) for term in terms}
        return {f"entity_{term}": float(score) for term, score in scores.items()}

    def _mean_loss(self, examples: Examples[Numbers], scores: Sequence[Tensor]) -> float:
        """Nats per token, over the sequences whose labels are all known."""
        known = [index for index, answer in enumerate(examples.answers) if (answer != UNSEEN).all()]
        total, count = 0.0, 0
        with torch.no_grad():
            for batch in _batches(known):
                padded = pad_sequence([scores[index] for index in batch], batch_first=True)
                loss, tokens = self.loss(padded.to(self.device), [examples.answers[index] for index in batch])
                total, count = total + float(loss), count + tokens
        return total / max(1, count)

    def details(self, examples: Examples[Numbers], scores: Sequence[Tensor]) -> dict[str, Any]:
        """Give the scores of each label, or of each type of entity."""
        said = self._decode(scores)
        if self.entities:
            right = [list(labels_of(record)) for record in examples.records]
            given = [list(self._named(numbers)) for numbers in said]
            seqeval: Any = import_module("seqeval.metrics")
            table = seqeval.classification_report(right, given, output_dict=True, zero_division=0)
            table = {name: row for name, row in table.items() if not name.endswith(" avg")}
        else:
            names = {"labels": range(len(self.labels)), "target_names": self.labels.names}
            wanted, sklearn = np.concatenate(examples.answers), cast(Any, import_module("sklearn.metrics"))
            table = sklearn.classification_report(
                wanted, np.concatenate(said), **names, output_dict=True, zero_division=0
            )
            table = {name: table[name] for name in self.labels.names}
        terms = {"precision": "precision", "recall": "recall", "f1-score": "f1", "support": "support"}
        return {name: {terms[term]: float(row[term]) for term in terms} for name, row in table.items()}

    def predictions(self, scores: Sequence[Tensor]) -> Iterator[Prediction]:
        for score, numbers in zip(scores, self._decode(scores), strict=True):
            shares = self._shares(score)[range(len(numbers)), numbers]
            yield Prediction(self._named(numbers), tuple(cast("list[float]", shares.tolist())))

    def _shares(self, score: Tensor) -> Tensor:
        """The probability of each label at each step, (T, labels)."""
        if self.model.crf is None:
            return score.softmax(1)
        with torch.no_grad():
            return self.model.crf.marginals(score[None].to(self.device), [len(score)])[0].cpu()

    def _decode(self, scores: Sequence[Tensor]) -> list[Numbers]:
        """The labels of each sequence."""
        if self.model.crf is None:
            return [score.argmax(1).numpy() for score in scores]
        paths: list[Numbers] = []
        for batch in _batches(scores):
            padded = pad_sequence(list(batch), batch_first=True).to(self.device)
            found, _ = self.model.crf.decode(padded, [len(score) for score in batch])
            paths += [np.array(path, np.int64) for path in found]
        return paths

    def _named(self, numbers: Numbers) -> tuple[str, ...]:
        return tuple(self.labels.names[number] for number in cast("list[int]", numbers.tolist()))


def marks_spans(labels: Sequence[str]) -> bool:
    """Say whether labels mark spans in the BIO or BIOES scheme: O, and others that begin with B-, I-, E- or S-."""
    rest = [label for label in labels if label != "O"]
    return bool(rest) and all(label[:2] in ("B-", "I-", "E-", "S-") for label in rest)


Part = TypeVar("Part")


def _batches(parts: Sequence[Part], size: int = 64) -> Iterator[Sequence[Part]]:
    return (parts[start : start + size] for start in range(0, len(parts), size))


def _learner(config: Config, saved: Saved, device: torch.device) -> Tagger:
    labels = Labels(saved.answers["labels"])
    read = make_input(config, saved.features, saved.embedding, rare_only=True)
    recurrent = make_recurrent(config, cast(int, read.output_size))
    allowed = bio_constraints(labels.names) if marks_spans(labels.names) else None
    crf = CRF(len(labels), allowed=allowed) if config.crf else None
    model = ManyToMany(read, recurrent, len(labels), dropout=config.dropout, crf=crf)
    return Tagger(config, saved.features, model.to(device), labels, rate=saved.rate)


def _show(record: Record, prediction: Prediction) -> str:
    """The first words, each with its label; a wrong one with the right one behind it."""
    said, right = cast("tuple[str, ...]", prediction.value), labels_of(record)
    words = record.content if isinstance(record.content, tuple) else range(len(said))
    parts = [
        f"{word}/{label}" + ("" if label == wanted else f"✗{wanted}")
        for word, label, wanted in zip(words, said, right, strict=True)
    ]
    return " ".join(parts[:30]) + (" …" if len(parts) > 30 else "")


def _labels_in(records: Sequence[Record]) -> dict[str, Any]:
    labels = Labels.build(label for record in records for label in labels_of(record))
    if len(labels) == 1:
        raise DataError(f"every step of the training data has the label {labels.names[0]!r}; give two labels or more")
    return {"labels": labels.names}


def prepare(
    config: Config, train: Given, valid: Given | None, *, device: torch.device, note: Note, known: Path | None
) -> LearnerJob[Numbers]:
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

    def build(saved: Saved, records: Sequence[Record]) -> Tagger:
        return _learner(config, saved, device)

    return prepare_learner(
        config, train, valid, note=note, known=known, answers=_labels_in, build=build, show=_show, per_step=True
    )


def open_model(config: Config, folder: Path, device: torch.device) -> Tagger:
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
    learner = _learner(config, read_saved(folder), device)
    load_weights(folder / MODEL_FILE, learner.model.eval())
    return learner
