"""What learns from records with targets: a network with the features it reads.

A task subclasses :class:`Learner` with its network and three things: a loss that sees the targets, what is kept of each
record to score it, and what is said of a record. Where the network scores all that could be said,
:class:`~throughtime.tasks.supervised.scored_learner.ScoredLearner` asks for what is made of the scores. All else is
written here once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from throughtime.data.encoding.items import Items, WordItems
from throughtime.data.planning.buckets import BucketPlan, Costs, plan_buckets
from throughtime.data.reading import Reading
from throughtime.data.record import Record
from throughtime.data.source import Lengths
from throughtime.tasks.rivals.keeping import Rival
from throughtime.tasks.supervised.examples import Examples, SavedInputs, read_saved
from throughtime.tasks.supervised.gathering import gather
from throughtime.tasks.supervised.options import DataOptions
from throughtime.tasks.supervised.prediction import Prediction
from throughtime.tasks.supervised.reader import RecordReader
from throughtime.tasks.supervised.targets import Target, labels_of
from throughtime.training.checkpoint import load_weights
from throughtime.training.files import MODEL_FILE

__all__ = ["Batch", "Finding", "Learner"]

CHUNK_RECORDS, CHUNK_STEPS = 1024, 1_000_000
"""Records, and about how many steps, that are predicted at a time: enough to put like lengths together."""

Finding = TypeVar("Finding")
"""What is kept of each record to score it by: little, for it is kept of all records of a data set."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What the network reads of some records."""

    arrays: dict[str, Tensor]
    """By name, on the network's device; ``lengths`` (B,) and ``NAME_lengths`` on the CPU, where rows are laid out."""
    answered: Lengths
    """Answers to give for each row where there is one for each step or word, (B,)."""


