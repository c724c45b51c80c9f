"""Few rows in which every two values of different factors meet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

__all__ = ["pairs_of", "pairwise"]

Row = dict[str, str]
"""A value for each factor."""

Pair = frozenset[tuple[str, str]]
"""Two factors with a value each."""


def pairs_of(row: Mapping[str, str]) -> set[Pair]:
    """The pairs that meet in a row, as a whole or in part filled.

    Args:
        row: values by factor.

    Example:
        >>> len(pairs_of({"a": "1", "b": "2", "c": "3"}))
        3
    """
    return {frozenset(pair) for pair in combinations(sorted(row.items()), 2)}


def pairwise(factors: Mapping[str, Sequence[str]], allowed: Callable[[Mapping[str, str]], bool]) -> list[Row]:
    """A pairwise covering array: every pair of values that some allowed row holds is in one of the rows.

    Greedy, and the same each time: a row starts with the first pair that is not covered yet, and takes for each other
    factor the value that covers most, of several the one that the rows so far have least.

    Args:
        factors: the values of each factor.
        allowed: whether values may stand together; it is asked of rows that are filled in part, too, and then answers
            whether they may be filled.

    Returns:
        The rows, each with a value for every factor.

    Source: Cohen, Dalal, Fredman and Patton 1997, "The AETG system: an approach to testing based on combinatorial
    design"; theirs draws candidates at random.

    Example:
        >>> rows = pairwise({"a": "12", "b": "12", "c": "12"}, lambda row: row.get("a") != row.get("b"))
        >>> [row["a"] + row["b"] + row["c"] for row in rows]
        ['121', '212', '122', '211']
    """
    every = [
        {one: first, other: second}
        for one, other in combinations(factors, 2)
        for first in factors[one]
        for second in factors[other]
    ]
    search = _Search(factors, allowed)
    for pair in every:
        search.cover(pair)
    return search.rows


class _Search:
    """The rows so far."""

    def __init__(self, factors: Mapping[str, Sequence[str]], allowed: Callable[[Mapping[str, str]], bool]) -> None:
        self._factors, self._allowed = factors, allowed
        self._covered: set[Pair] = set()
        self._used = Counter[tuple[str, str]]()
        self.rows: list[Row] = []

    def cover(self, pair: Row) -> None:
        """Add a row that holds a pair, unless there is one already, or can be none."""
        if pairs_of(pair) <= self._covered:
            return
        found = self._filled(pair)
        if found is not None:
            self.rows.append({name: found[name] for name in self._factors})
            self._covered |= pairs_of(found)
            self._used.update(found.items())

    def _filled(self, row: Row) -> Row | None:
        """The row with a value for every factor, or None where none may stand beside what is there."""
        if not self._allowed(row):
            return None
        missing = next((name for name in self._factors if name not in row), None)
        if missing is None:
            return row
        for value in sorted(self._factors[missing], key=lambda value: self._merit(row, missing, value), reverse=True):
            if found := self._filled({**row, missing: value}):
                return found
        return None

    def _merit(self, row: Row, name: str, value: str) -> tuple[int, int]:
        """How many new pairs a value makes with what is there, and how little it was used."""
        return len(pairs_of({**row, name: value}) - self._covered), -self._used[name, value]
