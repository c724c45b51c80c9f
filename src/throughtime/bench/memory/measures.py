"""How a memory task is scored, and what one constant answer scores: the least that a memory must beat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from throughtime.data.memory.copying import BLANK

__all__ = ["ACCURACY", "RECALL", "SQUARED_ERROR", "STRINGS", "Measure"]

Items = Sequence[tuple[Any, Any]]
"""(what is read, what should be said of it)."""
Answer = Callable[[Any], Any]
"""What is said of what is read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """A score, and the constant answer that stands beside it."""

    name: str
    """What it is called in tables."""
    score: Callable[[Items, Sequence[Any]], float]
    """Items and what was said of each -> the score."""
    constant: Callable[[Items], Answer]
    """Items to learn from -> an answer that knows no more than the symbol it has just read."""
    baseline: str
    """What the constant answer is, for tables."""
    error: bool = False
    """Whether less is better."""

    def best(self, scores: Sequence[float]) -> float:
        """Give the best of several scores."""
        return min(scores) if self.error else max(scores)


def _squared_error(items: Items, said: Sequence[Any]) -> float:
    return float(np.mean([(found - right) ** 2 for (_, right), found in zip(items, said, strict=True)]))


def _accuracy(items: Items, said: Sequence[Any]) -> float:
    return sum(found == right for (_, right), found in zip(items, said, strict=True)) / len(items)


def _recall(items: Items, said: Sequence[Any]) -> float:
    """The share of right labels among those that are to be remembered; blanks do not count."""
    pairs = [
        (right, found)
        for (_, labels), answers in zip(items, said, strict=True)
        for right, found in zip(labels, answers, strict=True)
        if right != BLANK
    ]
    return sum(right == found for right, found in pairs) / len(pairs)


def _strings(items: Items, said: Sequence[Any]) -> float:
    """The share of strings that are right at every step."""
    return sum(list(right) == list(found) for (_, right), found in zip(items, said, strict=True)) / len(items)


def _mean(items: Items) -> Answer:
    mean = float(np.mean([right for _, right in items]))
    return lambda _: mean


def _commonest(items: Items) -> Answer:
    label = Counter(right for _, right in items).most_common(1)[0][0]
    return lambda _: label


def _commonest_symbol(items: Items) -> Answer:
    label = Counter(right for _, labels in items for right in labels if right != BLANK).most_common(1)[0][0]
    return lambda words: [label] * len(words)


def _commonest_after(items: Items) -> Answer:
    counts: dict[str, Counter[str]] = {}
    for words, labels in items:
        for word, label in zip(words, labels, strict=True):
            counts.setdefault(word, Counter())[label] += 1
    after = {word: each.most_common(1)[0][0] for word, each in counts.items()}
    return lambda words: [after[word] for word in words]


SQUARED_ERROR = Measure(
    name="squared error", score=_squared_error, constant=_mean, baseline="always the mean", error=True
)
ACCURACY = Measure(name="accuracy", score=_accuracy, constant=_commonest, baseline="always the commonest answer")
RECALL = Measure(name="recall", score=_recall, constant=_commonest_symbol, baseline="always the commonest symbol")
STRINGS = Measure(
    name="strings right", score=_strings, constant=_commonest_after, baseline="the commonest label of each symbol"
)
