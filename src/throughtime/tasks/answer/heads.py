"""What the network of ``answer`` is, and what is made of what it says: for parts of the context, and for words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from throughtime.data.encoding.features import WordFeatures, text_of
from throughtime.data.encoding.joined import JoinedFeatures
from throughtime.data.encoding.labels import UNSEEN
from throughtime.data.encoding.statements import statement_places
from throughtime.data.record import Record
from throughtime.data.words import word_places
from throughtime.models.fact_reader import FactReader
from throughtime.models.parts.inputs import WordInput
from throughtime.models.span_reader import Pointers, SpanReader, best_spans, span_log_likelihood
from throughtime.tasks.answer.options import Answering, Config
from throughtime.tasks.answer.scores import score_answers
from throughtime.tasks.answer.targets import Answer, SpanTargets, WordTargets, right_texts
from throughtime.tasks.supervised.examples import SavedInputs
from throughtime.tasks.supervised.network import make_recurrent
from throughtime.tasks.supervised.prediction import Answered

__all__ = ["Head", "SpanHead", "WordHead", "head_of"]

Inputs: TypeAlias = dict[str, Tensor]
Scored: TypeAlias = tuple[Tensor, Tensor | None]
"""Scores of the words (B, labels), and how much was looked at each fact (B, hops, T)."""


@dataclass(frozen=True, slots=True)
class Span:
    """What is said of a question: words of its context, none, or a word of the closed set."""

    first: int
    """Its first word, or the number of the word; -1 for none."""
    last: int
    """Its last word."""
    probability: float
    """How sure that is."""
    shares: tuple[float, ...] = ()
    """Probability of each word of the closed set."""


class Head(ABC):
    """What the kind of answers decides.

    Args:
        config: the options.
        inputs: what the network reads, and what it can say.
    """

    criterion: str
    """The score that tells the best model."""

    def __init__(self, config: Config, inputs: SavedInputs[Answer]) -> None:
        self.config, self.inputs = config, inputs

    @property
    def asked(self) -> WordFeatures:
        """What reads questions."""
        return cast(WordFeatures, cast(JoinedFeatures, self.inputs.features).parts["question"])

    @abstractmethod
    def network(self) -> nn.Module:
        """Make the network."""

    @abstractmethod
    def read(self, model: Any, arrays: Inputs) -> Any:
        """Have the network read a batch."""

    @abstractmethod
    def losses(self, read: Any, targets: Sequence[Answer]) -> tuple[Tensor, Tensor]:
        """Give (what is learned, how unlikely the right answer is), each (B,), in nats."""

    @abstractmethod
    def find(self, read: Any, lengths: Tensor, how: Answering) -> Iterator[tuple[Span, Any]]:
        """Give what is said of each row, and how much was looked at each part of its context, (hops, parts) or None."""

    @abstractmethod
    def answer(self, record: Record, said: Span, looked: Any) -> Answered:
        """Say in words what was found in a record."""

    @abstractmethod
    def scores(self, records: Sequence[Record], said: Sequence[str]) -> dict[str, float]:
        """Score answers in the field's terms."""


class SpanHead(Head):
    """Answers that are parts of their contexts."""

    criterion = "f1"

    @property
    def unanswerable(self) -> bool:
        """Whether a question may have no answer."""
        return cast(SpanTargets, self.inputs.targets).unanswerable

    def network(self) -> SpanReader:
        config, vocabulary = self.config, self.asked.vocabulary
        read = WordInput(
            len(vocabulary.words) + 1,
            self.inputs.embedding,
            characters=vocabulary.letter_numbers if self.asked.spelled else 0,
            character_hidden=config.spelling,
            dropout=config.dropout,
            word_dropout=config.word_dropout,
            character_dropout=config.character_dropout,
            counts=[1, *vocabulary.counts],
        )
        words = make_recurrent(config, read.output_size)
        attends = config.attention != "none"
        taken = SpanReader.input_size(words.output_size, attends=attends)
        hops = [make_recurrent(config, taken) for _ in range(config.hops)]
        layers = [words, *hops, make_recurrent(config, words.output_size)]
        return SpanReader(read, layers, attends=attends, dropout=config.dropout)

    def read(self, model: SpanReader, arrays: Inputs) -> Pointers:
        pointers = model(arrays)
        if self.unanswerable:
            return pointers
        first, last = (nn.functional.pad(each[:, :-1].log_softmax(1), (0, 1), value=-1e9) for each in pointers[:2])
        return Pointers(first, last, pointers.looked)

    def losses(self, read: Pointers, targets: Sequence[Answer]) -> tuple[Tensor, Tensor]:
        none = np.full((1, 2), -1, np.int64)
        spans = [target.spans if len(target.spans) else none for target in targets]
        counts = torch.tensor([len(each) for each in spans])
        rows, marks = torch.repeat_interleave(torch.arange(len(spans)), counts), torch.from_numpy(np.concatenate(spans))
        device = read.first.device
        likely = span_log_likelihood(read, rows.to(device), *(marks[:, side].to(device) for side in (0, 1)))
        return -likely, -likely

    def find(self, read: Pointers, lengths: Tensor, how: Answering) -> Iterator[tuple[Span, Any]]:
        first, last, best = (each.cpu() for each in best_spans(read, how.longest))
        none = (read.first[:, -1] + read.last[:, -1]).double().exp().cpu()
        looked = None if read.looked is None else read.looked.cpu().numpy()
        sure = best.double().exp()
        for row, length in enumerate(cast("list[int]", lengths.tolist())):
            no_answer, some = float(none[row]), float(sure[row])
            said = Span(int(first[row]), int(last[row]), some)
            if self.unanswerable and no_answer / (no_answer + some) >= how.none_above:
                said = Span(-1, -1, no_answer)
            yield said, None if looked is None else looked[row, :, :length]

    def answer(self, record: Record, said: Span, looked: Any) -> Answered:
        text, places = text_of(record), tuple(word_places(text_of(record)))
        if said.first < 0:
            return Answered("", said.probability, places=places, looked=looked)
        start, stop = places[said.first][0], places[said.last][1]
        return Answered(text[start:stop], said.probability, start=start, stop=stop, places=places, looked=looked)

    def scores(self, records: Sequence[Record], said: Sequence[str]) -> dict[str, float]:
        return score_answers(said, [right_texts(record) for record in records])


