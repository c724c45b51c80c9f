"""Tables in wide format: each row is a series of one feature, with a value in each column, as in the UCR archive."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.data.series.columns import asked_columns, is_index, is_unnamed, leave_out
from throughtime.data.tables.column_names import known_column, pick_column
from throughtime.data.tables.columns import Columns
from throughtime.data.tables.header import is_number
from throughtime.data.tables.values import MISSING, as_float
from throughtime.doors import option
from throughtime.errors import DataError, UsageError

__all__ = ["Wide", "are_numbered", "find_wide", "may_be_wide", "names_columns", "read_wide"]

Row = Mapping[str, object]
_SERIES = "\N{NULL}series"
"""Column under which a row's values are handed on."""
_NUMBERED = re.compile(r"(\D*?)[ _.-]?(\d+)")
_STEPS = frozenset(
    ["", "t", "time", "timestep", "timestamp", "step", "v", "val", "value", "att", "point", "sample", "ts", "lag"]
)
"""What columns of steps are called, before their number."""
_MOST_OTHERS = 4
"""Cells of a row that are no numbers: a label, and some that are missing or left out."""
_MANY = 16
"""Values from which on a row without names is taken for a series; with fewer it may be a few features."""


@dataclass(frozen=True, slots=True)
class Wide:
    """Which columns of a table in wide format are what."""

    values: tuple[str, ...]
    """Columns of the values, in the order of the steps."""
    target: str | None
    """Column of the target, or None where it is not read."""
    said: str
    """What was chosen, and why, for the user."""

    def series(self, row: Row) -> NDArray[np.float64]:
        """Give the values of a row, (T, 1); those that are missing at its end are no steps."""
        cells = [(name, row.get(name)) for name in self.values]
        while cells and _is_missing(cells[-1][1]):
            del cells[-1]
        if not cells:
            raise DataError("holds no value")
        gap = next((name for name, cell in cells if _is_missing(cell)), None)
        if gap is not None:
            raise DataError(
                f"column {gap!r} holds no value, and later ones do: fill gaps inside series, or write a row for each "
                f"step, where {option('fill')} does so"
            )
        return np.array([[as_float(cell, name)] for name, cell in cells])


def names_columns(first: Sequence[str], second: Sequence[str]) -> bool:
    """Tell whether the first row of a table that may be wide names the columns.

    Args:
        first: its cells.
        second: those of the second row, if there is one.

    Returns:
        Whether most of its cells are no numbers, or count up from 0 or 1 as the second row's do not.

    Example:
        >>> names_columns(["label", "0", "1", "2"], ["a", "0.5", "1", "2"]), names_columns(["a", "0.5", "1"], [])
        (True, False)
    """
    numbers = [cell for cell in first if is_number(cell)]
    if len(numbers) * 2 < len(first):
        return True
    count = [str(number) for number in range(len(numbers))]
    counts = numbers in (count, [str(number + 1) for number in range(len(numbers))])
    return len(numbers) > 2 and counts and [cell for cell in second if is_number(cell)] != numbers


def may_be_wide(cells: Sequence[object], how: Reading, *, targets: bool) -> bool:
    """Tell by one row whether a table may be in wide format, so that it is worth while to look further.

    Args:
        cells: the cells of a row that is no header.
        how: what was asked for, and what was found in the data that was learned from.
        targets: whether there must be a target.

    Returns:
        Whether it may be.
    """
    if how.per_step or how.names_files or how.wide is False or how.beside_columns:
        return False
    if how.found.fixed:
        return bool(how.found.values)
    numbers = sum(_is_numeric(cell) and not _is_missing(cell) for cell in cells)
    return targets and (bool(how.wide) or (numbers > 1 and len(cells) - numbers < _MOST_OTHERS))


