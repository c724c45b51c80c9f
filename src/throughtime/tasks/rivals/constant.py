"""Models that hardly look: the commonest label, the mean, and the commonest label of each word."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.record import Record
from throughtime.tasks.rivals.drawing import draw, share_of

__all__ = ["Constant", "WordLabels"]

WORDS = 2_000_000
"""Words that are counted at most: a second or two."""
Array = NDArray[Any]


class Constant:
    """The same scores for whatever is read.

    Args:
        row: (answers,) the scores.
        title: what it is called beside the network.
        learned_from: how much of the training data, in words.
        per_step: whether each step of a record is answered, not the record.
    """

    kind = "constant"

    def __init__(self, row: Array, title: str = "", learned_from: str = "", *, per_step: bool = False) -> None:
        self.row, self.title, self.learned_from, self.per_step = row, title, learned_from, per_step

    def scores(self, records: Iterable[Record]) -> Iterator[Array]:
        """Give the scores of each record, (answers,), or of its steps, (T, answers)."""
        for record in records:
            yield np.tile(self.row, (len(record.content), 1)) if self.per_step else self.row

    def to_parts(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Give (arrays, plain values) that it can be made of again."""
        return {"row": self.row}, {"per_step": self.per_step}

    @classmethod
    def from_parts(cls, arrays: Mapping[str, Array], plain: Mapping[str, Any]) -> Self:
        """Make it again from what :meth:`to_parts` gave; a KeyError says that something is missing."""
        return cls(arrays["row"], per_step=bool(plain["per_step"]))


class WordLabels:
    """The label that each word has most often in training; of a new word, the one that is commonest of all.

    Args:
        numbers: number of the label by word.
        commonest: number of the commonest label.
        labels: how many labels there are.
        learned_from: how much of the training data, in words.
    """

    kind, title = "words", "the commonest label of each word"

    def __init__(self, numbers: Mapping[str, int], commonest: int, labels: int, learned_from: str = "") -> None:
        self.numbers, self.commonest, self.labels, self.learned_from = numbers, commonest, labels, learned_from

    @classmethod
    def learn(cls, records: Sequence[Record], label_numbers: Mapping[str, int]) -> Self:
        """Count the labels of each word.

        Args:
            records: sentences of words, each with the labels of its words.
            label_numbers: number of each label.

        Returns:
            The model; of labels that are as common, the one with the smallest number is taken.
        """
        drawn = draw(records, WORDS, lambda record: len(record.content))
        counts: defaultdict[str, Counter[int]] = defaultdict(Counter)
        for record in drawn:
            for word, label in zip(_words(record), cast("tuple[str, ...]", record.target), strict=True):
                counts[word][label_numbers[label]] += 1
        every: Counter[int] = Counter()
        for each in counts.values():
            every.update(each)
        commonest = _most(every)
        best = {word: _most(each) for word, each in counts.items()}
        # A word that is answered like a new one need not be known.
        numbers = {word: number for word, number in best.items() if number != commonest}
        return cls(numbers, commonest, len(label_numbers), share_of(len(drawn), len(records), "sentences"))

    def scores(self, records: Iterable[Record]) -> Iterator[Array]:
        """Give the scores of each word of each record, (T, labels): 1 for the label that is given, else 0."""
        for record in records:
            words = _words(record)
            scores = np.zeros((len(words), self.labels), np.float32)
            scores[range(len(words)), [self.numbers.get(word, self.commonest) for word in words]] = 1
            yield scores

    def to_parts(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Give (arrays, plain values) that it can be made of again."""
        numbers = np.array([*self.numbers.values(), self.commonest], np.int32)
        return {"numbers": numbers}, {"words": list(self.numbers), "labels": self.labels}

    @classmethod
    def from_parts(cls, arrays: Mapping[str, Array], plain: Mapping[str, Any]) -> Self:
        """Make it again from what :meth:`to_parts` gave; a KeyError or ValueError says that something is missing."""
        *numbers, commonest = cast("list[int]", arrays["numbers"].tolist())
        return cls(dict(zip(plain["words"], numbers, strict=True)), commonest, int(plain["labels"]))


def _words(record: Record) -> Sequence[str]:
    return cast("tuple[str, ...]", record.content)


def _most(counts: Mapping[int, int]) -> int:
    return min(counts, key=lambda number: (-counts[number], number))
