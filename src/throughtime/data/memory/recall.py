"""Associative recall: keys with their values, and later some of the keys again, each asking for its value."""

from __future__ import annotations

import numpy as np

from throughtime.data.memory.copying import BLANK
from throughtime.data.memory.source import Length, MemorySource, Part, StepLabels, checked_length, drawn_length
from throughtime.errors import UsageError

__all__ = ["AssociativeRecall"]


class AssociativeRecall(MemorySource[StepLabels]):
    """Multi-query associative recall: pairs of a key and its value, and then each key once more, in any order.

    .. code-block:: text

        reads   k3 v1 k0 v7   -  k0  -  k3       labels  - - - -   -  v7  -  v1

    Args:
        count: number of items.
        length: T, steps in which the keys are asked for, blanks between them, or the fewest and the most.
        pairs: D, keys with a value; no key comes twice.
        keys: how many keys there are to draw from.
        values: how many values there are.
        seed: of all items.
        part: "train", "valid" or "test".

    Raises:
        UsageError: a length below the number of pairs, no pair, or more of them than keys.

    Source: Arora et al. 2023, "Zoology: measuring and improving recall in efficient language models", definition
    3.1; with one query Ba et al. 2016, "Using fast weights to attend to the recent past", section 4.1.

    Example:
        >>> words, labels = AssociativeRecall(1, length=2, pairs=2)[0]
        >>> value = dict(zip(words[:4:2], words[1:4:2]))
        >>> [value[word] for word in words[4:]] == labels[4:], labels[:4]
        (True, ['-', '-', '-', '-'])
    """

    def __init__(
        self, count: int, *, length: Length = 16, pairs: int = 4, keys: int = 8, values: int = 8, seed: int = 0,
        part: Part = "train",
    ) -> None:  # fmt: skip
        super().__init__(count, seed=seed, part=part)
        if not 1 <= pairs <= keys or values < 2:
            raise UsageError(f"recall takes from 1 to {keys} pairs of as many keys and 2 values or more, not {pairs}")
        self._between = checked_length(length, least=pairs)
        self._pairs, self._keys, self._values = pairs, keys, values

    def make(self, index: int, random: np.random.Generator) -> StepLabels:
        steps = drawn_length(random, self._between)
        keys = [f"k{number}" for number in random.permutation(self._keys)[: self._pairs]]
        values = [f"v{number}" for number in random.integers(0, self._values, self._pairs)]
        places: list[int] = random.permutation(steps)[: self._pairs].tolist()
        asked, answers = [BLANK] * steps, [BLANK] * steps
        for place, key, value in zip(places, keys, values, strict=True):
            asked[place], answers[place] = key, value
        told = [word for pair in zip(keys, values, strict=True) for word in pair]
        return told + asked, [BLANK] * len(told) + answers