def find_wide(
    names: Sequence[str], rows: Sequence[Row], how: Reading, name: str, *, header: bool, targets: bool
) -> Wide | None:
    """Tell whether each row of a table is a series, with a value in each column.

    Args:
        names: the columns.
        rows: cells by column of the first rows.
        how: what was asked for, and what was found in the data that was learned from.
        name: the file, for messages.
        header: whether the columns have names of their own.
        targets: whether there must be a target.

    Returns:
        Which column is what; None where the rows are something else.

    Raises:
        DataError: it is a table of numbers, and may be something else; or a column is missing.
        UsageError: options do not fit together.
    """
    if how.wide and how.text_column is not None:
        raise UsageError(
            f"{option('wide', True)} takes rows of numbers as series; they have no {option('text_column')}: "
            "leave one of them out"
        )
    if how.found.fixed:
        return _as_learned(names, how, name, header=header, targets=targets) if how.found.values else None
    target, values = _columns(names, rows, how, name, header=header)
    if how.wide and len(values) < 2:
        beside = "" if target is None else f" beside the target {target!r}"
        raise DataError(
            f"{name}: a series in each row has two values or more; there is {', '.join(values) or 'none'}{beside}"
        )
    if len(values) < 2 or (target is None and not how.wide):
        return None
    others = [each for each in values if not all(_is_numeric(row.get(each)) for row in rows)]
    if others and not how.wide:
        return None
    if others:
        raise DataError(
            f"{name}: column {others[0]!r} does not hold numbers alone, which each row of a wide table has: "
            f"{leave_out(how, others[0])}, or say which is the target with {option('target_column')}"
        )
    if target is None:
        raise DataError(f"{name}: which column is the target cannot be told; say so with {option('target_column')}")
    why = "as asked for" if how.wide else _evidence(values, header)
    if why is None:
        raise DataError(_unclear(name, values, target))
    how.found.values = list(values)
    how.found.place = names.index(target)
    said = _said(values, target, why) + ("" if how.wide else f"; {option('wide', False)} reads it otherwise")
    return Wide(tuple(values), target if targets else None, said)


def _columns(
    names: Sequence[str], rows: Sequence[Row], how: Reading, name: str, *, header: bool
) -> tuple[str | None, list[str]]:
    """(the target or None, the columns that may hold values)."""
    left_out = {names[i] for i in asked_columns(how.ignore_columns, names, name, "ignore_columns") or ()}
    if header:
        left_out |= {each for each in names if is_unnamed(each) and is_index([str(row.get(each)) for row in rows])}
    rest = [each for each in names if each not in left_out]
    if how.target_column is not None:
        target: str | None = pick_column(names, how.target_column, name, "target_column")
    else:
        target = _target_of(rest, rows, how, header=header)
    asked = asked_columns(how.feature_columns, names, name, "feature_columns")
    values = rest if asked is None else [names[i] for i in asked]
    return target, [each for each in values if each != target]


def _target_of(names: Sequence[str], rows: Sequence[Row], how: Reading, *, header: bool) -> str | None:
    """A column with a usual name; else the one without numbers, or the first or last that alone holds classes."""
    if header and (known := known_column(names, how, "target")) is not None:
        return known
    worded = [each for each in names if not all(_is_numeric(row.get(each)) for row in rows)]
    if worded:
        cells = [str(row.get(worded[0])) for row in rows]
        is_text = header and known_column(worded, how, "text") is not None
        return worded[0] if len(worded) == 1 and not is_text and len(set(cells)) * 2 <= len(cells) + 1 else None
    if header or not names:
        return None
    ends = [each for each in (names[0], names[-1]) if _is_class([row.get(each) for row in rows])]
    return ends[0] if len(set(ends)) == 1 else None


def _is_class(cells: Sequence[object]) -> bool:
    """Whether numbers look like those of classes: whole, few, and met again."""
    numbers = [float(str(cell)) for cell in cells if not _is_missing(cell)]
    return all(number.is_integer() for number in numbers) and len(set(numbers)) * 2 <= len(numbers) + 1


