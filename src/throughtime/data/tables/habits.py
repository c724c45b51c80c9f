"""What programs add to the tables that they write: comments, names of rows, separators at line ends, backslashes."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from throughtime.data.reading import Note, Problems

__all__ = ["Row", "doubled_quotes", "drop_repeats", "has_row_names", "is_spaced", "leading_comments", "parse", "trails"]

Row = tuple[int, list[str]]
"""Number of the line where it begins, from 1, and its cells."""
_ENOUGH = 20
"""Rows that are enough to judge a table by, where the last ones that were looked at are cut."""
_ESCAPED = re.compile(r'(?<!\\)((?:\\\\)*)\\"')


def doubled_quotes(line: str) -> str:
    r"""Write quotes behind a backslash twice instead, as CSV has them.

    Args:
        line: a line.

    Returns:
        The same cells, in the other way of writing.

    Example:
        >>> doubled_quotes(r'"a \"b\" c",x')
        '"a ""b"" c",x'
    """
    return _ESCAPED.sub(r'\1""', line) if "\\" in line else line


def parse(lines: Iterable[str], separator: str, *, spaced: bool = False) -> list[list[str]] | None:
    """Split lines into rows of cells, some of them in double quotes.

    Args:
        lines: the first lines of a table; its last row may be cut.
        separator: what stands between cells.
        spaced: whether spaces behind a separator are left out.

    Returns:
        The rows; None where a quote is out of place.

    Example:
        >>> parse(["a,b", '"c,d",e'], ","), parse(['"a"b,c'], ",")
        ([['a', 'b'], ['c,d', 'e']], None)
    """
    rows: list[list[str]] = []
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=separator, strict=True, skipinitialspace=spaced)
    try:
        for row in reader:
            rows.append(row)
    except csv.Error as error:
        return rows if "unexpected end" in str(error) and len(rows) >= _ENOUGH else None
    return rows


def leading_comments(lines: Sequence[str], separators: Iterable[str]) -> int:
    """Count the lines of comment (#) before a table; a header that begins with # has as many cells as the rows below.

    Args:
        lines: the first lines.
        separators: what may stand between cells.

    Returns:
        How many there are.

    Example:
        >>> leading_comments(["# by me", "a,b", "1,2"], ","), leading_comments(["#a,b", "1,2"], ",")
        (1, 0)
    """
    count = next((i for i, line in enumerate(lines) if not line.startswith("#")), 0)
    if not count:
        return 0
    rest = lines[count : count + 50]
    for separator in separators:
        widths = Counter(len(row) for row in parse(rest, separator) or [] if row)
        usual = widths.most_common(1)[0][0] if widths else 1
        if usual > 1:
            return count if all(line.count(separator) + 1 != usual for line in lines[:count]) else count - 1
    return 0


def is_spaced(lines: Sequence[str], separator: str) -> bool:
    """Tell whether quoted cells stand behind a separator and a space, so that the quotes are marks, not text.

    Args:
        lines: the first lines of a table.
        separator: what stands between cells.

    Returns:
        Whether they do.

    Example:
        >>> is_spaced(['text, label', '"so, so", "good"'], ","), is_spaced(['a, "b" and c', 'd, e'], ",")
        (True, False)
    """
    behind = re.compile(rf'{re.escape(separator)} +"[^"]*(?:""[^"]*)*"(?:{re.escape(separator)}|$)')
    marked = sum(behind.search(line) is not None for line in lines[1:])
    if not marked or marked < 0.5 * len(lines[1:]):
        return False
    rows = parse(lines, separator, spaced=True)
    return rows is not None and len({len(row) for row in rows if row}) == 1


def has_row_names(rows: Sequence[Sequence[str]], lines: Sequence[str], separator: str) -> bool:
    """Tell whether each row begins with its name, for which the header has no cell, as R writes tables.

    Args:
        rows: the first rows, the header first.
        lines: the lines they stand in.
        separator: what stands between cells; commas may be text that lacks quotes.

    Returns:
        Whether it does.

    Example:
        >>> has_row_names([["x", "y"], ["1", "5", "a"], ["2", "6", "b"]], [], ",")
        True
    """
    below = [row for row in rows[1:] if row]
    if len(below) < 2 or any(len(row) != len(rows[0]) + 1 for row in below):
        return False
    names = [row[0].strip() for row in below]
    if len(set(names)) < len(names) or not all(names):
        return False
    return separator != "," or all(name.isdecimal() for name in names) or all(line[:1] == '"' for line in lines if line)


def trails(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether each row below the header ends with a separator too many.

    Args:
        rows: the first rows, the header first.

    Returns:
        Whether all have one cell more than the header, which is empty.
    """
    below = [row for row in rows[1:] if row and row != [""]]
    return bool(below) and all(len(row) == len(rows[0]) + 1 and not row[-1].strip() for row in below)


def drop_repeats(rows: Iterator[Row], first: Sequence[str], name: str, problems: Problems) -> Iterator[Row]:
    """Leave out rows that are the header again, as in files that were put together from several.

    Args:
        rows: the rows below the header.
        first: the header.
        name: the file, for the note.
        problems: told of the first one.

    Yields:
        The other rows.
    """
    told, header = False, list(first)
    note: Note = problems.note
    for number, cells in rows:
        if cells != header:
            yield number, cells
        elif not told:
            told = True
            note(f"{name}: line {number} is the header again; it is left out, here and further on")
