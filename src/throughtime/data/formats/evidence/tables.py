"""Whether lines are a table although their file's name is not that of one."""

from __future__ import annotations

from collections.abc import Sequence

from throughtime.data.reading import Reading
from throughtime.data.tables.column_names import known_column
from throughtime.data.tables.habits import leading_comments, parse
from throughtime.data.tables.header import is_number
from throughtime.data.tables.meant import columns_of_labels

__all__ = ["table_by_lines"]

_LINES = 200
_FEW = 6
"""Rows from which on a column of labels that come again is evidence."""
_NUMBERS = 3
"""Cells from which on a row of numbers is evidence."""


def table_by_lines(lines: Sequence[str], how: Reading) -> str | None:
    r"""Tell a table by its lines: as many cells in each, between tabs; or between commas, semicolons or pipes, under
    usual names, beside labels that come again and again, or numbers alone.

    Args:
        lines: the first lines of the file, the last perhaps cut.
        how: the options; ``per_step`` is whether words are looked for.

    Returns:
        ``"csv"``, ``"tsv"`` or None.

    Example:
        >>> [table_by_lines(lines, Reading()) for lines in (["text|label", "so good|pos"], ["so good, I say", "so"])]
        ['csv', None]
    """
    there = [line for line in (lines[:_LINES] if len(lines) <= _LINES else lines[: _LINES - 1]) if line.strip()]
    there = there[leading_comments(there, "\t,;|") :]
    if not how.per_step and _numbers_apart(there, known=bool(how.found.values)):
        return "csv"
    if len(there) < 2:
        return None
    for form, separator in (("tsv", "\t"), ("csv", ","), ("csv", ";"), ("csv", "|")):
        rows = parse(there, separator) or [line.split(separator) for line in there]
        widths = {len(row) for row in rows[1:]}
        width = max(widths)
        # The header lacks a cell where R has written names of rows.
        if len(widths) != 1 or width < 2 or len(rows[0]) not in (width, width - 1):
            continue
        if separator == "\t" or _is_table(rows, how):
            return form
    return None


def _numbers_apart(lines: Sequence[str], *, known: bool) -> bool:
    """Whether lines hold as many numbers each, between separators or blanks; one line is no evidence alone."""
    for separator in (",", ";", None):
        rows = [line.split(separator) for line in lines]
        if rows and {len(row) for row in rows} == {len(rows[0])} and len(rows[0]) > 2 and (len(rows) > 1 or known):
            return all(is_number(cell) for row in rows for cell in row)
    return False


def _is_table(rows: Sequence[Sequence[str]], how: Reading) -> bool:
    first = [cell.strip() for cell in rows[0]]
    if known_column(first, how, "text") is not None or (how.id_column or how.time_column or "") in first:
        return True
    names = [str(number) for number in range(len(rows[1]))]
    if len(rows) >= _FEW and columns_of_labels(names, rows[1:]):
        return True
    return len(rows[1]) >= _NUMBERS and all(is_number(cell) for row in rows[1:] for cell in row)
