"""What all memory tasks are: items in any number that are made when they are asked for, each from (seed, part, i)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, Literal, TypeAlias, TypeVar, get_args, overload

import numpy as np

from throughtime.errors import UsageError

__all__ = ["Length", "MemorySource", "Part", "StepLabels", "checked_length", "drawn_length"]

Part: TypeAlias = Literal["train", "valid", "test"]
"""What items are for; each part has a stream of random numbers of its own."""
Length: TypeAlias = int | tuple[int, int]
"""How long items are, or the fewest and the most, between which it is drawn."""
StepLabels: TypeAlias = tuple[list[str], list[str]]
"""Symbols, and a label for each of them."""

Item = TypeVar("Item")


class MemorySource(Sequence[Item], ABC, Generic[Item]):
    """Items that are made when they are asked for; item i depends on the seed, the part and i alone.

    Args:
        count: how many items there are; the first ones of a longer source are those of a shorter one.
        seed: of all items.
        part: "train", "valid" or "test"; no part repeats the random numbers of another.

    Raises:
        UsageError: fewer items than one, a seed below 0, or no such part.
    """

    def __init__(self, count: int, *, seed: int = 0, part: Part = "train") -> None:
        if count < 1:
            raise UsageError(f"a memory task has at least 1 item, not {count}")
        if seed < 0:
            raise UsageError(f"the seed of a memory task is 0 or more, not {seed}")
        parts = get_args(Part)
        if part not in parts:
            raise UsageError(f"a part of a memory task is one of {', '.join(parts)}, not {part!r}")
        self._count, self._entropy = count, (seed, parts.index(part))

    @abstractmethod
    def make(self, index: int, random: np.random.Generator) -> Item:
        """Make one item.

        Args:
            index: its number.
            random: random numbers of its own.

        Returns:
            What is read, and what should be said of it.
        """

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(self._count))]
        place = range(self._count)[index]
        return self.make(place, np.random.Generator(np.random.PCG64([*self._entropy, place])))


def checked_length(length: Length, *, least: int, what: str = "length") -> tuple[int, int]:
    """See that a length can be honoured.

    Args:
        length: one, or the fewest and the most.
        least: the smallest that makes sense.
        what: what it is called in messages.

    Returns:
        The fewest and the most.

    Raises:
        UsageError: it is too short, or the fewest are more than the most.

    Example:
        >>> checked_length(5, least=1), checked_length((2, 7), least=1)
        ((5, 5), (2, 7))
    """
    fewest, most = (length, length) if isinstance(length, int) else length
    if not least <= fewest <= most:
        given = f"{fewest}" if fewest == most else f"from {fewest} to {most}"
        raise UsageError(f"the {what} of this memory task is {least} or more, and not {given}")
    return fewest, most


def drawn_length(random: np.random.Generator, between: tuple[int, int]) -> int:
    """Draw a length, all between the two equally likely.

    Args:
        random: random numbers.
        between: the fewest and the most; all between are equally likely.

    Returns:
        The length.
    """
    fewest, most = between
    return fewest if fewest == most else int(random.integers(fewest, most + 1))
