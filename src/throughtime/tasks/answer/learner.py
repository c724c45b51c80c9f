"""The network of ``answer``: a context and a question in, an answer out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self, cast

import numpy as np
import torch
from torch import Tensor, nn

from throughtime.data.encoding.features import text_of
from throughtime.data.reading import Note
from throughtime.data.record import Record
from throughtime.doors import named
from throughtime.errors import UsageError
from throughtime.tasks.answer.heads import Span, SpanHead, WordHead, head_of
from throughtime.tasks.answer.options import Answering, Config, Predicting
from throughtime.tasks.answer.pictures import card, draw
from throughtime.tasks.answer.reader import QUESTION, AnswerReader
from throughtime.tasks.answer.targets import Answer, right_texts
from throughtime.tasks.rivals.constant import Constant
from throughtime.tasks.rivals.drawing import share_of
from throughtime.tasks.rivals.keeping import Rival
from throughtime.tasks.supervised.examples import Examples, SavedInputs
from throughtime.tasks.supervised.learner import Batch, Learner
from throughtime.tasks.supervised.prediction import Answered, Prediction

__all__ = ["Answerer", "Finding"]

SHOWN = 6
"""Held-out examples in the report."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is kept of a question to score it by."""

    said: Span
    """What is said."""
    nats: float
    """How unlikely the right answer is."""


class Answerer(Learner[Answer, Finding]):
    """A network that answers questions about texts.

    Args:
        config: the options.
        inputs: what it reads and what it can say.
        device: where the network goes.
    """

    name, counted, reader_class = "answer", "questions", AnswerReader
    config: Config
    how: Answering = Answering()

    def __init__(self, config: Config, inputs: SavedInputs[Answer], device: torch.device) -> None:
        self.head = head_of(config, inputs)
        super().__init__(config, inputs, device)

    def asked(self, how: Answering, note: Note) -> Self:
        """Give the same network as it was asked to answer.

        Args:
            how: what was asked for.
            note: told what the user should know.

        Returns:
            Another learner with the same network.

        Raises:
            UsageError: this network cannot do that.
        """
        usual = Answering()
        for name in ("longest", "none_above"):
            if getattr(how, name) != getattr(usual, name) and not isinstance(self.head, SpanHead):
                raise UsageError(f"{named(name)} is for answers that are parts of the context; this run says words")
        if isinstance(self.head, SpanHead) and how.none_above != usual.none_above and not self.head.unanswerable:
            raise UsageError(f"{named('none_above')} is for runs that learned from questions without an answer")
        if isinstance(how, Predicting) and how.plot is not None and self.config.attention == "none":
            raise UsageError(f"{named('plot')} needs a network with attention, and this one has none; leave it out")
        other = copy(self)
        other.how = how
        return other

    def network(self) -> nn.Module:
        return self.head.network()

    @property
    def criterion(self) -> str:
        return self.head.criterion

    def loss(self, batch: Batch, targets: Sequence[Answer]) -> tuple[Tensor, int]:
        learned, _ = self.head.losses(self.head.read(self.model, batch.arrays), targets)
        return learned.sum(), len(targets)

    def examine(self, batch: Batch, targets: Sequence[Answer]) -> list[Finding]:
        read = self.head.read(self.model, batch.arrays)
        _, nats = self.head.losses(read, targets)
        found = self.head.find(read, batch.arrays["content_lengths"], self.how)
        pairs = zip(found, cast("list[float]", nats.double().tolist()), strict=True)
        return [Finding(replace(said, shares=()), loss) for (said, _), loss in pairs]

    def metrics(self, examples: Examples[Answer], findings: Sequence[Finding]) -> dict[str, float]:
        pairs = zip(examples.records, findings, strict=True)
        texts = [str(self.head.answer(record, found.said, None).value) for record, found in pairs]
        loss = sum(each.nats for each in findings) / len(findings)
        return {"loss": loss, **self.head.scores(examples.records, texts)}

    def learn_rivals(self, examples: Examples[Answer]) -> Mapping[str, Rival]:
        if not isinstance(self.head, WordHead):
            return {}
        counts = np.bincount([target.word for target in examples.targets], minlength=len(self.head.names))
        share = share_of(len(examples.targets), len(examples.targets), "questions")
        return {"majority": Constant(counts.astype(np.float32), "the commonest answer", share)}

    def score_rival(self, rival: Constant, read: Examples[Answer]) -> dict[str, float]:
        assert isinstance(self.head, WordHead)
        said = [self.head.names[int(row.argmax())] for row in rival.scores(read.records)]
        return self.head.scores(read.records, said)

    def predictions(self, batch: Batch, records: Sequence[Record]) -> Iterator[Prediction]:
        read = self.head.read(self.model, batch.arrays)
        found = self.head.find(read, batch.arrays["content_lengths"], self.how)
        for record, (said, looked) in zip(records, found, strict=True):
            yield self.head.answer(record, said, looked)

    def predict(self, records: Iterable[Record], *, live: bool = False) -> Iterator[tuple[Record, Prediction]]:
        for count, (record, said) in enumerate(super().predict(records, live=live), 1):
            if isinstance(self.how, Predicting) and self.how.plot is not None:
                path = Path(self.how.plot) / f"{count:04}.svg"
                draw(path, text_of(record), _question(record), cast(Answered, said))
            yield record, said

    def sample(self, record: Record, prediction: Prediction) -> str:
        """Write the question, its answer, and what it should have been."""
        right = right_texts(record)
        verdict = "✓" if self.head.scores([record], [str(prediction.value)])[_EXACT[self.criterion]] == 1 else "✗"
        instead = "" if verdict == "✓" else f" (is {right[0] if right else 'not answered'})"
        return f"{verdict} {_question(record)} {prediction.value or 'no answer'}{instead}"

    def pictures(self, examples: Examples[Answer], findings: Sequence[Finding]) -> dict[str, str]:
        chosen = np.random.default_rng(self.config.seed).permutation(len(examples.records))[:SHOWN]
        records = [examples.records[place] for place in cast("list[int]", chosen.tolist())]
        cards = [
            card(text_of(record), _question(record), right_texts(record), cast(Answered, said))
            for record, said in self.predict(records)
        ]
        return {"examples.html": "\n".join(cards)}


_EXACT = {"f1": "exact_match", "accuracy": "accuracy"}


def _question(record: Record) -> str:
    return cast(str, record.beside[QUESTION])
