"""What learns from labelled sequences: a network with the features it reads.

A task subclasses :class:`Learner` with its loss, its scores and its predictions; all else is written here once.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from throughtime.data.encoding.features import Features, FrameFeatures
from throughtime.data.encoding.items import Items, WordItems
from throughtime.data.encoding.labels import Labels
from throughtime.data.files import STANDARD
from throughtime.data.formats.file_loader import FileLoader
from throughtime.data.formats.registry import read_records
from throughtime.data.planning.buckets import BucketPlan, plan_buckets
from throughtime.data.reading import Note, Problems, Reading
from throughtime.data.record import Record
from throughtime.data.user_data import Given
from throughtime.errors import DataError
from throughtime.tasks.records import read_all, reading_of, usable
from throughtime.tasks.sequence_config import SequenceOptions

__all__ = ["Answer", "Examples", "Learner", "Prediction", "labels_of"]

CHUNK_RECORDS, CHUNK_STEPS = 1024, 1_000_000
"""Records, and about how many steps, that are predicted at a time: enough to put like lengths together."""
PATIENCE = 0.05
"""Seconds for a record to come, after which whoever sends them is taken to wait for the answer."""

Answer = TypeVar("Answer")
"""What a task keeps for each record as its target."""


@dataclass(frozen=True, slots=True)
class Examples(Generic[Answer]):
    """Encoded records with their targets."""

    records: Sequence[Record]
    """The records."""
    items: Items
    """What the network reads of them."""
    answers: Sequence[Answer]
    """What it should say."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a network says of one record."""

    value: str | float | tuple[str, ...]
    """A label or a number; several labels, or one for each step."""
    probability: float | tuple[float, ...] | None = None
    """How sure it is of the value, or of each part of it; None for a number."""
    probabilities: Mapping[str, float] | None = None
    """Probability of each label, where there is one answer for the record."""


