"""Words with labels, one a line, as the CoNLL tasks write them, and CoNLL-U; sentence by sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from throughtime.data.files import STANDARD, describe, open_lines, suffixes
from throughtime.data.formats.tagged.columns import cells_of, is_heading, is_mark
from throughtime.data.formats.tagged.layout import RANGE, UNIVERSAL, ColumnLayout, find_layout
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record

__all__ = ["CONLL", "Sentence", "read_conll"]

CONLL = (".conll", ".bio", ".iob", ".iob2", ".conllu")
"""Suffixes of files in columns; others are read too."""
_ALWAYS_SET = ("upos", "head", "deprel")
_LONG = 50
"""Lines from which on a file of one sentence is told of."""
_AHEAD = 100
"""Sentences that are looked at to tell the columns."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """The lines of a sentence, as they stand in its file."""

    name: str
    """The file, for messages."""
    first: int
    """Number of the first of its lines, from 1."""
    lines: tuple[str, ...]
    """All of them: marks of documents and comments before the words, and the blank lines behind them."""
    tokens: tuple[int, ...]
    """Which of the lines are words."""
    others: tuple[int, ...]
    """Which have columns and are no words: multiword ranges and empty nodes of CoNLL-U."""
    separator: str
    """What stands between columns: a tab, a space, a comma or a semicolon."""
    target: int | None
    """Column of the target, from 0, read or not; None where it is not known."""

    def place(self, word: int) -> str:
        """Say where one of its words stands: file and line; words are counted from 0."""
        return f"{self.name}: line {self.first + self.tokens[word]}"


class _BadLine(Exception):
    """A line that spoils its sentence: its number, and what is wrong."""

    def __init__(self, number: int, message: str) -> None:
        self.number, self.message = number, message
        super().__init__(message)


@dataclass(slots=True)
class _Reader:
    """Makes records of sentences, and knows what was told."""

    name: str
    layout: ColumnLayout
    labelled: bool
    problems: Problems
    known: dict[str, str] = field(default_factory=dict[str, str])
    told: set[str] = field(default_factory=set[str])

    def tell(self, kind: str, message: str) -> None:
        """Say something once."""
        if kind not in self.told:
            self.told.add(kind)
            self.problems.note(message)

    def label(self, raw: str, number: int) -> str:
        """Take a label without white space around it; each is looked at once."""
        label, column = raw.strip(), self.layout.target or 0
        if not label:
            raise _BadLine(number, f"column {column + 1}, the label, is empty")
        if self.layout.universal and label == "_" and UNIVERSAL[column] in _ALWAYS_SET:
            raise _BadLine(number, f"{UNIVERSAL[column]} is '_': the word has no such label")
        if label != raw:
            self.tell(
                "trimmed", f"{self.name}: line {number}: white space around labels is taken off, here and further on"
            )
        self.known[raw] = label
        return label

    def is_comment(self, cells: Sequence[str], line: str, number: int, *, begun: bool) -> bool:
        """Whether a line is a comment, which stands before the words of a sentence."""
        layout = self.layout
        if line[0] != "#" or (begun and not layout.universal):
            return False
        if not (layout.universal or layout.commented) and layout.counter is None and len(cells) == layout.width:
            return False
        if not layout.universal:
            self.tell("comment", f"{self.name}: line {number} is kept as a comment, and others with #")
        return True

    def is_word(self, cells: Sequence[str], count: int, line: int) -> bool:
        """Whether a line is a word: no range and no empty node; words must be counted through."""
        layout = self.layout
        if layout.counter is None:
            return True
        number = cells[layout.counter]
        if layout.start is not None and number == str(layout.start + count):
            return True
        if RANGE.fullmatch(number):
            return False
        if number.isdecimal() and layout.start is None:
            return True
        if number.isdecimal():
            due = layout.start + count if layout.start is not None else 0
            raise _BadLine(line, f"word {number} where word {due} is due; does a blank line before a sentence lack?")
        raise _BadLine(line, f"{number!r} is no number of a word (1), of a range (1-2) or of an empty node (1.1)")


def read_conll(
    path: Path, how: Reading, problems: Problems, *, targets: bool, suffix: str | None = None
) -> Iterator[Record]:
    r"""Read sentences of words and their labels from columns; a line with nothing but white space ends a sentence.

    ``.conllu`` is CoNLL-U: words are ``form``, labels ``upos`` or what ``how.target_column`` names. Comments, multiword
    ranges and empty nodes are kept for writing back and are no words. In any other file columns are separated by tabs
    where the first word's line has one, else by white space; words are the first column, or the one behind a column
    that counts them (CoNLL-X, CoNLL-2009, GermEval), labels the last, or those that are asked for by number, from 1.
    Lines of ``-DOCSTART-`` are kept, and so are lines with ``#`` and another number of columns before the words of a
    sentence.

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
    name, sentences = describe(path), _sentences(open_lines(path, how.encoding, problems.note), universal)
    # Whoever sends sentences through a pipe may wait for an answer to the first.
    ahead = list(islice(sentences, _AHEAD if targets or path != STANDARD else 1))
    layout = find_layout([lines for _, lines in ahead], how, name, universal=universal, targets=targets)
    if layout.said is not None:
        problems.note(f"{name}: {layout.said}")
    if targets and not universal and not how.found.fixed:
        how.found.counted = layout.counter is not None
    reader = _Reader(name, layout, targets, problems)
    if targets and len(ahead) == 1 and (count := sum(map(bool, map(str.strip, ahead[0][1])))) >= _LONG:
        problems.note(f"{name}: all {count:,} lines are one sentence; a blank line ends a sentence")
    for first, lines in chain(ahead, sentences):
        try:
            record = _record(reader, first, lines)
        except _BadLine as bad:
            problems.report(f"{name}: line {bad.number}", bad.message)
            continue
        if record is None:
            problems.note(f"{name}: line {first}: what stands behind the last sentence is left out")
        else:
            yield record


