"""What scores all that could be said of a record, and tells from the scores what it says."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence

from torch import Tensor

from throughtime.data.record import Record
from throughtime.tasks.supervised.learner import Batch, Finding, Learner
from throughtime.tasks.supervised.prediction import Prediction
from throughtime.tasks.supervised.targets import Target

__all__ = ["ScoredLearner"]


class ScoredLearner(Learner[Target, Finding]):
    """A network that scores all that could be said; what it says is told from the scores.

    Args:
        config: as for :class:`Learner`.
        inputs: as for :class:`Learner`.
        device: as for :class:`Learner`.
    """

    @abstractmethod
    def score_loss(self, scores: Tensor, targets: Sequence[Target]) -> tuple[Tensor, int]:
        """Give the loss of a batch's scores (B, ...), summed over what is scored, and how much that is."""

    @abstractmethod
    def compare(self, scores: Sequence[Tensor], targets: Sequence[Target]) -> Sequence[Finding]:
        """Give what is kept of each row to score it by, from its scores on the CPU."""

    @abstractmethod
    def interpret(self, scores: Sequence[Tensor]) -> Iterable[Prediction]:
        """Say what the scores of each row mean; they are on the CPU."""

    def scores(self, batch: Batch) -> Sequence[Tensor]:
        """Give the scores of each row, on the CPU."""
        return list(self.model(batch.arrays).cpu())

    def loss(self, batch: Batch, targets: Sequence[Target]) -> tuple[Tensor, int]:
        return self.score_loss(self.model(batch.arrays), targets)

    def examine(self, batch: Batch, targets: Sequence[Target]) -> Sequence[Finding]:
        return self.compare(self.scores(batch), targets)

    def predictions(self, batch: Batch, records: Sequence[Record]) -> Iterable[Prediction]:
        return self.interpret(self.scores(batch))
