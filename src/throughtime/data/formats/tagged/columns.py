"""Lines of words in columns: what stands between the cells, and which lines are no words."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

__all__ = ["SEPARATED", "cells_of", "is_heading", "is_mark", "refuse_prose", "told_separator"]

SEPARATED = {"\t": "tabs", " ": "white space", ",": "commas", ";": "semicolons"}
"""What may stand between columns, and how it is called."""
_DOCUMENT = ("-DOCSTART-", "#begin document", "#end document")
_CELLS = re.compile(r"[^ \t]+")
_HEADING = re.compile(
    r'#? ?"?(?:words?|tokens?|form)"?[ \t,;].*?"?'
    r'(?:(?:ner|pos|chunk|iob|bio|word|entity)?[_ -]?(?:tags?|labels?)|ner?|pos|[ux]pos|chunk|entity|iob2?|bio)"?\s*',
    re.IGNORECASE,
)
_JOINED = re.compile(r"[^\s/_|]+[/_|][A-Z$.,:'`#-][^\s/]*")


def is_heading(line: str) -> bool:
    """Tell whether a line names columns, as tables have it: it begins with a name of words and ends with one of labels.

    Args:
        line: a line.

    Returns:
        Whether it does.

    Example:
        >>> is_heading("Word POS Chunk NE"), is_heading("token,label"), is_heading("Word NN")
        (True, True, False)
    """
    return line[:1] in 'wWtTfF#"' and _HEADING.fullmatch(line) is not None


def is_mark(line: str, universal: bool) -> bool:
    """Tell whether a line begins or ends a document, or names the columns.

    Args:
        line: a line that is not blank.
        universal: whether the file is CoNLL-U, which has no such lines.

    Returns:
        Whether it does.

    Example:
        >>> is_mark("-DOCSTART- -X- O", False)
        True
    """
    return not universal and ((line[0] in "-#" and line.startswith(_DOCUMENT)) or is_heading(line))


def cells_of(line: str, separator: str) -> Sequence[str]:
    r"""Part the columns of a line.

    Args:
        line: the line.
        separator: one of SEPARATED; a space stands for any white space.

    Returns:
        The cells.

    Example:
        >>> cells_of("a  b", " "), cells_of('",",PUNCT', ","), cells_of("a b\tX", "\t")
        (['a', 'b'], [',', 'PUNCT'], ['a b', 'X'])
    """
    if separator == "\t":
        return line.split("\t")
    if separator == " ":
        return _CELLS.findall(line)
    return next(iter(csv.reader([line], delimiter=separator)))


def told_separator(lines: Sequence[str]) -> str:
    """Tell what stands between columns: a tab where the first line has one, else white space; commas or semicolons
    where there is no white space and each line has as many of them.

    Args:
        lines: lines of words, one at least.

    Returns:
        One of SEPARATED.

    Example:
        >>> told_separator(["in O", "Rome B-place"]), told_separator(["in,O", "Rome,B-place"])
        (' ', ',')
    """
    if "\t" in lines[0]:
        return "\t"
    if any(len(_CELLS.findall(line)) > 1 for line in lines[:50]):
        return " "
    for separator in ",;":
        widths = {len(cells_of(line, separator)) for line in lines}
        if len(widths) == 1 and widths != {1} and len(lines) > 1:
            return separator
    return " "


def refuse_prose(rows: Sequence[Sequence[str]]) -> str | None:
    """Say that lines are sentences, not words in columns: there is no blank line, and many numbers of columns.

    Args:
        rows: cells of the first lines, of one block.

    Returns:
        What they are and what to do, or None where they may be columns.
    """
    widths = [len(row) for row in rows]
    if len(rows) < 3 or len(set(widths)) < 3:
        return None
    cells = [cell for row in rows for cell in row]
    joined = sum(_JOINED.fullmatch(cell) is not None for cell in cells) > 0.8 * len(cells)
    what = f"have {min(widths)} to {max(widths)} words and are no columns"
    if joined:
        what = f"are sentences, each word with its tag behind it ({cells[0]})"
    return f"its lines {what}; write a word and its label on each line, and a blank line behind each sentence"
