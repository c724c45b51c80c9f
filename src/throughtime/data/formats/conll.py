"""Words with labels, one a line, as the CoNLL tasks write them, and CoNLL-U; sentence by sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from throughtime.data.files import describe, open_lines, suffixes
from throughtime.data.formats.bio import bio_fault, check_bio, looks_bio
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.errors import DataError

__all__ = ["CONLL", "UNIVERSAL", "Sentence", "check_bio", "read_conll"]

CONLL = (".conll", ".bio", ".iob", ".iob2", ".conllu")
"""Suffixes of files in columns; others are read too."""
UNIVERSAL = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
"""The columns of CoNLL-U."""
_ALWAYS_SET = ("upos", "head", "deprel")
_DOCUMENT = ("-DOCSTART-", "#begin document", "#end document")
_RANGE = re.compile(r"\d+[-.]\d+")
_CELLS = re.compile(r"[^ \t]+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """The lines of a sentence, as they stand in its file."""

    lines: tuple[str, ...]
    """All of them: marks of documents and comments before the words, and the blank lines behind them."""
    tokens: tuple[int, ...]
    """Which of the lines are words."""
    others: tuple[int, ...]
    """Which have columns and are no words: multiword ranges and empty nodes of CoNLL-U."""
    separator: str
    """What stands between columns: a tab or a space."""
    target: int | None
    """Column of the target, from 0, read or not; None where it is not known."""


class _BadLine(Exception):
    """A line that spoils its sentence: its number, and what is wrong."""

    def __init__(self, number: int, message: str) -> None:
        self.number, self.message = number, message
        super().__init__(message)


@dataclass(slots=True)
class _Layout:
    """Which columns the lines of a file have."""

    name: str
    universal: bool
    tabs: bool
    width: int
    word: int
    target: int | None
    """Column of the target, from 0, or None."""
    labelled: bool
    problems: Problems
    known: dict[str, str] = field(default_factory=dict[str, str])
    bio: bool = True
    told: set[str] = field(default_factory=set[str])

    def tell(self, kind: str, message: str) -> None:
        """Say something once."""
        if kind not in self.told:
            self.told.add(kind)
            self.problems.note(message)

    def cells(self, line: str) -> Sequence[str]:
        return line.split("\t") if self.tabs else _CELLS.findall(line)

    def label(self, raw: str, number: int) -> str:
        """Take a label without white space around it; each is looked at once."""
        label = raw.strip()
        if not label:
            raise _BadLine(number, f"column {(self.target or 0) + 1}, the label, is empty")
        if self.universal and label == "_" and UNIVERSAL[self.target or 0] in _ALWAYS_SET:
            raise _BadLine(number, f"{UNIVERSAL[self.target or 0]} is '_': the word has no such label")
        if label != raw:
            self.tell(
                "trimmed", f"{self.name}: line {number}: white space around labels is taken off, here and further on"
            )
        self.bio = self.bio and looks_bio([label])
        self.known[raw] = label
        return label


def read_conll(
    path: Path, how: Reading, problems: Problems, *, targets: bool, suffix: str | None = None
) -> Iterator[Record]:
    r"""Read sentences of words and their labels from columns; a line with nothing but white space ends a sentence.

    ``.conllu`` is CoNLL-U: words are ``form``, labels ``upos`` or what ``how.target_column`` names. Comments, multiword
    ranges and empty nodes are kept for writing back and are no words. In any other file columns are separated by tabs
    where the first word's line has one, else by white space; words are the first column, labels the last, or those that
    are asked for by number, from 1. Lines of ``-DOCSTART-`` are kept, and so are lines with ``#`` and another number of
    columns before the words of a sentence.

    Where all labels so far look like BIO, the spans must be whole, so that none is counted wrongly later on.

    Args:
        path: the file; ``-`` is standard input.
        how: columns and encoding.
        problems: where bad sentences and notes go; a sentence with a bad line is bad.
        targets: whether the labels are read.
        suffix: what the file is (``".conllu"``), for standard input; None goes by the path.

    Yields:
        Records of words and labels; ``original`` is a :class:`Sentence`.

    Raises:
        DataError: the file cannot be read, has not the columns, or a sentence is bad.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "places.conll"
        >>> _ = path.write_text("in O\nRome B-place\n")
        >>> [(record.content, record.target) for record in read_conll(path, Reading(), Problems(), targets=True)]
        [(('in', 'Rome'), ('O', 'B-place'))]
    """
    universal = (suffixes(path)[0] if suffix is None else suffix) == ".conllu"
    layout: _Layout | None = None
    for first, lines in _sentences(open_lines(path, how.encoding, problems.note), universal):
        if layout is None:
            layout = _layout(describe(path), lines, how, problems, universal, targets)
        try:
            record = _record(layout, first, lines)
        except _BadLine as bad:
            problems.report(f"{layout.name}: line {bad.number}", bad.message)
            continue
        if record is None:
            problems.note(f"{layout.name}: line {first}: what stands behind the last sentence is left out")
        else:
            yield record


def _sentences(lines: Iterator[str], universal: bool) -> Iterator[tuple[int, list[str]]]:
    """Yield (number of its first line, lines) of each sentence, blank lines behind it included."""
    block: list[str] = []
    first, words, ended = 1, False, False
    for number, line in enumerate(lines, 1):
        if line.strip(" \t"):
            mark = _is_mark(line, universal)
            if words and (ended or mark):
                yield first, block
                block, first, words = [], number, False
            words = words or not mark
            ended = False
        else:
            ended = True
        block.append(line)
    yield first, block


def _is_mark(line: str, universal: bool) -> bool:
    """Whether a line begins or ends a document."""
    return line[0] in "-#" and not universal and line.startswith(_DOCUMENT)


def _layout(
    name: str, lines: Sequence[str], how: Reading, problems: Problems, universal: bool, targets: bool
) -> _Layout:
    """Tell the columns by the first sentence, and see that those asked for are there."""
    rows = [line for line in lines if line.strip(" \t") and not _is_mark(line, universal)]
    if not rows:
        raise DataError(f"{name} has no words in it")
    if universal:
        word = _column(how.text_column, UNIVERSAL, name, "--text-column", 1)
        target = _column(how.target_column, UNIVERSAL, name, "--target-column", 3)
        if targets and how.target_column is None:
            problems.note(f"{name}: the labels are upos")
        return _Layout(name, True, True, len(UNIVERSAL), word, target, targets, problems)
    row = next((line for line in rows if not line.startswith("#")), rows[0])
    tabs = "\t" in row
    width = len(row.split("\t") if tabs else _CELLS.findall(row))
    numbers = [str(number) for number in range(1, width + 1)]
    word = _column(how.text_column, numbers, name, "--text-column", 0)
    if not targets:
        return _Layout(name, False, tabs, width, word, None, False, problems)
    if width == 1:
        raise DataError(f"{name}: its lines have one column, {row[:40]!r}; words and their labels are needed")
    target = _column(how.target_column, numbers, name, "--target-column", width - 1)
    if width > 2 and how.target_column is None:
        problems.note(f"{name}: the words are column {word + 1}, the labels the last, column {width}")
    return _Layout(name, False, tabs, width, word, target, True, problems)


def _column(asked: str | None, names: Sequence[str], name: str, option: str, usual: int) -> int:
    if asked is None:
        return usual
    if asked.lower() in names:
        return names.index(asked.lower())
    if asked.isdecimal() and 1 <= int(asked) <= len(names):
        return int(asked) - 1
    raise DataError(f"{name} has no column {asked!r}; it has {', '.join(names)}: choose one with {option}")


def _record(layout: _Layout, first: int, lines: list[str]) -> Record | None:
    """Make a record of a sentence; None where its lines are no more than marks and blank lines."""
    words: list[str] = []
    labels: list[str] = []
    tokens: list[int] = []
    others: list[int] = []
    comments = False
    for index, line in enumerate(lines):
        if not line.strip(" \t") or _is_mark(line, layout.universal):
            continue
        cells = layout.cells(line)
        if line[0] == "#" and (layout.universal or (not tokens and len(cells) != layout.width)):
            comments = True
            if not layout.universal:
                layout.tell("comment", f"{layout.name}: line {first + index} is kept as a comment, and others with #")
            continue
        if len(cells) != layout.width:
            raise _BadLine(first + index, _miscounted(len(cells), layout))
        if layout.universal and not _is_token(cells[0], len(tokens) + 1, first + index):
            others.append(index)
            continue
        word = cells[layout.word]
        if not word or word.isspace():
            raise _BadLine(first + index, f"column {layout.word + 1}, the word, is empty")
        tokens.append(index)
        words.append(word)
        if layout.labelled and layout.target is not None:
            raw = cells[layout.target]
            labels.append(layout.known.get(raw) or layout.label(raw, first + index))
    if not tokens:
        if comments or others:
            raise _BadLine(first, "a sentence without words")
        return None
    if labels and layout.bio:
        _check_spans(labels, tokens, first)
    original = Sentence(tuple(lines), tuple(tokens), tuple(others), "\t" if layout.tabs else " ", layout.target)
    place = f"{layout.name}: line {first + tokens[0]}"
    return Record(tuple(words), tuple(labels) if labels else None, place, original)


def _miscounted(found: int, layout: _Layout) -> str:
    by = "separated by tabs" if layout.tabs else "separated by white space"
    return f"{found} column{'s' * (found != 1)} where {layout.width} are needed, {by}"


def _is_token(number: str, expected: int, line: int) -> bool:
    if number == str(expected):
        return True
    if _RANGE.fullmatch(number):
        return False
    if number.isdecimal():
        raise _BadLine(line, f"word {number} where word {expected} is due; does a blank line before a sentence lack?")
    raise _BadLine(line, f"{number!r} is no number of a word (1), of a range (1-2) or of an empty node (1.1)")


def _check_spans(labels: Sequence[str], tokens: Sequence[int], first: int) -> None:
    fault = bio_fault(labels)
    if fault is not None:
        raise _BadLine(
            first + tokens[fault[0]],
            f"the label {fault[1]}; if the file is IOB1, write B- for the first I- of each span, "
            "or leave such sentences out with --skip-bad",
        )
