"""Which columns of CoNLL lines are words and labels, told from the first sentences of a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from throughtime.data.bio import looks_bio
from throughtime.data.formats.tagged.columns import SEPARATED, cells_of, is_mark, refuse_prose, told_separator
from throughtime.data.reading import Reading
from throughtime.doors import option
from throughtime.errors import DataError

__all__ = ["RANGE", "UNIVERSAL", "ColumnLayout", "find_layout"]

UNIVERSAL = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
"""The columns of CoNLL-U."""
RANGE = re.compile(r"\d+[-.]\d+")
"""The number of a multiword range or of an empty node."""
_WHOLE = re.compile(r"\d+|_")
_FRONT = 4
"""Columns among which one that counts is looked for: CoNLL-2012 has a document and its part before it."""
Rows = Sequence[Sequence[str]]
"""Cells of the words of a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnLayout:
    """Which column is what; columns are counted from 0."""

    universal: bool
    """Whether the file is CoNLL-U."""
    separator: str
    """What stands between columns; a space is any white space."""
    width: int | None
    """How many columns each line has; None where sentences differ, as in CoNLL-2009."""
    word: int
    """Column of the words."""
    target: int | None
    """Column of the labels, read or not; None where it is not known."""
    counter: int | None = None
    """Column that counts the words of a sentence; None where there is none."""
    start: int | None = None
    """Number of the first word of each sentence; None where the numbers go on from sentence to sentence."""
    commented: bool = False
    """Whether each of the first sentences begins with a line of comment, however many columns that seems to have."""
    said: str | None = None
    """What was chosen, for the user; None where nothing was."""

    def refuse_width(self, found: int, first: int) -> str | None:
        """Say that a line has not as many columns as it needs; ``first`` is the number of its sentence's first word."""
        needed = first if self.width is None else self.width
        if found == needed:
            return None
        by = f"separated by {SEPARATED[self.separator]}"
        return f"{found} column{'s' * (found != 1)} where {needed} are needed, {by}"


def find_layout(
    sentences: Sequence[Sequence[str]], how: Reading, name: str, *, universal: bool, targets: bool
) -> ColumnLayout:
    r"""Tell the columns by the first sentences, and see that those asked for are there.

    Args:
        sentences: lines of the first sentences, marks, comments and blank lines among them.
        how: columns that were asked for; ``found`` says whether words were counted in what was learned from.
        name: the file, for messages.
        universal: whether the file is CoNLL-U.
        targets: whether labels are needed.

    Returns:
        Which column is what.

    Raises:
        DataError: there are no words, or a column is missing.

    Example:
        >>> sentences = [["# 1", "1\tin\tO\tO", "2\tRome\tB-place\tO"], ["1\tGo\tO\tO"]]
        >>> layout = find_layout(sentences, Reading(), "a.conll", universal=False, targets=True)
        >>> layout.word, layout.target, layout.counter
        (1, 2, 0)
    """
    there = ([line for line in each if line.strip(" \t") and not is_mark(line, universal)] for each in sentences)
    if not (lines := [each for each in there if each]):
        raise DataError(f"{name} has no words in it")
    if universal:
        return _universal(how, name, targets)
    row = next((line for line in lines[0] if not line.startswith("#")), lines[0][0])
    separator = told_separator([row, *(line for each in lines for line in each if not line.startswith("#"))])
    width, blocks = len(cells_of(row, separator)), _blocks(lines, separator, name, targets)
    counter, start = _counter([block for block in blocks if block], how, width)
    ragged = counter is not None and _ragged(blocks)
    numbers = [str(number) for number in range(1, width + 1)]
    flat = [row for block in blocks for row in block]
    turned = counter is None and how.text_column is how.target_column is None and _labels_first(flat)
    word = _column(how.text_column, numbers, name, "text_column", int(turned) if counter is None else counter + 1)
    if word == counter:
        counter = start = None
    common = partial(
        ColumnLayout,
        universal=False,
        separator=separator,
        width=None if ragged else width,
        word=word,
        counter=counter,
        start=start,
        commented=len(lines) > 1 and all(each[0][:1] == "#" for each in lines),
    )
    because = "" if counter is None else f" (column {counter + 1} counts them)"
    if turned:
        otherwise = f"({option('text_column', 1)} says otherwise)"
        said = f"the words are column 2, labels column 1, which holds B- and I- labels {otherwise}"
        return common(target=0 if targets else None, said=said)
    if not targets:
        return common(target=None, said=_said(word, 0, counter, because, because, how) if not how.text_column else None)
    _require_labels(width, counter, row, name)
    usual, why = _usual_target(flat, counter, width, ragged, name, how)
    target = _column(how.target_column, numbers, name, "target_column", usual)
    return common(target=target, said=_said(word, width, counter, f"{because}, the labels {why}", because, how))


def _said(word: int, width: int, counter: int | None, whole: str, because: str, how: Reading) -> str | None:
    """What was chosen, for the user, where it was."""
    if how.target_column is None and (width > 2 or counter is not None):
        return f"the words are column {word + 1}{whole}"
    return f"the words are column {word + 1}{because}" if how.text_column is None and counter is not None else None


def _blocks(lines: Sequence[Sequence[str]], separator: str, name: str, targets: bool) -> list[Rows]:
    """Cells of the words of each sentence."""
    blocks = [_words([cells_of(line, separator) for line in each], each) for each in lines]
    if targets and len(blocks) == 1 and (prose := refuse_prose(blocks[0])) is not None:
        raise DataError(f"{name}: {prose}")
    return blocks


