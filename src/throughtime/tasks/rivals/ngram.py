"""An n-gram model: what the few tokens before each one tell, by counts alone.

Interpolated Kneser-Ney smoothing (Kneser, Ney 1995, "Improved backing-off for m-gram language modeling"; interpolated
as in Chen, Goodman 1999, "An empirical study of smoothing techniques for language modeling", section 3)::

    p(w | h) = (max(c(h w) - d, 0) + d * n(h) * p(w | h')) / c(h)

c counts how often w followed the context h, or, for contexts shorter than the longest, after how many different tokens
h w stood; n(h) is how many different tokens followed h, and h' is h without its first token. Where h was never seen,
p(w | h) = p(w | h'); below the empty context all tokens are equally likely. So all tokens' probabilities sum to one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["NGram"]

MOST = 0.9
"""Largest discount."""
CHUNK = 1 << 18
"""Tokens that are scored at a time, so that the temporaries stay small."""
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Level:
    """All n-grams of one length: a context and the token after it."""

    keys: Numbers
    """context * vocabulary + token, sorted; the number of a context is its place among the n-grams one shorter."""
    counts: Numbers
    """How often each occurred, or after how many different tokens it stood."""
    totals: Numbers
    """Counts of each context together, (contexts,)."""
    kinds: Numbers
    """Different tokens after each context, (contexts,)."""
    discount: float
    """What each count gives up to shorter contexts."""

    @classmethod
    def make(cls, keys: Numbers, counts: Numbers, contexts: int, vocabulary: int) -> _Level:
        of = keys // vocabulary
        once, twice = int((counts == 1).sum()), int((counts == 2).sum())
        totals = np.bincount(of, counts, contexts).astype(np.int64)
        kinds = np.bincount(of, counts > 0, contexts).astype(np.int64)
        # Ney, Essen, Kneser 1994: the best discount where counts of one and two tell of the unseen. Small or repetitive
        # texts have too few: a discount of one would forget what was seen once, and zero rule out the unseen.
        best = once / (once + 2 * twice) if once else 0.5
        return cls(keys, counts, totals, kinds, min(best, MOST))

    def number(self, context: Numbers, token: Numbers, vocabulary: int) -> Numbers:
        """The number of each n-gram, -1 where it was never seen."""
        wanted = np.where(context >= 0, context * vocabulary + token, -1)
        places = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return np.where(self.keys[places] == wanted, places, -1)

    def mix(self, context: Numbers, number: Numbers, shorter: NDArray[np.float64]) -> NDArray[np.float64]:
        """The probability of each token, from its probability after the shorter context."""
        total = np.where(context >= 0, self.totals[context], 0)
        counts = np.where(number >= 0, self.counts[number], 0)
        kept = np.maximum(counts - self.discount, 0)
        mixed = (kept + self.discount * self.kinds[context] * shorter) / np.maximum(total, 1)
        return np.where(total > 0, mixed, shorter)


class NGram:
    """A smoothed n-gram model over token ids.

    Args:
        levels: keys and counts of the n-grams of length 1, 2, ...: see :meth:`to_parts`.
        vocabulary: how many ids there are.
        unit: what an id stands for, in the plural.
        learned_from: how much of the training text, in words.

    Example:
        >>> model = NGram.learn(np.array([0, 1, 2, 1, 2, 1, 2]), vocabulary=4, order=2)
        >>> bool(model.probabilities(np.array([1, 2]))[1] > 0.7)
        True
    """

    kind = "ngram"

    def __init__(
        self,
        levels: Sequence[tuple[Numbers, Numbers]],
        vocabulary: int,
        unit: str = "tokens",
        learned_from: str = "",
    ) -> None:
        contexts = [1, *(len(keys) for keys, _ in levels)]
        self.vocabulary, self.unit, self.learned_from = vocabulary, unit, learned_from
        self._levels = [
            _Level.make(keys, counts, known, vocabulary)
            for (keys, counts), known in zip(levels, contexts, strict=False)
        ]

    @property
    def title(self) -> str:
        """What it is called beside the network."""
        order = len(self._levels)
        return f"an n-gram model of {order} {self.unit}" if order > 1 else f"how often each of the {self.unit} occurs"

    @classmethod
    def learn(
        cls,
        tokens: NDArray[np.integer],
        vocabulary: int,
        order: int,
        unit: str = "tokens",
        learned_from: str = "",
    ) -> Self:
        """Count the n-grams of a text.

        Args:
            tokens: (N,) ids in the text's order, N at least 1.
            vocabulary: how many ids there are.
            order: length of the longest n-gram: one token and the ``order - 1`` before it.
            unit: what an id stands for, in the plural.
            learned_from: how much of the training text, in words.

        Returns:
            The model; shorter n-grams only where the text is shorter than ``order``.
        """
        text = tokens.astype(np.int64)
        context, numbers = np.zeros(len(text), np.int64), np.zeros(0, np.int64)
        levels: list[tuple[Numbers, Numbers]] = []
        for length in range(1, min(order, len(text)) + 1):
            # context and text[length - 1 :] are side by side: n-grams of this length, by their last token
            keys, firsts, places, counts = np.unique(
                context * vocabulary + text[length - 1 :], return_index=True, return_inverse=True, return_counts=True
            )
            if levels:  # of each different n-gram, count the one that is left without its first token
                shorter, _ = levels[-1]
                levels[-1] = shorter, np.bincount(numbers[1:][firsts], minlength=len(shorter))
            levels.append((keys, counts))
            numbers = places.reshape(-1)
            context = numbers[:-1]
        return cls(levels, vocabulary, unit, learned_from)

    def probabilities(self, tokens: NDArray[np.integer]) -> NDArray[np.float64]:
        """Give the probability of each token after those before it.

        Args:
            tokens: (N,) ids in order; the first one has nothing before it.

        Returns:
            (N,) probabilities.
        """
        text = tokens.astype(np.int64)
        found = np.full(len(text), 1 / self.vocabulary)
        context = np.zeros(len(text), np.int64)
        for level in self._levels:
            numbers = level.number(context, text, self.vocabulary)
            found = level.mix(context, numbers, found)
            context = np.concatenate([[-1], numbers[:-1]])
        return found

    def nats(self, tokens: NDArray[np.integer]) -> float:
        """Score a text.

        Args:
            tokens: (N,) ids in order.

        Returns:
            Minus the logarithms of all probabilities but that of the first token, summed.
        """
        before = len(self._levels)
        sums = [
            np.log(self.probabilities(tokens[max(0, start - before) : start + CHUNK])[min(start, before) :]).sum()
            for start in range(1, len(tokens), CHUNK)
        ]
        return -float(np.sum(sums))

    def to_parts(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Give (arrays, plain values) that it can be made of again."""
        arrays: dict[str, NDArray[Any]] = {}
        for length, level in enumerate(self._levels, 1):
            arrays |= {f"keys{length}": _small(level.keys), f"counts{length}": _small(level.counts)}
        return arrays, {"vocabulary": self.vocabulary}

    @classmethod
    def from_parts(cls, arrays: Mapping[str, NDArray[Any]], plain: Mapping[str, Any]) -> Self:
        """Make it again from what :meth:`to_parts` gave; a KeyError or ValueError says that something is missing."""
        vocabulary = int(plain["vocabulary"])
        levels: list[tuple[Numbers, Numbers]] = []
        for length in range(1, len(arrays) // 2 + 1):
            keys, counts = (arrays[f"{part}{length}"].astype(np.int64) for part in ("keys", "counts"))
            contexts = len(levels[-1][0]) if levels else 1
            fits = len(keys) == len(counts) > 0 and keys[0] >= 0 and keys[-1] < contexts * vocabulary
            if not fits or (np.diff(keys) <= 0).any():
                raise ValueError(f"its n-grams of length {length} do not fit")
            levels.append((keys, counts))
        if not levels:
            raise ValueError("it has no n-grams")
        return cls(levels, vocabulary)


def _small(numbers: Numbers) -> NDArray[Any]:
    """The same in the smallest unsigned type that holds all of them."""
    return numbers.astype(np.min_scalar_type(int(numbers.max(initial=0))))