def _evidence(values: Sequence[str], header: bool) -> str | None:
    """Why the columns are steps, or None where they may be anything."""
    if not header:
        return f"{len(values):,} values in a row" if len(values) >= _MANY else None
    if not are_numbered(values):
        return None
    return f"the columns {values[0]!r} to {values[-1]!r} are numbered as steps"


def are_numbered(names: Sequence[str]) -> bool:
    """Tell whether columns are numbered as steps.

    Args:
        names: the columns.

    Returns:
        Whether there are three at least, called as steps are (``t1``, ``V2``, ``3``), their numbers growing.

    Example:
        >>> are_numbered(["V2", "V3", "V4"]), are_numbered(["x1", "x2", "x3"])
        (True, False)
    """
    parts = [match.groups() for each in names if (match := _NUMBERED.fullmatch(each.strip()))]
    if len(parts) < max(3, len(names)) or len({prefix for prefix, _ in parts}) > 1:
        return False
    return parts[0][0].lower() in _STEPS and all(int(a[1]) < int(b[1]) for a, b in pairwise(parts))


def _said(values: Sequence[str], target: str | None, why: str) -> str:
    label = "" if target is None else f", the target column {target!r}"
    return f"each row is a series of one feature, {len(values):,} steps ({why}){label}"


def _unclear(name: str, values: Sequence[str], target: str | None) -> str:
    return (
        f"{name} is a table of numbers, {values[0]!r} to {values[-1]!r} beside the target {target!r}: if each row is a "
        f"series with a value in each column, say {option('wide', True)}; if each row is one step, name the columns "
        f"that tell series apart and order them with {option('id_column')}, {option('time_column')}; to read one "
        f"column as text say {option('wide', False)} and which with {option('text_column')}"
    )


def _as_learned(names: Sequence[str], how: Reading, name: str, *, header: bool, targets: bool) -> Wide:
    """The columns that were learned from, by their names or places."""
    known, place = how.found.values, how.found.place or 0
    if header and set(known) <= set(names):
        values, target = (
            known,
            how.target_column or known_column([each for each in names if each not in known], how, "target"),
        )
        target = target or (names[place] if place < len(names) and names[place] not in known else None)
    elif len(names) == len(known):
        values, target = list(names), None
    elif len(names) == len(known) + 1:
        values, target = [each for i, each in enumerate(names) if i != place], names[place]
    else:
        raise DataError(
            f"{name} has {len(names)} columns; {len(known)} values in each row were learned from, {known[0]!r} to "
            f"{known[-1]!r}"
        )
    if targets and target is None:
        raise DataError(
            f"{name}: no column of targets is left beside the {len(known)} values; say which with "
            f"{option('target_column')}"
        )
    shown = target if targets else None
    return Wide(tuple(values), shown, _said(values, shown, "as in what was learned from"))


def read_wide(rows: Iterator[tuple[str, Row]], wide: Wide, columns: Columns, problems: Problems) -> Iterator[Record]:
    """Make records of rows.

    Args:
        rows: place and cells of each.
        wide: which column is what.
        columns: makes the targets.
        problems: where bad rows go.

    Yields:
        The records, in order; their content is (T, 1).

    Raises:
        DataError: a row is bad.
    """
    columns.content, told = _SERIES, False
    for place, row in rows:
        try:
            series = wide.series(row)
        except DataError as error:
            problems.report(place, str(error))
            continue
        if len(series) < len(wide.values) and not told:
            told = True
            problems.note(f"{place}: values are missing at the end of the row: the series is shorter, as others may be")
        if record := columns.record({**row, _SERIES: series}, place, row):
            yield record


def _is_missing(cell: object) -> bool:
    return cell is None or str(cell).strip().lower() in MISSING


def _is_numeric(cell: object) -> bool:
    """Whether a cell is a number, or missing."""
    if isinstance(cell, bool | list | tuple | dict):
        return False
    return _is_missing(cell) or (is_number(str(cell)) and math.isfinite(float(str(cell))))