class Learner(ABC, Generic[Target, Finding]):
    """A network with its features: records in, loss, scores and predictions out.

    Args:
        config: the options.
        inputs: what it reads and what it can say.
        device: where the network goes; its first weights are drawn from torch's generator.
    """

    name: ClassVar[str]
    """Name of the task."""
    counted: ClassVar[str]
    """What is scored, in the plural: ``"tokens"``."""
    reader_class: ClassVar[type[RecordReader[Any]]]
    """What reads its data."""

    def __init__(self, config: DataOptions, inputs: SavedInputs[Target], device: torch.device) -> None:
        self.config, self.inputs = config, inputs
        self.reader: RecordReader[Target] = self.reader_class(config)
        self.reader.found = inputs.found
        self.model = self.network().to(device)

    @classmethod
    def open(cls, config: Any, folder: Path, device: torch.device) -> Self:
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
        learner = cls(config, read_saved(folder, cls.reader_class(config).load_targets), device)
        load_weights(folder / MODEL_FILE, learner.model.eval())
        return learner

    @abstractmethod
    def network(self) -> nn.Module:
        """Make the network.

        One that reads words, or may start from a language model, has its input as ``read`` (of
        :func:`~throughtime.tasks.supervised.network.make_input`) and the layers over it as ``recurrent``: that is where
        word vectors and the language model's weights are put.
        """

    @property
    @abstractmethod
    def criterion(self) -> str:
        """The score that tells the best model."""

    @abstractmethod
    def loss(self, batch: Batch, targets: Sequence[Target]) -> tuple[Tensor, int]:
        """Give the loss summed over what is scored in a batch, in nats, and how much that is."""

    @abstractmethod
    def examine(self, batch: Batch, targets: Sequence[Target]) -> Sequence[Finding]:
        """Score or write what the network says of a batch, and give what is kept of each row to score it by."""

    @abstractmethod
    def metrics(self, examples: Examples[Target], findings: Sequence[Finding]) -> dict[str, float]:
        """Score what was found, in the field's terms; ``loss`` and the criterion are there."""

    @abstractmethod
    def predictions(self, batch: Batch, records: Sequence[Record]) -> Iterable[Prediction]:
        """Say what the network makes of each row of a batch, and of the record that it was made of."""

    @abstractmethod
    def sample(self, record: Record, prediction: Prediction) -> str:
        """Write a line about a record that was not learned from, beside what it should have said."""

    def details(self, examples: Examples[Target], findings: Sequence[Finding]) -> dict[str, Any]:
        """Score each label by itself."""
        return {}

    def pictures(self, examples: Examples[Target], findings: Sequence[Finding]) -> dict[str, str]:
        """Draw how the network does: SVG by file name."""
        return {}

    def learn_rivals(self, examples: Examples[Target]) -> Mapping[str, Rival]:
        """Learn simple models from what the network learned from, by name; none where the task has none."""
        return {}

    def score_rival(self, rival: Any, read: Examples[Target]) -> dict[str, float]:
        """Score one of those models by the metrics of the network."""
        return {}

    @property
    def advice(self) -> str:
        """What to try where the network is no better than a simple model."""
        vectors = self.inputs.features.kind == "words" and getattr(self.config, "embeddings", self) is None
        return f"try training with {'word vectors (embeddings), ' if vectors else ''}more epochs or more data"

    def before_training(self, examples: Examples[Target]) -> None:
        """Set what depends on the data that is learned from and is not kept."""

    def calibrate(self, examples: Examples[Target]) -> None:
        """Set what is fitted on held-out data, before that data is scored."""

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.model.parameters()).device

    @property
    def reading(self) -> Reading:
        """How files are read."""
        return self.reader.how

    @contextmanager
    def evaluating(self) -> Generator[None]:
        """Have the network without noise and gradients, and then as it was."""
        training = self.model.training
        self.model.eval()
        with torch.no_grad():
            yield
        self.model.train(training)

    def plan(self, costs: Costs, seed: int = 0, epoch: int | None = None) -> BucketPlan:
        """Plan one pass; without an epoch, one that leaves nothing to chance."""
        config = self.config
        return plan_buckets(costs, rows=config.batch_size, most_cost=config.batch_steps, seed=seed, epoch=epoch)

    def batch(self, items: Items, rows: NDArray[np.int64]) -> Batch:
        """Give what the network reads of some items."""
        tensors = {name: torch.from_numpy(array) for name, array in items.batch(rows).items()}
        arrays = {name: each if name.endswith("lengths") else each.to(self.device) for name, each in tensors.items()}
        return Batch(arrays, items.answered[rows])

    def find(self, examples: Examples[Target]) -> list[Finding]:
        """Examine all examples, batch by batch; findings are in the order of the examples."""
        found: dict[int, Finding] = {}
        with self.evaluating():
            for rows in self.plan(examples.costs):
                places: list[int] = rows.tolist()
                targets = [examples.targets[row] for row in places]
                found |= zip(places, self.examine(self.batch(examples.items, rows), targets), strict=True)
        return [found[row] for row in range(len(found))]

    def evaluate(self, examples: Examples[Target]) -> dict[str, Any]:
        """Score data that the network has not seen.

        Args:
            examples: what the task's reader has read to evaluate.

        Returns:
            The scores under the field's names, ``examples``, ``labels``: the scores of each label, and how much there
            was that training never saw: ``unknown_words``, ``unseen_labels``.
        """
        findings = self.find(examples)
        skipped = {"skipped": examples.skipped} if examples.skipped else {}
        more = {"examples": len(examples.records), **skipped, **self._not_seen(examples)}
        return {**self.metrics(examples, findings), **more, "labels": self.details(examples, findings)}

    def _not_seen(self, examples: Examples[Target]) -> dict[str, Any]:
        """Count the words and labels that training never saw."""
        found: dict[str, Any] = {}
        if isinstance(examples.items, WordItems):
            found["unknown_words"] = examples.items.unknown
        if (labels := self.inputs.targets.labels) is not None:
            unseen = labels.unseen(label for record in examples.records for label in labels_of(record))
            found |= {"unseen_labels": dict(unseen)} if unseen else {}
        return found

    def predict(self, records: Iterable[Record], *, live: bool = False) -> Iterator[tuple[Record, Prediction]]:
        """Say something of each record, in their order, a chunk at a time: endless input takes constant memory.

        Args:
            records: what to read.
            live: whether a record that had to be waited for is answered at once, not with the next ones.

        Yields:
            Each record and what is said of it.
        """
        for chunk in gather(records, live=live, most=CHUNK_RECORDS, most_steps=CHUNK_STEPS):
            yield from zip(chunk, self._predict_chunk(chunk), strict=True)

    def _predict_chunk(self, records: Sequence[Record]) -> list[Prediction]:
        items = self.inputs.features.items(records)
        said: dict[int, Prediction] = {}
        with self.evaluating():
            for rows in self.plan(self.reader.costs(items, None)):
                places: list[int] = rows.tolist()
                chosen = [records[row] for row in places]
                said |= zip(places, self.predictions(self.batch(items, rows), chosen), strict=True)
        return [said[row] for row in range(len(said))]

    def describe(self) -> dict[str, object]:
        """Give the sizes of the network and of what it reads, by name."""
        parameters = sum(parameter.numel() for parameter in self.model.parameters())
        names = ("cell", "hidden", "layers", "bidirectional")
        options = {name: getattr(self.config, name) for name in names if hasattr(self.config, name)}
        known = self.inputs.targets.labels
        labels = {} if known is None else {"labels": known.names}
        read, said = self.inputs.features.describe(), self.inputs.targets.describe()
        return {**options, **self.config.around(), **read, **said, **labels, "parameters": parameters}
