"""The network of ``tag``: one label for each step of a sequence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from throughtime.data.encoding.labels import UNSEEN
from throughtime.data.planning.split import windows
from throughtime.data.record import Record
from throughtime.layers.crf import CRF, bio_constraints
from throughtime.models.many_to_many import ManyToMany
from throughtime.tasks.rivals.keeping import Rival
from throughtime.tasks.supervised.examples import Examples
from throughtime.tasks.supervised.learner import Batch
from throughtime.tasks.supervised.network import make_input, make_recurrent
from throughtime.tasks.supervised.prediction import Prediction
from throughtime.tasks.supervised.scored_learner import ScoredLearner
from throughtime.tasks.supervised.targets import labels_of
from throughtime.tasks.tag.options import Config
from throughtime.tasks.tag.rivals import learn_rivals
from throughtime.tasks.tag.scores import Tally, entity_scores, marks_spans, scores_by_entity
from throughtime.tasks.tag.targets import Numbers, StepTargets, TagReader

__all__ = ["Finding", "Tagger"]

PIECE = 1 << 16
"""Steps of a record that a simple model scores at a time."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is kept of a sequence to score it by."""

    said: Numbers
    """Number of the label that was given to each step, (T,)."""
    loss: float
    """Loss of the sequence in nats; nan where one of its labels was never seen."""


