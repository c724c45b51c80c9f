"""Series that come line by line: after each line a forecast goes out, and what is kept does not grow."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

from throughtime.data.files import STANDARD
from throughtime.data.panel.options import PanelReading
from throughtime.data.panel.panel import Panel
from throughtime.data.panel.reading import read_panel
from throughtime.data.reading import Note, Problems
from throughtime.data.tables.column_names import listed
from throughtime.data.tables.delimited import pointed, read_rows
from throughtime.data.tables.header import is_number
from throughtime.data.user_data import Given
from throughtime.doors import option
from throughtime.errors import DataError, UsageError
from throughtime.tasks.forecast.inputs import Inputs

__all__ = ["panels_as_they_come"]

LEAST = 3
"""Lines of a series from which one can tell what a step is."""
_Row: TypeAlias = tuple[int, Sequence[str]]
"""Its line, and its cells."""
_PLACE = re.compile(r"\brow (\d+) of the data\b")


@dataclass(slots=True)
class _Once:
    """Says each thing once, however often it is told."""

    note: Note
    said: set[str]

    def __call__(self, line: str) -> None:
        if line not in self.said:
            self.said.add(line)
            self.note(line)


def panels_as_they_come(inputs: Inputs, how: PanelReading, note: Note) -> Iterator[Panel]:
    """Read rows of standard input, and after each give the end of the series that it belongs to.

    Of each series as many rows are kept as a forecast looks at.

    Args:
        inputs: what the run knows of such series.
        how: how the rows are to be read.
        note: called with what the user should know, each thing once.

    Yields:
        A panel of the series of the last row, as far as it is kept; nothing for the first rows of a series, of which
        nobody can tell what a step is.

    Raises:
        DataError: a row cannot be read, or there is none.
        UsageError: the run has learned tables with a series in each row.
    """
    found = inputs.found
    if found.form == "rows":
        raise UsageError("a series in each row does not come step by step: give a file, not standard input")
    problems = Problems(note=_Once(note, set()))
    rows = read_rows(STANDARD, how.as_reading(), problems, tabs=False)
    first = next(rows, None)
    if first is None:
        raise DataError("standard input has no rows")
    names, header = [cell.strip() for cell in first[1]], _has_header(first[1], inputs, how)
    if not header and found.header and found.form == "long":
        raise DataError(
            f"standard input: the first line does not name {listed(found.targets)}, which was learned from; begin with "
            "the names of the columns"
        )
    if not header:
        names = [str(number) for number in range(1, len(names) + 1)]
    of = _place_of_id(names, inputs, how)
    kept: defaultdict[str, deque[_Row]] = defaultdict(lambda: deque(maxlen=inputs.context + inputs.lead))
    numeric = _places_of_numbers(names, inputs)
    line = 0
    for line, cells in rows if header else chain([first], rows):
        if len(cells) != len(names):
            some = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
            raise DataError(f"standard input: line {line}: {some}, where the first line has {len(names)}")
        series = kept[cells[of].strip() if of is not None else ""]
        series.append((line, pointed(cells, numeric) if any("," in cells[place] for place in numeric) else cells))
        if len(series) < LEAST:
            problems.note(f"forecasts begin with the {LEAST}rd row of a series; nobody can tell before what a step is")
            continue
        columns = {name: [row[place] for _, row in series] for place, name in enumerate(names)}
        try:
            panel = read_panel(Given(memory=columns), how, found, problems)
        except DataError as error:
            raise DataError(_with_lines(str(error), series)) from None
        inputs.require_steps_of(panel)
        yield panel
    if not line:
        raise DataError("standard input has no rows under its header")


def _with_lines(message: str, rows: Sequence[_Row]) -> str:
    """Say where rows stand in what was typed, in place of where they stand in what is kept of it."""
    return _PLACE.sub(lambda found: f"line {rows[int(found[1]) - 1][0]} of standard input", message)


def _has_header(cells: Sequence[str], inputs: Inputs, how: PanelReading) -> bool:
    """Whether the first row names the columns: those that were learned from, or series in columns of their own."""
    if how.header is not None:
        return how.header
    if inputs.found.form == "columns":
        return not any(is_number(cell) for cell in cells[1:] or cells)
    return set(inputs.found.targets) <= {cell.strip() for cell in cells}


def _places_of_numbers(names: Sequence[str], inputs: Inputs) -> frozenset[int]:
    """Where numbers stand in a row; of a single line nobody can tell that it has decimal commas."""
    found = inputs.found
    other = {*found.time_columns, *(name for name in found.covariates if found.kind_of(name) != "number")}
    known = set(names) if found.form == "columns" else {*found.targets, *found.covariates}
    return frozenset(place for place, name in enumerate(names) if name in known - other)


def _place_of_id(names: Sequence[str], inputs: Inputs, how: PanelReading) -> int | None:
    """Where the name of the series stands in a row; None where there is one series alone."""
    column = how.id_column or inputs.found.id_column
    if column is None or inputs.found.form == "columns":
        return None
    if column not in names:
        raise DataError(
            f"standard input has no column {column!r}, which tells series apart; it has {listed(names)}: choose one "
            f"with {option('id_column')}"
        )
    return names.index(column)
