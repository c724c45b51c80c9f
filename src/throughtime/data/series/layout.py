"""Tables in long format: which column is what, and whether the rows of each series stand together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from throughtime.data.reading import Problems, Reading
from throughtime.data.series.columns import (
    Kind,
    asked_columns,
    kind_of_column,
    name_empty,
    pick_features,
    word_column,
)
from throughtime.data.tables.column_names import known_column, pick_column
from throughtime.data.tables.delimited import read_rows
from throughtime.data.tables.header import is_number, weigh_first_row
from throughtime.data.tables.table_head import header_unclear
from throughtime.doors import named, option
from throughtime.errors import DataError, UsageError

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
    """Columns of features; none where each row has a word."""
    kinds: tuple[Kind, ...]
    """What each of those holds."""
    word: int | None = None
    """Column of the words of a table with one word in each row; None where the rows are steps of numbers."""

    @property
    def left_out(self) -> tuple[int, ...]:
        """Columns that are not read."""
        read = {self.id, self.time, self.target, self.word, *self.features}
        return tuple(i for i in range(len(self.names)) if i not in read)

    def describe(self, lines: str = "lines") -> str:
        """Say it in one line; ``lines`` is what its rows are called."""

        def called(column: int | None, none: str) -> str:
            return none if column is None else repr(self.names[column])

        kinds = dict(zip(self.features, self.kinds, strict=True))
        labels = [i for i, kind in kinds.items() if kind == "labels"]
        flags = [i for i, kind in kinds.items() if kind == "flag"]
        what = f"words {called(self.word, '')}" if self.word is not None else f"features {self._listed(self.features)}"
        return (
            f"{'sentences' if self.word is not None else 'series'} "
            f"by {called(self.id, 'nothing (the table is one series)')}, "
            f"steps by {called(self.time, f'the order of the {lines}')}, "
            f"target {called(self.target, 'none')}, {what}"
            + (f"; {self._listed(flags)}: true is 1, false 0" if flags else "")
            + (f"; {self._listed(labels)}: labels, a feature for each of them (one-hot)" if labels else "")
            + (f"; left out: {self._listed(self.left_out)}" if self.left_out else "")
        )

    def _listed(self, columns: Sequence[int]) -> str:
        more = f" and {len(columns) - SHOWN} more" if len(columns) > SHOWN else ""
        return ", ".join(repr(self.names[i]) for i in columns[:SHOWN]) + more


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
        raise DataError(header_unclear(name, first))
    return decided


def choose_layout(
    first: Sequence[str], how: Reading, name: str, *, targets: bool, rows: Sequence[Sequence[str]] = ()
) -> Layout:
    """Tell the columns by the first rows.

    Args:
        first: cells of the first; where all are numbers it is data, unless ``how.header`` says otherwise.
        how: columns that were asked for.
        name: the file, for messages.
        targets: whether there must be a target.
        rows: the rows behind it; what a column holds is told from them. Without any, numbers.

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
    if header and rows:
        names = name_empty(names, rows)
    for i, each in enumerate(names):
        if each in names[:i]:
            what = f"are called {each!r}; rename one" if each else "have no name; give them names"
            raise DataError(f"{name}: two columns {what}")
    rows = rows if header else [first, *rows]
    word = word_column(names, how, name, rows)
    target = how.target_column or _usual_target(names, how, "target" if word is None else "word's target")
    if targets and target is None:
        raise DataError(
            f"{name}: no column has a usual name for a target; say which of {', '.join(names)} "
            f"it is with {option('target_column')}"
        )
    asked = {"id": how.id_column, "time": how.time_column, "target": target}
    if word is not None and how.feature_columns is not None:
        raise UsageError(
            f"each row of {name} has a word, {names[word]!r}; words have no {named('feature_columns')} beside them"
        )
    if not targets and target not in names:
        asked["target"] = None
    index = {
        role: None if column is None else names.index(pick_column(names, column, name, f"{role}_column"))
        for role, column in asked.items()
    }
    taken = [i for i in (*index.values(), word) if i is not None]
    if len(set(taken)) < len(taken):
        raise DataError(f"{name}: one column is asked for as two of id, time, target and text; choose different ones")
    if word is not None:
        asked_columns(how.ignore_columns, names, name, "ignore_columns")
        return Layout(names=names, header=header, **index, features=(), kinds=(), word=word)
    features = pick_features(names, taken, rows, how, name)
    kinds: tuple[Kind, ...] = tuple(_kind(names[i], [row[i] for row in rows if i < len(row)], how) for i in features)
    return Layout(names=names, header=header, **index, features=features, kinds=kinds)


def _usual_target(names: Sequence[str], how: Reading, role: str) -> str | None:
    """The target of what was learned from, else a column with a usual name that is no feature there."""
    found = how.found
    if found.fixed and found.target in names:
        return found.target
    return known_column([each for each in names if not (found.fixed and each in found.features)], how, role)


def _kind(name: str, cells: Sequence[str], how: Reading) -> Kind:
    """What a column of features holds; as it was in what was learned from."""
    found = how.found
    if not found.fixed or not found.features:
        return kind_of_column(cells)
    if name in found.flags:
        return "flag"
    return "labels" if any(name == column for column, _ in found.levels) else "number"


def stand_together(path: Path, how: Reading, column: int, *, tabs: bool, fill: bool) -> bool:
    """Tell whether the rows of each series stand together, so that one can be handed out before the next is read.

    Args:
        path: the table.
        how: options; ``encoding``.
        column: the column that tells series apart.
        tabs: whether cells stand between tabs, not commas.
        fill: whether an empty cell stands for the one above it.

    Returns:
        Whether no series comes again further down; rows that cannot be read are for the reader to tell of.
    """
    quiet = Problems(skip=True, note=lambda _: None)
    seen: set[str] = set()
    last = ""
    for _, cells in read_rows(path, how, quiet, tabs=tabs):
        key = cells[column].strip() if column < len(cells) else last
        key = last if fill and not key else key
        if key != last and key in seen:
            return False
        seen.add(key)
        last = key
    return True