class Tagger(ScoredLearner[Numbers, Finding]):
    """A network that gives a label to each step.

    Args:
        config: the options.
        inputs: what it reads and what it can say.
        device: where the network goes.
    """

    name, counted, reader_class = "tag", "tokens", TagReader
    config: Config
    model: ManyToMany

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that it can give, in the order of their numbers."""
        return cast(StepTargets, self.inputs.targets).labels.names

    def network(self) -> ManyToMany:
        config = self.config
        read = make_input(config, self.inputs.features, self.inputs.embedding, rare_only=True)
        recurrent = make_recurrent(config, cast(int, read.output_size))
        allowed = bio_constraints(self.labels) if marks_spans(self.labels) else None
        crf = CRF(len(self.labels), allowed=allowed) if config.crf else None
        return ManyToMany(read, recurrent, len(self.labels), dropout=config.dropout, crf=crf)

    @property
    def criterion(self) -> str:
        return "entity_f1" if marks_spans(self.labels) else "accuracy"

    def scores(self, batch: Batch) -> list[Tensor]:
        """Give the scores of each row, (T, labels), without the padding."""
        return [score[:steps] for score, steps in zip(super().scores(batch), batch.answered, strict=True)]

    def score_loss(self, scores: Tensor, targets: Sequence[Numbers]) -> tuple[Tensor, int]:
        lengths = torch.tensor([len(target) for target in targets])
        wanted = _padded(targets, scores.shape[1]).to(scores.device)
        if self.model.crf is not None:
            return -self.model.crf.log_likelihood(scores, wanted, lengths).sum(), int(lengths.sum())
        there = (torch.arange(scores.shape[1]) < lengths[:, None]).to(scores.device)
        smoothing = self.config.label_smoothing
        loss = functional.cross_entropy(scores[there], wanted[there], reduction="sum", label_smoothing=smoothing)
        return loss, int(lengths.sum())

    def compare(self, scores: Sequence[Tensor], targets: Sequence[Numbers]) -> list[Finding]:
        pairs = zip(self._decode(scores), self._losses(scores, targets), strict=True)
        return [Finding(said, loss) for said, loss in pairs]

    def _losses(self, scores: Sequence[Tensor], targets: Sequence[Numbers]) -> list[float]:
        """Loss of each sequence; nan where one of its labels was never seen."""
        losses = [np.nan] * len(targets)
        known = [row for row, target in enumerate(targets) if (target != UNSEEN).all()]
        if known and self.model.crf is not None:
            padded = pad_sequence([scores[row] for row in known], batch_first=True).to(self.device)
            wanted = _padded([targets[row] for row in known], padded.shape[1]).to(self.device)
            likelihoods = self.model.crf.log_likelihood(padded, wanted, [len(targets[row]) for row in known])
            for row, likelihood in zip(known, cast("list[float]", likelihoods.tolist()), strict=True):
                losses[row] = -likelihood
        elif self.model.crf is None:
            smoothing = self.config.label_smoothing
            for row in known:
                wanted = torch.from_numpy(targets[row])
                losses[row] = functional.cross_entropy(
                    scores[row], wanted, reduction="sum", label_smoothing=smoothing
                ).item()
        return losses

    def metrics(self, examples: Examples[Numbers], findings: Sequence[Finding]) -> dict[str, float]:
        tally, pairs = Tally(self.labels), zip(examples.targets, findings, strict=True)
        right = [tally.add(wanted, each.said, each.loss) for wanted, each in pairs]
        values = {**tally.rates(), "sequence_accuracy": float(np.mean(right))}
        if marks_spans(self.labels):
            return {**values, **entity_scores(*self._names(examples, findings))}
        return {**values, "f1": tally.f1}

    def details(self, examples: Examples[Numbers], findings: Sequence[Finding]) -> dict[str, Any]:
        """Give the scores of each label, or of each type of entity."""
        if marks_spans(self.labels):
            return scores_by_entity(*self._names(examples, findings))
        tally = Tally(self.labels)
        for wanted, each in zip(examples.targets, findings, strict=True):
            tally.add(wanted, each.said)
        return tally.by_label()

    def _names(
        self, examples: Examples[Numbers], findings: Sequence[Finding]
    ) -> tuple[list[list[str]], list[list[str]]]:
        """The right labels of each sequence, and those that were given."""
        right = [list(labels_of(record)) for record in examples.records]
        return right, [list(self._named(each.said)) for each in findings]

    def learn_rivals(self, examples: Examples[Numbers]) -> Mapping[str, Rival]:
        return learn_rivals(examples.records, examples.label_counts, self.labels)

    def score_rival(self, rival: Any, read: Examples[Numbers]) -> dict[str, float]:
        # Simple models look at each step by itself, so a long record may come in pieces.
        pieces = (windows(record, PIECE) for record in read.records)
        said = (np.concatenate([scores.argmax(1) for scores in rival.scores(parts)]) for parts in pieces)
        findings = [Finding(each, np.nan) for each in said]
        return {name: value for name, value in self.metrics(read, findings).items() if name != "loss"}

    def interpret(self, scores: Sequence[Tensor]) -> Iterator[Prediction]:
        for score, numbers in zip(scores, self._decode(scores), strict=True):
            shares = self._shares(score)[range(len(numbers)), numbers]
            yield Prediction(self._named(numbers), tuple(cast("list[float]", shares.tolist())))

    def _shares(self, score: Tensor) -> Tensor:
        """The probability of each label at each step, (T, labels)."""
        if self.model.crf is None:
            return score.softmax(1)
        return self.model.crf.marginals(score[None].to(self.device), [len(score)])[0].cpu()

    def _decode(self, scores: Sequence[Tensor]) -> list[Numbers]:
        """The labels of each sequence."""
        if self.model.crf is None:
            return [score.argmax(1).numpy() for score in scores]
        padded = pad_sequence(list(scores), batch_first=True).to(self.device)
        found, _ = self.model.crf.decode(padded, [len(score) for score in scores])
        return [np.array(path, np.int64) for path in found]

    def _named(self, numbers: Numbers) -> tuple[str, ...]:
        return tuple(self.labels[number] for number in cast("list[int]", numbers.tolist()))

    def sample(self, record: Record, prediction: Prediction) -> str:
        """Write the first words, each with its label; a wrong one with the right one behind it."""
        said, right = cast("tuple[str, ...]", prediction.value), labels_of(record)
        words = record.content if isinstance(record.content, tuple) else range(len(said))
        parts = [
            f"{word}/{label}" + ("" if label == wanted else f"✗{wanted}")
            for word, label, wanted in zip(words, said, right, strict=True)
        ]
        return " ".join(parts[:30]) + (" …" if len(parts) > 30 else "")


def _padded(targets: Sequence[Numbers], steps: int) -> Tensor:
    wanted = torch.zeros(len(targets), steps, dtype=torch.int64)
    for row, target in zip(wanted, targets, strict=True):
        row[: len(target)] = torch.from_numpy(target)
    return wanted