class WordHead(Head):
    """Answers that are words of a closed set."""

    criterion = "accuracy"

    @property
    def names(self) -> tuple[str, ...]:
        """The words."""
        return cast(WordTargets, self.inputs.targets).labels.names

    def network(self) -> FactReader:
        config, vocabulary = self.config, self.asked.vocabulary
        size = config.hidden * (2 if config.bidirectional else 1)
        return FactReader(
            len(vocabulary.words) + 1,
            self.inputs.embedding,
            make_recurrent(config, size),
            len(self.names),
            hops=0 if config.attention == "none" else config.hops,
            dropout=config.dropout,
            word_dropout=config.word_dropout,
            counts=[1, *vocabulary.counts],
        )

    def read(self, model: FactReader, arrays: Inputs) -> Scored:
        return model(arrays)

    def losses(self, read: Scored, targets: Sequence[Answer]) -> tuple[Tensor, Tensor]:
        scores, looked = read
        wanted = torch.tensor([target.word for target in targets], device=scores.device)
        nats = functional.cross_entropy(scores, wanted, ignore_index=UNSEEN, reduction="none")
        weight = self.config.supporting
        if looked is None or not weight:
            return nats, nats
        return nats + weight * _overlooked(looked, targets), nats

    def find(self, read: Scored, lengths: Tensor, how: Answering) -> Iterator[tuple[Span, Any]]:
        scores, looked = read
        shares = scores.double().softmax(1).cpu()
        best, numbers = shares.max(1)
        looks = None if looked is None else looked.cpu().numpy()
        for row, length in enumerate(cast("list[int]", lengths.tolist())):
            number = int(numbers[row])
            said = Span(number, number, float(best[row]), tuple(cast("list[float]", shares[row].tolist())))
            yield said, None if looks is None else looks[row, :, :length]

    def answer(self, record: Record, said: Span, looked: Any) -> Answered:
        places = tuple(statement_places(text_of(record)))
        shares = dict(zip(self.names, said.shares, strict=True)) if said.shares else None
        return Answered(self.names[said.first], said.probability, shares, places=places, looked=looked)

    def scores(self, records: Sequence[Record], said: Sequence[str]) -> dict[str, float]:
        right = [text == right_texts(record)[0] for text, record in zip(said, records, strict=True)]
        return {"accuracy": sum(right) / len(right)}


def _overlooked(looked: Tensor, targets: Sequence[Answer]) -> Tensor:
    """How little the statements that give the answers were looked at: of each row the mean over them, in nats, (B,).

    A statement may be looked at in any of the looks; the least there can be is the logarithm of their number.
    """
    rows = [row for row, target in enumerate(targets) for _ in target.supporting]
    facts = [fact for target in targets for fact in target.supporting]
    if not rows:
        return looked.new_zeros(len(targets))
    at, count = torch.tensor(rows, device=looked.device), looked.new_zeros(len(targets))
    count.index_add_(0, at, looked.new_ones(len(rows)))
    nats = -torch.log(looked.mean(1)[at, torch.tensor(facts, device=looked.device)] + 1e-6)
    return looked.new_zeros(len(targets)).index_add(0, at, nats) / count.clamp(min=1)


def head_of(config: Config, inputs: SavedInputs[Answer]) -> Head:
    """Give what the kind of answers decides.

    Args:
        config: the options.
        inputs: what the network reads, and what it can say.

    Returns:
        For parts of contexts, or for words.
    """
    return SpanHead(config, inputs) if isinstance(inputs.targets, SpanTargets) else WordHead(config, inputs)
