"""What stands where in a text, as numbers that a unit may follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["PROPERTIES", "bracket_depth", "inside_quotes", "position_in_line"]

OPENING, CLOSING = "([{", ")]}"
STRAIGHT, QUOTES = '"', {"“": "”", "„": "“", "«": "»"}


def inside_quotes(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Say of each step whether the text is inside of quotes once it is read; single ones, which apostrophes are, apart.

    Args:
        texts: (T,) what each step is of: a character, a word, any part of the text.

    Returns:
        (T,), the opening mark inside and the closing one outside.

    Example:
        >>> inside_quotes(list('a "b" c')).tolist()
        [False, False, True, True, False, False, False]
    """
    return np.array(list(_after_each(texts, "", _quoted)), dtype=object) != ""


def bracket_depth(texts: Sequence[str]) -> NDArray[np.float64]:
    """Count the brackets that are open at each step, once it is read.

    Args:
        texts: (T,) what each step is of.

    Returns:
        (T,) of round, square and curly ones together; one that closes nothing counts as none.

    Example:
        >>> bracket_depth(list("f(a[0])")).tolist()
        [0.0, 1.0, 1.0, 2.0, 2.0, 1.0, 0.0]
    """
    return np.array(list(_after_each(texts, 0, _depth)), dtype=np.float64)


def position_in_line(texts: Sequence[str]) -> NDArray[np.float64]:
    """Count the characters since the line began, at each step, once it is read.

    Args:
        texts: (T,) what each step is of.

    Returns:
        (T,), 0 right after a line feed.

    Example:
        >>> position_in_line(["ab", "c", chr(10), "d"]).tolist()
        [2.0, 3.0, 0.0, 1.0]
    """
    return np.array(list(_after_each(texts, 0, lambda place, mark: 0 if mark == "\n" else place + 1)), dtype=np.float64)


Property = Callable[[Sequence[str]], NDArray[Any]]
"""Texts of the steps -> a number, or yes or no, of each."""

PROPERTIES: Mapping[str, Property] = MappingProxyType(
    {"quotes": inside_quotes, "brackets": bracket_depth, "line": position_in_line}
)
"""What a unit may follow, by name."""


def _after_each(texts: Sequence[str], state: Any, change: Callable[[Any, str], Any]) -> Iterable[Any]:
    """What is known once each text is read, its characters one by one."""
    for text in texts:
        for mark in text:
            state = change(state, mark)
        yield state


def _quoted(awaited: str, mark: str) -> str:
    """The mark that ends the quote that is open; empty where none is."""
    if awaited:
        return "" if mark == awaited else awaited
    return mark if mark == STRAIGHT else QUOTES.get(mark, "")


def _depth(depth: int, mark: str) -> int:
    return depth + 1 if mark in OPENING else max(0, depth - 1) if mark in CLOSING else depth