def _labels_first(rows: Rows) -> bool:
    """Whether of two columns the first holds labels that mark spans, and the second does not."""
    if any(len(row) != 2 for row in rows):
        return False
    first, last = [row[0] for row in rows], [row[1] for row in rows]
    return looks_bio(first) and any("-" in label for label in first) and not looks_bio(last)


def _universal(how: Reading, name: str, targets: bool) -> ColumnLayout:
    word = _column(how.text_column, UNIVERSAL, name, "text_column", 1)
    target = _column(how.target_column, UNIVERSAL, name, "target_column", 3)
    said = "the labels are upos" if targets and how.target_column is None else None
    return ColumnLayout(
        universal=True, separator="\t", width=len(UNIVERSAL), word=word, target=target, counter=0, start=1, said=said
    )


def _words(rows: Rows, lines: Sequence[str]) -> Rows:
    """The rows of words: no comments before them, no ranges."""
    first = next((i for i, line in enumerate(lines) if not line.startswith("#")), 0)
    return [row for row in rows[first:] if not RANGE.fullmatch(row[0])]


def _require_labels(width: int, counter: int | None, row: str, name: str) -> None:
    if width == 1:
        raise DataError(f"{name}: its lines have one column, {row[:40]!r}; words and their labels are needed")
    if width == 2 and counter == 0:
        raise DataError(
            f"{name}: its lines have two columns, and the first, as in {row[:40]!r}, counts words: "
            f"labels are needed too; where the numbers are the words say {option('text_column', 1)}"
        )


def _counter(blocks: Sequence[Rows], how: Reading, width: int) -> tuple[int | None, int | None]:
    """(column that counts the words, number of the first of each sentence), each None where there is none."""
    for column in range(min(_FRONT, width - 1)):
        if any(len(row) <= column for block in blocks for row in block):
            break
        counts = [[row[column] for row in block] for block in blocks]
        found, start = _counts(counts, alone=bool(how.found.counted))
        if found:
            return column, start
        if len({cell for count in counts for cell in count}) > 1 or column + 1 == width:
            break  # what stands before a column that counts is the same in all lines: a document and its part
    return None, None


def _counts(counts: Sequence[Sequence[str]], *, alone: bool) -> tuple[bool, int | None]:
    """Whether cells count the words of each sentence, and from where; sentences of one word are no evidence alone."""
    if not all(cell.isascii() and cell.isdecimal() for count in counts for cell in count):
        return False, None
    numbers = [list(map(int, count)) for count in counts]
    if any(count != list(range(count[0], count[0] + len(count))) for count in numbers):
        return False, None
    if not alone and all(len(count) == 1 for count in numbers):
        return False, None
    starts = {count[0] for count in numbers}
    if starts in ({0}, {1}):
        return True, starts.pop()
    flat = [number for count in numbers for number in count]
    return flat == list(range(flat[0], flat[0] + len(flat))) and flat[0] in (0, 1), None


def _ragged(blocks: Sequence[Rows]) -> bool:
    """Whether sentences differ in their number of columns, and the lines of a sentence do not."""
    widths = [{len(row) for row in block} for block in blocks if block]
    return all(len(each) == 1 for each in widths) and len({width for each in widths for width in each}) > 1


def _usual_target(
    rows: Rows, counter: int | None, width: int, ragged: bool, name: str, how: Reading
) -> tuple[int, str]:
    """(column of the labels where none is asked for, how to say it)."""

    def holds(column: int, fits: Callable[[str], object]) -> bool:
        return all(fits(row[column]) for row in rows if len(row) == width or ragged)

    def empty(column: int) -> bool:
        return holds(column, "_".__eq__)

    last, other = width - 1, f"{option('target_column')} chooses another"
    if counter == 0 and width >= 14 and holds(8, _WHOLE.fullmatch) and holds(9, _WHOLE.fullmatch):
        return 4, f"column 5 (the layout is that of CoNLL-2009); {other}"
    if counter is not None and ragged:
        if how.target_column is None and counter == 0:
            raise DataError(
                f"{name}: its sentences differ in their number of columns; say which holds the labels "
                f"with {option('target_column')} and its number"
            )
        return counter + 2, f"column {counter + 3}; {other}"
    if counter == 0 and width == 10 and holds(6, _WHOLE.fullmatch):
        column = next((column for column in (3, 4, 7) if not empty(column)), 3)
        return column, f"column {column + 1} (the layout is that of CoNLL-X); {other}"
    if counter == 0 and width == 4 and all(holds(column, lambda cell: looks_bio([cell])) for column in (2, 3)):
        return 2, f"column 3 (column 4 holds those inside them, as GermEval has it); {other}"
    nothing = "_" if counter is not None else ""
    first = 0 if counter is None else counter + 1
    last = next((i for i in range(last, first, -1) if not holds(i, lambda cell: cell.strip() == nothing)), last)
    behind = f"column {last + 1}, behind it is nothing{' but _' if nothing else ''}"
    return last, f"the last, column {width}" if last == width - 1 else behind


def _column(asked: str | None, names: Sequence[str], name: str, asking: str, usual: int) -> int:
    if asked is None:
        return usual
    if asked.lower() in names:
        return names.index(asked.lower())
    if asked.isdecimal() and 1 <= int(asked) <= len(names):
        return int(asked) - 1
    raise DataError(f"{name} has no column {asked!r}; it has {', '.join(names)}: choose one with {option(asking)}")
