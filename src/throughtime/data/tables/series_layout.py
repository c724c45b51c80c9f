"""Tables in long format: which column is what, and whether the rows of each series stand together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from throughtime.data.reading import Problems, Reading
from throughtime.data.tables.columns import known_column, pick_column
from throughtime.data.tables.delimited import read_rows
from throughtime.data.tables.header import is_number, weigh_first_row
from throughtime.errors import DataError

__all__ = ["Layout", "choose_layout", "series_has_header", "stand_together"]

SHOWN = 20
"""Names of columns that are listed in a note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which column is what, by index."""

    names: tuple[str, ...]
    """Names of all columns; "1", "2" and so on where the first line has none."""
    header: bool
    """Whether the first line has them."""
    id: int | None
    """Column that tells series apart; None for a table that is one series."""
    time: int | None
    """Column that orders the steps; None for the order of the lines."""
    target: int | None
    """Column of the target; None where there is none."""
    features: tuple[int, ...]
    """All other columns."""

    def describe(self, lines: str = "lines") -> str:
        """Say it in one line; ``lines`` is what its rows are called."""

        def called(column: int | None, none: str) -> str:
            return none if column is None else repr(self.names[column])

        features = ", ".join(repr(self.names[i]) for i in self.features[:SHOWN])
        more = f" and {len(self.features) - SHOWN} more" if len(self.features) > SHOWN else ""
        return (
            f"series by {called(self.id, 'nothing (the table is one series)')}, "
            f"steps by {called(self.time, f'the order of the {lines}')}, "
            f"target {called(self.target, 'none')}, features {features}{more}"
        )


def series_has_header(rows: Sequence[Sequence[str]], how: Reading, name: str) -> bool:
    """Tell whether the first row of a long table names its columns.

    Args:
        rows: the first rows.
        how: columns that were asked for, by name or number.
        name: the file, for messages.

    Returns:
        Whether it does.

    Raises:
        DataError: both readings are plausible.
    """
    first = [cell.strip() for cell in rows[0]]
    asked = [each for each in (how.id_column, how.time_column, how.target_column) if each and not each.isdecimal()]
    if how.header is not None:
        return how.header
    if asked:
        return True  # a name can only be meant for a header; one that is not there is told of
    decided = weigh_first_row(rows, known={known_column(first, how, "target") or ""}).decision
    if decided is None:
        shown = ", ".join(map(repr, first[:9]))
        raise DataError(
            f"{name}: whether the first line, {shown}, names the columns cannot be told: "
            "say it with --header or --no-header"
        )
    return decided


def choose_layout(first: Sequence[str], how: Reading, name: str, *, targets: bool) -> Layout:
    """Tell the columns by the first row.

    Args:
        first: its cells; where all are numbers it is data, unless ``how.header`` says otherwise.
        how: columns that were asked for.
        name: the file, for messages.
        targets: whether there must be a target.

    Returns:
        Which column is what.

    Raises:
        DataError: a column is missing, has no name, or the name of another; or none is left for features.

    Example:
        >>> print(choose_layout(["x", "y", "label"], Reading(), "a.csv", targets=True).describe())
        series by nothing (the table is one series), steps by the order of the lines, target 'label', features 'x', 'y'
    """
    header = not all(map(is_number, first)) if how.header is None else how.header
    names = tuple(cell.strip() for cell in first) if header else tuple(map(str, range(1, len(first) + 1)))
    for i, each in enumerate(names):
        if not each:
            raise DataError(f"{name}: column {i + 1} has no name; give it one, or take it out (pandas: index=False)")
        if each in names[:i]:
            raise DataError(f"{name}: two columns are called {each!r}; rename one")
    target = how.target_column or known_column(names, how, "target")
    if targets and target is None:
        raise DataError(
            f"{name}: no column has a usual name for a target; say which of {', '.join(names)} "
            "it is with --target-column"
        )
    asked = {"id": how.id_column, "time": how.time_column, "target": target}
    if not targets and target not in names:
        asked["target"] = None
    index = {
        role: None if column is None else names.index(pick_column(names, column, name, f"--{role}-column"))
        for role, column in asked.items()
    }
    taken = [i for i in index.values() if i is not None]
    if len(set(taken)) < len(taken):
        raise DataError(f"{name}: one column is asked for as two of id, time and target; choose different ones")
    features = tuple(i for i in range(len(names)) if i not in taken)
    if not features:
        raise DataError(f"{name}: no column of numbers is left beside {', '.join(names[i] for i in taken)}")
    return Layout(names=names, header=header, **index, features=features)


def stand_together(path: Path, how: Reading, column: int, *, tabs: bool) -> bool:
    """Tell whether the rows of each series stand together, so that one can be handed out before the next is read.

    Args:
        path: the table.
        how: options; ``encoding``.
        column: the column that tells series apart.
        tabs: whether cells stand between tabs, not commas.

    Returns:
        Whether no series comes again further down; rows that cannot be read are for the reader to tell of.
    """
    quiet = Problems(skip=True, note=lambda _: None)
    seen: set[str] = set()
    last = ""
    for _, cells in read_rows(path, how, quiet, tabs=tabs):
        key = cells[column].strip() if column < len(cells) else last
        if key != last and key in seen:
            return False
        seen.add(key)
        last = key
    return True
