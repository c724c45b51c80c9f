"""How a table of text is written: what separates cells, whether they are quoted, what is the decimal point."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from throughtime.data.reading import Note
from throughtime.data.tables.habits import doubled_quotes, has_row_names, is_spaced, leading_comments, parse, trails
from throughtime.data.tables.header import is_number
from throughtime.doors import named
from throughtime.errors import UsageError

__all__ = ["SEPARATORS", "Dialect", "as_separator", "cells_between", "is_comma_number", "told_dialect"]

SEPARATORS = {"comma": ",", "tab": "\t", "semicolon": ";", "pipe": "|", "space": " "}
"""What separates cells, by name; space is any run of blanks."""
_NAMES = {separator: name for name, separator in SEPARATORS.items()}
_SAYS = re.compile(r'"?sep=(.)"?')
"""The first line by which Excel is told of the separator."""
_DECIMAL = re.compile(r"\s*[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+),\d+(?:[eE][+-]?\d+)?\s*")
_WHOLE = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)")
"""A number that may stand among those with decimal commas; points part its thousands."""
_ENOUGH = 0.9
"""Share of the lines that must have as many cells as most have."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written."""

    separator: str
    """What stands between two cells."""
    quoted: bool = True
    """Whether a cell in double quotes may hold separators, line ends and doubled quotes."""
    skip: int = 0
    """Lines before the first row."""
    decimal_commas: frozenset[int] = frozenset()
    """Columns, from 0, whose numbers are written with a decimal comma."""
    spaced: bool = False
    """Whether a quoted cell may stand behind a separator and a space."""
    escaped: bool = False
    """Whether quotes inside quoted cells stand behind a backslash."""
    row_names: bool = False
    """Whether each row but the header begins with its name."""
    trails: bool = False
    """Whether each row but the header ends with an empty cell too many."""


def as_separator(asked: str) -> str:
    r"""Take the separator that was asked for.

    Args:
        asked: a name (comma, tab, semicolon, pipe), ``\t``, or the character itself.

    Returns:
        The character.

    Raises:
        UsageError: it is none.

    Example:
        >>> as_separator("semicolon"), as_separator(";")
        (';', ';')
    """
    separator = SEPARATORS.get(asked, "\t" if asked == r"\t" else asked)
    if len(separator) != 1 or separator in '"\r\n':
        raise UsageError(
            f"{named('separator')} must be one character, or one of {', '.join(SEPARATORS)}; not {asked!r}"
        )
    return separator


def cells_between(line: str, separator: str) -> list[str]:
    """Split a line whose quotes are text; a space stands for any run of blanks.

    Args:
        line: the line.
        separator: what stands between two cells.

    Returns:
        The cells.

    Example:
        >>> cells_between("  1   0.5 ", " "), cells_between("1,,2", ",")
        (['1', '0.5'], ['1', '', '2'])
    """
    return line.split() if separator == " " else line.split(separator)


def told_dialect(lines: Sequence[str], usual: str, asked: str | None, name: str, note: Note) -> Dialect:
    """Tell how a table is written by its first lines.

    The usual separator is taken where most lines have as many cells with it, at least two; else the one with which they
    have. In a table separated by tabs quotes are text, unless they keep cells together.

    Args:
        lines: the first lines of the file.
        usual: the separator that its name stands for.
        asked: the separator that was asked for, or None.
        name: the file, for messages.
        note: told of what is not as usual.

    Returns:
        The dialect.

    Raises:
        UsageError: the separator asked for is no single character.

    Example:
        >>> told_dialect(["text;label", "good, so good;pos"], ",", None, "a.csv", print).separator
        a.csv: cells are separated by semicolons
        ';'
    """
    said = _SAYS.fullmatch(lines[0].strip()) if lines else None
    skip = 1 if said else leading_comments(lines, [as_separator(asked)] if asked is not None else [usual, *_NAMES])
    rest = lines[skip:]
    if said:
        note(f"{name}: its first line says what separates the cells, {said[1]!r}")
    elif skip:
        note(f"{name}: comments (#) before the table are left out, {skip} line{'s' * (skip > 1)}")
    separator = as_separator(asked) if asked is not None else said[1] if said else _told_separator(rest, usual)
    if separator != usual and asked is None and not said:
        note(f"{name}: cells are separated by {_NAMES.get(separator, repr(separator))}s")
    quoted = separator not in ("\t", " ") or (separator == "\t" and _keeps_together(rest))
    if quoted and separator == "\t":
        note(f"{name}: cells in double quotes are taken out of them")
    return _with_habits(rest, separator, quoted, skip, name, note)


