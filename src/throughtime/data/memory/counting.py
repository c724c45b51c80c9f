"""Languages that ask for counting: as many b as a, as many c too, and brackets that close what was opened."""

from __future__ import annotations

import numpy as np

from throughtime.data.memory.source import Length, MemorySource, Part, StepLabels, checked_length, drawn_length
from throughtime.errors import UsageError

__all__ = ["END", "Brackets", "CountedRuns"]

END = "end"
"""What comes after a whole string."""
OPENING, CLOSING = "([{<", ")]}>"


class CountedRuns(MemorySource[StepLabels]):
    """Strings such as a^n b^n and a^n b^n c^n, with what may come next at each step.

    .. code-block:: text

        a^n b^n        reads a a a b b b       labels  ab ab ab b b end
        a^n b^n c^n    reads a a b b c c       labels  ab ab b c c end

    From the first b on there is but one right answer, and it takes the number of a to know it.

    Args:
        count: number of items.
        length: n, or the fewest and the most.
        symbols: "ab" or "abc": what is repeated, in order.
        each: make item i of n = fewest + i, and begin again after the most, in place of drawing n.
        seed: of all items.
        part: "train", "valid" or "test".

    Raises:
        UsageError: n below 1, or fewer than two different symbols.

    Source: Gers and Schmidhuber 2001, "LSTM recurrent networks learn simple context-free and context-sensitive
    languages".

    Example:
        >>> CountedRuns(2, length=(1, 2), each=True)[1]
        (['a', 'a', 'b', 'b'], ['ab', 'ab', 'b', 'end'])
    """

    def __init__(
        self, count: int, *, length: Length = (1, 50), symbols: str = "ab", each: bool = False, seed: int = 0,
        part: Part = "train",
    ) -> None:  # fmt: skip
        super().__init__(count, seed=seed, part=part)
        if len(set(symbols)) != len(symbols) or len(symbols) < 2:
            raise UsageError(f"counted runs are of 2 different symbols or more, not of {symbols!r}")
        self._between = checked_length(length, least=1, what="n")
        self._symbols, self._each = symbols, each

    def make(self, index: int, random: np.random.Generator) -> StepLabels:
        fewest, most = self._between
        n = fewest + index % (most - fewest + 1) if self._each else drawn_length(random, self._between)
        first, second = self._symbols[:2]
        later = [symbol for symbol in self._symbols[1:] for _ in range(n)]
        return [first] * n + later, [first + second] * n + [*later[1:], END]


class Brackets(MemorySource[StepLabels]):
    """Brackets that close what was opened (Dyck words), with the one that may close at each step.

    .. code-block:: text

        one kind    reads ( ( ) ( ) )       labels  ) ) ) ) ) end
        two kinds   reads ( [ ] )           labels  ) ] ) end

    All shapes of a length are equally likely, and so are the kinds of each pair. An opening bracket may always come;
    the label says what else: the bracket that closes the innermost open one, or the end where none is open.

    Args:
        count: number of items.
        length: brackets of a string, an even number, or the fewest and the most; odd ones between are not drawn.
        kinds: how many kinds of brackets there are, 1 to 4: 1 asks for a counter, more for a stack.
        seed: of all items.
        part: "train", "valid" or "test".

    Raises:
        UsageError: an odd length, one below 2, or no such number of kinds.

    Source: Chomsky and Schützenberger 1963; as a task for networks with these labels Skachkova, Trost and Klakow 2018,
    "Closing brackets with recurrent neural networks", and Suzgun et al. 2019, "LSTM networks can perform dynamic
    counting".

    Example:
        >>> words, labels = Brackets(1, length=6, kinds=1)[0]
        >>> words.count("("), words.count(")"), labels[0], labels[-1]
        (3, 3, ')', 'end')
    """

    def __init__(
        self, count: int, *, length: Length = (2, 50), kinds: int = 2, seed: int = 0, part: Part = "train"
    ) -> None:
        super().__init__(count, seed=seed, part=part)
        if not 1 <= kinds <= len(OPENING):
            raise UsageError(f"there are 1 to {len(OPENING)} kinds of brackets, not {kinds}")
        fewest, most = checked_length(length, least=2)
        if fewest % 2 or most % 2:
            given = f"{fewest}" if fewest == most else f"from {fewest} to {most}"
            raise UsageError(f"brackets come in pairs: their length is an even number, not {given}")
        self._pairs, self._kinds = (fewest // 2, most // 2), kinds

    def make(self, index: int, random: np.random.Generator) -> StepLabels:
        steps = 2 * drawn_length(random, self._pairs)
        shares: list[float] = random.random(steps).tolist()
        kinds: list[int] = random.integers(0, self._kinds, steps).tolist()
        words, labels, unclosed = list[str](), list[str](), list[str]()
        for left, share, kind in zip(range(steps, 0, -1), shares, kinds, strict=True):
            if share < _opens(len(unclosed), left):
                words.append(OPENING[kind])
                unclosed.append(CLOSING[kind])
            else:
                words.append(unclosed.pop())
            labels.append(unclosed[-1] if unclosed else END)
        return words, labels


def _opens(depth: int, left: int) -> float:
    """The share of the ways to close all brackets that go on with opening one.

    From depth h with k steps left there are C(k, (k - h) / 2) - C(k, (k - h) / 2 - 1) ways (the ballot theorem), and
    the ratio of those from h + 1 with k - 1 left to them is (h + 2) (k - h) / (2 (h + 1) k).
    """
    return (depth + 2) * (left - depth) / (2 * (depth + 1) * left)