class Learner(ABC, Generic[Answer]):
    """A network with its features: records in, loss, scores and predictions out.

    Args:
        config: the options.
        features: what the network reads.
        model: the network, on its device.
        rate: sampling rate of the sounds that it learns from; None where there are none.
    """

    name: ClassVar[str]
    counted: ClassVar[str]
    per_step: ClassVar[bool]

    def __init__(
        self, config: SequenceOptions, features: Features, model: nn.Module, *, rate: int | None = None
    ) -> None:
        self.config, self.features, self.model, self.rate = config, features, model, rate

    @property
    @abstractmethod
    def criterion(self) -> str:
        """The score that tells the best model."""

    @abstractmethod
    def answers(self, records: Sequence[Record], items: Items) -> Sequence[Answer]:
        """Encode the targets of records."""

    @abstractmethod
    def loss(self, scores: Tensor, answers: Sequence[Answer]) -> tuple[Tensor, int]:
        """Give the loss summed over what is scored in a batch, and how many that are."""

    @abstractmethod
    def metrics(self, examples: Examples[Answer], scores: Sequence[Tensor]) -> dict[str, float]:
        """Score what the network said, in the field's terms; ``loss`` and the criterion are there."""

    @abstractmethod
    def predictions(self, scores: Sequence[Tensor]) -> Iterator[Prediction]:
        """Turn the network's scores of some records into what it says of them."""

    def prepare_to_validate(self, examples: Examples[Answer], scores: Sequence[Tensor]) -> None:
        """Set what is fitted on held-out data, before that data is scored."""

    @abstractmethod
    def details(self, examples: Examples[Answer], scores: Sequence[Tensor]) -> dict[str, Any]:
        """Score each label by itself."""

    @property
    @abstractmethod
    def labels(self) -> Labels | None:
        """The labels it can give; None where it gives numbers."""

    def pictures(self, examples: Examples[Answer], scores: Sequence[Tensor]) -> dict[str, str]:
        """Draw how the network does: SVG by file name."""
        return {}

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.model.parameters()).device

    def examples(self, records: Sequence[Record]) -> Examples[Answer]:
        """Encode records with their targets."""
        items = self.features.items(records)
        return Examples(records, items, self.answers(records, items))

    def plan(self, items: Items, seed: int = 0, epoch: int | None = None) -> BucketPlan:
        """Plan one pass; without an epoch, one that leaves nothing to chance."""
        config = self.config
        return plan_buckets(
            items.lengths, rows=config.batch_size, most_steps=config.batch_steps, seed=seed, epoch=epoch
        )

    def forward(self, items: Items, rows: NDArray[np.int64]) -> Tensor:
        """Run the network on some items."""
        arrays = items.batch(rows)
        lengths = torch.from_numpy(arrays.pop("lengths"))  # lengths stay on the CPU, where rows are laid out
        return self.model(
            {name: torch.from_numpy(array).to(self.device) for name, array in arrays.items()} | {"lengths": lengths}
        )

    @torch.no_grad()
    def score_all(self, items: Items) -> list[Tensor]:
        """Give the network's scores of every item, on the CPU, in the order of the items."""
        scores: list[Tensor] = [torch.empty(0)] * len(items.lengths)
        training = self.model.training
        self.model.eval()
        for rows in self.plan(items):
            for row, score in zip(rows, self.forward(items, rows).cpu(), strict=True):
                scores[row] = score
        self.model.train(training)
        return scores

    def check_labels(self, records: Sequence[Record], note: Note, *, learning: bool = False) -> None:
        """Tell of labels in the data that the network cannot give.

        Raises:
            DataError: it knows none of them, or is to learn from them.
        """
        if self.labels is not None:
            self.labels.check([label for record in records for label in labels_of(record)], note, learning=learning)

    def evaluate(self, given: Given, note: Note) -> dict[str, Any]:
        """Score data that the network has not seen.

        Args:
            given: files, or data in memory.
            note: called with what the user should know, one line each.

        Returns:
            The scores under the field's names, ``examples``, ``labels``: the scores of each label, and how much there
            was that training never saw: ``unknown_words``, ``unseen_labels``.

        Raises:
            DataError: the data cannot be read, or has no label that is known.
        """
        problems = Problems(skip=self.config.skip_bad, note=note)
        records = read_all(given, self.reading, problems, what="the data", load=self._loader(note))
        records = list(usable(records, self.features.problem, problems))
        if not records:
            raise DataError(f"no record of the data can be read by the network; the first: {problems.skipped[0]}")
        self.check_labels(records, note)
        examples = self.examples(records)
        scores = self.score_all(examples.items)
        amounts = {"examples": len(records), **({"skipped": len(problems.skipped)} if problems.skipped else {})}
        more = {**amounts, **self._not_seen(examples), "labels": self.details(examples, scores)}
        return {**self.metrics(examples, scores), **more}

    def _not_seen(self, examples: Examples[Answer]) -> dict[str, Any]:
        """Count the words and labels that training never saw."""
        found: dict[str, Any] = {}
        if isinstance(examples.items, WordItems):
            found["unknown_words"] = examples.items.unknown
        if self.labels is not None:
            unseen = self.labels.unseen(label for record in examples.records for label in labels_of(record))
            found |= {"unseen_labels": dict(unseen)} if unseen else {}
        return found

    def _loader(self, note: Note) -> FileLoader:
        """Read files that must go together with those that were learned from."""
        width = len(self.features.mean) if isinstance(self.features, FrameFeatures) else None
        return FileLoader(self.reading, note, rate=self.rate, width=width)

    def predict_given(
        self, given: Given, problems: Problems, form: str | None = None
    ) -> Iterator[tuple[Record, Prediction]]:
        """Say something of each record of files, or of data in memory, as they are read."""
        load = self._loader(problems.note)
        records = read_records(given, self.reading, problems, targets=False, form=form, load=load)
        return self.predict(usable(records, self.features.problem, problems), live=STANDARD in given.paths)

    @property
    def separator(self) -> str:
        """What stands between several labels in one cell of a table that predictions are written to."""
        return " "

    @property
    def reading(self) -> Reading:
        """How files are read."""
        return reading_of(self.config, per_step=self.per_step)

    def describe(self) -> dict[str, object]:
        """Give the sizes of the network and of what it reads, by name."""
        parameters = sum(parameter.numel() for parameter in self.model.parameters())
        names = ("cell", "hidden", "layers", "bidirectional")
        options = {name: getattr(self.config, name) for name in names}
        labels = {} if self.labels is None else {"labels": self.labels.names}
        return {**options, **self.features.describe(), **labels, "parameters": parameters}

    def predict(self, records: Iterable[Record], *, live: bool = False) -> Iterator[tuple[Record, Prediction]]:
        """Say something of each record, in their order, a chunk at a time: endless input takes constant memory.

        Args:
            records: what to read.
            live: whether a record that had to be waited for is answered at once, not with the next ones.

        Yields:
            Each record and what is said of it.
        """
        for chunk in _chunks(records, live):
            scores = self.score_all(self.features.items(chunk))
            yield from zip(chunk, self.predictions(scores), strict=True)


def labels_of(record: Record) -> tuple[str, ...]:
    """Give the labels of a record: its one label, or all of them."""
    target = record.target
    return (target,) if isinstance(target, str) else target if isinstance(target, tuple) else ()


def _chunks(records: Iterable[Record], live: bool) -> Iterator[list[Record]]:
    chunk: list[Record] = []
    steps, asked = 0, time.perf_counter()
    for record in records:
        chunk.append(record)
        steps += len(record.content)
        waited = live and time.perf_counter() - asked > PATIENCE
        if len(chunk) == CHUNK_RECORDS or steps >= CHUNK_STEPS or waited:
            yield chunk
            chunk, steps = [], 0
        asked = time.perf_counter()
    if chunk:
        yield chunk
