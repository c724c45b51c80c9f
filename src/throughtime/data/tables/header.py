"""Whether the first row of a table names its columns: one way for tables and series, for learning and for use."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

__all__ = ["Evidence", "is_number", "weigh_first_row"]

_LONG = 60
"""Characters that no name of a column has."""
_CLEAR = 1.5
"""Weight that decides where nothing speaks for the other reading."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a header, and what for data."""

    header: float = 0.0
    """Weight of what speaks for names of columns."""
    data: float = 0.0
    """Weight of what speaks for a row like the others."""

    @property
    def decision(self) -> bool | None:
        """True for a header, False for data, None where both readings stay plausible."""
        if self.header >= _CLEAR and self.header >= 2 * self.data:
            return True
        if self.data >= _CLEAR and self.data >= 2 * self.header:
            return False
        return None


def weigh_first_row(rows: Sequence[Sequence[str]], *, known: Collection[str] = ()) -> Evidence:
    """Weigh what the first row of a table may be.

    A column of numbers under a word has a name, and one under a number has none; labels that come again and again have
    a name above them that never comes again, and so on.

    Args:
        rows: the first rows, the one in question first.
        known: cells of it that are usual names of columns.

    Returns:
        The evidence.

    Example:
        >>> weigh_first_row([["v1", "v2"], ["ham", "see you"], ["spam", "win now"], ["ham", "ok then"]]).decision
        True
        >>> weigh_first_row([["0.5", "walk"], ["0.7", "run"], ["0.6", "walk"]]).decision
        False
    """
    first, below = rows[0], rows[1:]
    if _counts_columns(first, below):
        return Evidence(header=2 * _CLEAR)
    header = data = 0.0
    if any(len(cell) >= _LONG for cell in first):
        data += 2
    if any(count > 1 and cell for cell, count in Counter(cell.strip() for cell in first).items()) and not known:
        data += 2
    for column, cell in enumerate(first):
        values = [row[column].strip() for row in below if len(row) > column and row[column].strip()]
        found = _weigh(cell.strip(), values)
        usual = 2.0 if cell in known and cell.strip() not in values else 0.0
        header, data = header + found.header + usual, data + found.data
    return Evidence(header, data)


def _counts_columns(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether the first row numbers columns from 0 or 1, as pandas calls those without a name, and texts are below."""
    numbers = [cell.strip() for cell in first if cell.strip()]
    counts = [[str(number + start) for number in range(len(numbers))] for start in (0, 1)]
    if len(numbers) < 2 or numbers not in counts:
        return False
    return any(cell.strip() and not is_number(cell) for row in below for cell in row)


def _weigh(first: str, values: Sequence[str]) -> Evidence:
    """Weigh one column."""
    if is_number(first) and not all(map(is_number, values)) and values:
        return Evidence(data=1.5)
    if not values or not first:
        return Evidence(data=1.5) if is_number(first) and not values else Evidence()
    if all(map(is_number, values)):
        return _weigh_numbers(first, values)
    distinct = Counter(values)
    if first in distinct:
        return Evidence(data=2)
    if len(values) >= 3 and len(distinct) <= len(values) / 2:
        # Of labels that all come again, one more that does not would be chance.
        return Evidence(header=2 if min(distinct.values()) > 1 else 1)
    fewest, own = min(len(value.split()) for value in values), len(first.split())
    if own < fewest and own <= 2 and len(first) <= 30:
        return Evidence(header=1.5)  # a word or two over texts of more words
    return Evidence(data=1.5) if own >= 4 or own >= fewest >= 2 else Evidence()


def _weigh_numbers(first: str, values: Sequence[str]) -> Evidence:
    if not is_number(first):
        return Evidence(header=2)
    if re.fullmatch(r"(19|20)\d\d", first) and not all(re.fullmatch(r"(19|20)\d\d", value) for value in values):
        return Evidence(header=0.75)  # a year over its numbers
    return Evidence(data=2)


def is_number(cell: str) -> bool:
    """Tell whether a cell is a number, be it NaN.

    Args:
        cell: the cell.

    Returns:
        Whether Python reads it as a float.
    """
    try:
        float(cell)
    except ValueError:
        return False
    return True
