"""Copying: symbols are written again after a long time, those of one place or those that stood among blanks."""

from __future__ import annotations

import numpy as np

from throughtime.data.memory.source import Length, MemorySource, Part, StepLabels, checked_length, drawn_length
from throughtime.errors import UsageError

__all__ = ["BLANK", "GO", "Copy", "SelectiveCopy"]

BLANK, GO = "-", ":"
"""What stands where there is nothing to remember, and what says that it is time to write."""
ALPHABET = "abcdefghijklmnopqrstuvwxyz"


class _Copying(MemorySource[StepLabels]):
    """What both ways of copying share: symbols to remember, blanks, and when to write."""

    def __init__(
        self, count: int, *, length: Length, symbols: int, alphabet: int, least: int, seed: int, part: Part
    ) -> None:
        super().__init__(count, seed=seed, part=part)
        if symbols < 1 or not 2 <= alphabet <= len(ALPHABET):
            raise UsageError(f"copying takes 1 symbol or more of 2 to {len(ALPHABET)}, not {symbols} of {alphabet}")
        self._between = checked_length(length, least=least)
        self._symbols, self._alphabet = symbols, ALPHABET[:alphabet]

    def _drawn(self, random: np.random.Generator) -> list[str]:
        return [self._alphabet[number] for number in random.integers(0, len(self._alphabet), self._symbols)]


class Copy(_Copying):
    """The copy task: some symbols, a long blank, and then the same symbols again.

    .. code-block:: text

        reads   s[1] ... s[S]  T - 1 blanks  go  S blanks
        labels  S + T blanks                     s[1] ... s[S]

    Who remembers nothing gets 1 of ``alphabet`` symbols right.

    Args:
        count: number of items.
        length: T, steps between the last symbol that is read and the first that is written, or the fewest and the most.
        symbols: S, symbols to remember.
        alphabet: how many symbols there are to draw from.
        seed: of all items.
        part: "train", "valid" or "test".

    Raises:
        UsageError: a length below 1, no symbol, or an alphabet that is none.

    Source: Hochreiter and Schmidhuber 1997; in this form Arjovsky, Shah and Bengio 2016, "Unitary evolution recurrent
    neural networks", section 4.1 (10 of 8 symbols).

    Example:
        >>> words, labels = Copy(1, length=3, symbols=2)[0]
        >>> words[2:], labels[:5], labels[5:] == words[:2]
        (['-', '-', ':', '-', '-'], ['-', '-', '-', '-', '-'], True)
    """

    def __init__(
        self, count: int, *, length: Length = 100, symbols: int = 10, alphabet: int = 8, seed: int = 0,
        part: Part = "train",
    ) -> None:  # fmt: skip
        super().__init__(count, length=length, symbols=symbols, alphabet=alphabet, least=1, seed=seed, part=part)

    def make(self, index: int, random: np.random.Generator) -> StepLabels:
        blanks, symbols = drawn_length(random, self._between), self._drawn(random)
        words = [*symbols, *[BLANK] * (blanks - 1), GO, *[BLANK] * self._symbols]
        return words, [BLANK] * (self._symbols + blanks) + symbols


class SelectiveCopy(_Copying):
    """Selective copying: symbols stand anywhere among blanks, and are written in their order at the end.

    .. code-block:: text

        reads   S symbols among T - S blanks, in any places   go  S - 1 blanks
        labels  T blanks                                      s[1] ... s[S]

    Args:
        count: number of items.
        length: T, steps among which the symbols stand, or the fewest and the most.
        symbols: S, symbols to remember.
        alphabet: how many symbols there are to draw from.
        seed: of all items.
        part: "train", "valid" or "test".

    Raises:
        UsageError: a length below the number of symbols, no symbol, or an alphabet that is none.

    Source: Jing et al. 2019, "Gated orthogonal recurrent units: on learning to forget" (the denoise task); the name is
    that of Gu and Dao 2023, "Mamba: linear-time sequence modeling with selective state spaces".

    Example:
        >>> words, labels = SelectiveCopy(1, length=6, symbols=2)[0]
        >>> [word for word in words[:6] if word != BLANK] == labels[6:], words[6:]
        (True, [':', '-'])
    """

    def __init__(
        self, count: int, *, length: Length = 100, symbols: int = 10, alphabet: int = 8, seed: int = 0,
        part: Part = "train",
    ) -> None:  # fmt: skip
        super().__init__(count, length=length, symbols=symbols, alphabet=alphabet, least=symbols, seed=seed, part=part)

    def make(self, index: int, random: np.random.Generator) -> StepLabels:
        steps, symbols = drawn_length(random, self._between), self._drawn(random)
        read = [BLANK] * steps
        places: list[int] = np.sort(random.permutation(steps)[: self._symbols]).tolist()
        for place, symbol in zip(places, symbols, strict=True):
            read[place] = symbol
        return [*read, GO, *[BLANK] * (self._symbols - 1)], [BLANK] * steps + symbols