def _sentences(lines: Iterator[str], universal: bool) -> Iterator[tuple[int, list[str]]]:
    """Yield (number of its first line, lines) of each sentence, blank lines behind it included."""
    block: list[str] = []
    first, words, ended = 1, False, False
    for number, line in enumerate(lines, 1):
        if line.strip(" \t"):
            mark = is_mark(line, universal)
            if words and (ended or mark):
                yield first, block
                block, first, words = [], number, False
            words = words or not mark
            ended = False
        else:
            ended = True
        block.append(line)
    yield first, block


def _record(reader: _Reader, first: int, lines: list[str]) -> Record | None:
    """Make a record of a sentence; None where its lines are no more than marks and blank lines."""
    layout = reader.layout
    words: list[str] = []
    labels: list[str] = []
    tokens: list[int] = []
    others: list[int] = []
    comments, width = False, 0
    for index, line in enumerate(lines):
        number = first + index
        if not line.strip(" \t") or is_mark(line, layout.universal):
            if is_heading(line):
                reader.tell("heading", f"{reader.name}: line {number} names the columns and is no word: {line.strip()}")
            continue
        cells = cells_of(line, layout.separator)
        if reader.is_comment(cells, line, number, begun=bool(tokens)):
            comments = True
            continue
        width = width or max(len(cells), layout.word + 1, (layout.target or 0) + 1)
        if fault := layout.refuse_width(len(cells), width):
            raise _BadLine(number, fault)
        if not reader.is_word(cells, len(tokens), number):
            others.append(index)
            continue
        word = cells[layout.word]
        if not word or word.isspace():
            raise _BadLine(number, f"column {layout.word + 1}, the word, is empty")
        tokens.append(index)
        words.append(word)
        if reader.labelled and layout.target is not None:
            raw = cells[layout.target]
            labels.append(reader.known.get(raw) or reader.label(raw, number))
    if not tokens:
        if comments or others:
            raise _BadLine(first, "a sentence without words")
        return None
    separator, target = layout.separator, layout.target
    original = Sentence(reader.name, first, tuple(lines), tuple(tokens), tuple(others), separator, target)
    return Record(tuple(words), tuple(labels) if labels else None, original.place(0), original)