def _with_habits(lines: Sequence[str], separator: str, quoted: bool, skip: int, name: str, note: Note) -> Dialect:
    """Tell what else the program that wrote a table has done."""
    escaped = quoted and any('\\"' in line for line in lines) and parse(lines, separator) is None
    if escaped:
        doubled = [doubled_quotes(line) for line in lines]
        escaped = parse(doubled, separator) is not None
        lines = doubled if escaped else lines
    spaced = quoted and is_spaced(lines, separator)
    rows = [row for row in _rows(lines, separator, quoted, spaced) if row]
    row_names, ends = has_row_names(rows, lines[1:], separator), trails(rows)
    commas = _decimal_commas(rows) if separator != "," else frozenset[int]()
    for there, what in (
        (escaped, "a backslash before a quote inside a cell is taken off"),
        (spaced, "cells in double quotes behind a space are taken out of them"),
        (
            row_names and not ends,
            "rows have a cell more than the first line: it is taken as their name, as R has it",
        ),
        (ends, "each row but the first ends with an empty cell too many; it is left out"),
        (commas, f"commas in numbers are read as decimal points, as in {_first_of(rows, commas)}"),
    ):
        if there:
            note(f"{name}: {what}")
    return Dialect(separator, quoted, skip, commas, spaced, escaped, row_names and not ends, ends)


def _first_of(rows: Sequence[Sequence[str]], columns: frozenset[int]) -> str:
    """The first number with a comma."""
    return next((row[i] for row in rows for i in sorted(columns) if len(row) > i and "," in row[i]), "")


def _rows(lines: Iterable[str], separator: str, quoted: bool = True, spaced: bool = False) -> list[list[str]]:
    """Split lines; where quotes are out of place, as if there were none."""
    found = parse(lines, separator, spaced=spaced) if quoted else None
    return [cells_between(line, separator) for line in lines] if found is None else found


def _fit(lines: Sequence[str], separator: str) -> tuple[float, int]:
    """Share of the rows that have as many cells as most have, and how many that is."""
    widths = Counter(len(row) for row in _rows(lines, separator) if row)
    if not widths:
        return 0.0, 0
    width, count = widths.most_common(1)[0]
    return count / widths.total(), width


def _told_separator(lines: Sequence[str], usual: str) -> str:
    fits = {separator: _fit(lines, separator) for separator in (usual, *(set(_NAMES) - {usual, " "}))}
    sound = [each for each, (share, width) in fits.items() if width >= 2 and share >= _ENOUGH]
    if usual in sound:
        others = [each for each in sound if each != usual and usual == "," and _numbers_cut(lines, each)]
        return others[0] if others else usual
    # Of one column only, or uneven: another separator must fit every line, the first one too.
    even = [each for each in sorted(sound, key="\t;|,".index) if fits[each][0] == 1.0]
    return even[0] if even else " " if not sound and _numbers_apart(lines) else usual


def _numbers_apart(lines: Sequence[str]) -> bool:
    """Whether lines hold as many numbers each, with nothing but blanks between."""
    rows = [row for row in _rows(lines, " ", quoted=False) if row]
    cells = [cell for row in rows for cell in row]
    return (
        bool(rows) and {len(row) for row in rows} == {len(rows[0])} and len(rows[0]) > 2 and all(map(is_number, cells))
    )


def _numbers_cut(lines: Sequence[str], separator: str) -> bool:
    """Whether commas are decimal commas inside the cells of another separator."""
    cells = [cell for row in _rows(lines, separator) for cell in row if "," in cell]
    return bool(cells) and all(_DECIMAL.fullmatch(cell) for cell in cells)


def _keeps_together(lines: Sequence[str]) -> bool:
    """Whether quotes in a table separated by tabs are marks around cells, not text."""
    if not any('"' in line for line in lines):
        return False
    plain, marked = _rows(lines, "\t", quoted=False), _rows(lines, "\t")
    if marked == plain:
        return False
    # R leaves the cell above the rows' names out of the first line.
    below = [rows[1:] if len(rows) > 2 and len(rows[1]) == len(rows[0]) + 1 else rows for rows in (plain, marked)]
    widths = [Counter(len(row) for row in rows if row not in ([], [""])) for rows in below]
    if len(widths[1]) == 1 and len(widths[0]) > 1:
        return True  # only so has every row as many cells
    if len(widths[1]) > 1:
        return False
    marks = [cell for row in plain for cell in row if len(cell) > 1 and cell[0] == cell[-1] == '"']
    columns = zip(*(row for row in plain[1:] if len(row) == len(below[0][0])), strict=True)
    whole = any(cells and all(len(c) > 1 and c[0] == c[-1] == '"' for c in cells) for cells in map(list, columns))
    return whole or any('""' in cell[1:-1] for cell in marks)


def _decimal_commas(rows: Sequence[Sequence[str]]) -> frozenset[int]:
    """The columns in which every number, below the first row, may be written with a comma, and one is."""
    width = max((len(row) for row in rows), default=0)
    found: set[int] = set()
    for column in range(width):
        cells = [row[column].strip() for row in rows[1:] if len(row) > column and row[column].strip()]
        whole = all(_DECIMAL.fullmatch(cell) or _WHOLE.fullmatch(cell) for cell in cells)
        if cells and whole and any("," in cell for cell in cells):
            found.add(column)
    return frozenset(found)


def is_comma_number(cell: str) -> bool:
    """Tell whether a cell is a number as those are written who have decimal commas.

    Args:
        cell: the cell.

    Returns:
        Whether it is; points in it part thousands.

    Example:
        >>> is_comma_number("1.234,5"), is_comma_number("1.234"), is_comma_number("1.5")
        (True, True, False)
    """
    return _DECIMAL.fullmatch(cell) is not None or _WHOLE.fullmatch(cell.strip()) is not None
