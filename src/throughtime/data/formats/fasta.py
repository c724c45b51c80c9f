"""FASTA: nucleotides or amino acids, many sequences in a file, their letters the steps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from throughtime.data.files import STANDARD, describe, open_lines, suffixes
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.errors import DataError

__all__ = ["FASTA_SUFFIXES", "read_fasta"]

FASTA_SUFFIXES = frozenset({".fa", ".fasta", ".fna", ".faa", ".ffn", ".fas"})
"""How the names of FASTA files end, before that of a packing."""

_FOREIGN = re.compile(r"[^A-Z*.-]")
"""What is in no alphabet of IUPAC: nucleotides and amino acids together use all letters, ``*`` for a stop and
``-``, ``.`` for gaps (Cornish-Bowden 1985; IUPAC-IUB 1984)."""


def read_fasta(path: Path, how: Reading, problems: Problems, *, targets: bool) -> Iterator[Record]:
    """Read sequences, ``>id description`` and the letters under it, over as many lines as they take.

    Letters become capitals; blanks between them, blank lines and comment lines (``;``) are left out; each is said once.

    Args:
        path: the file, packed or plain; ``-`` is standard input.
        how: options; ``encoding``.
        problems: told of sequences that are empty or hold foreign letters, and of what stands before the first.
        targets: whether there must be a label; it is the file's name without suffix, as FASTA has no place for one.

    Yields:
        Sequences in order: content their letters, original the header without ``>``.

    Raises:
        DataError: there is no sequence in the file, it cannot be read, or labels for each step are wanted.
    """
    name = describe(path)
    if targets and how.per_step:
        raise DataError(f"{name}: FASTA has no label for each step; give a table in long format or CoNLL lines")
    if targets and path == STANDARD:
        raise DataError("FASTA has its label in the name of its file, which standard input has not; give files")
    target = label_of_name(path) if targets else None
    for entry in _entries(path, how, problems):
        place = f"{name}: line {entry.line}" + (f" ({entry.header.split()[0]})" if entry.header.strip() else "")
        sequence = "".join(entry.pieces)
        if entry.foreign:
            problems.report(place, entry.foreign)
        elif not sequence:
            problems.report(place, "a header without a sequence under it; add the letters or take it out")
        else:
            yield Record(sequence, target, place, entry.header)


def label_of_name(path: Path) -> str:
    """Give the label that a file's name is: all of it but the known suffix and that of a packing.

    Args:
        path: the file.

    Returns:
        The label.

    Example:
        >>> label_of_name(Path("E.coli.fasta.gz")), label_of_name(Path("human.v2"))
        ('E.coli', 'human.v2')
    """
    name = path.name
    for suffix in suffixes(path)[::-1]:
        if suffix and (suffix in FASTA_SUFFIXES or suffix == suffixes(path)[1]):
            name = name[: len(name) - len(suffix)]
    return name


@dataclass(slots=True)
class _Entry:
    """A sequence as it is read."""

    header: str
    line: int
    pieces: list[str] = field(default_factory=list[str])
    foreign: str = ""
    """What is wrong with its letters."""


def _entries(path: Path, how: Reading, problems: Problems) -> Iterator[_Entry]:
    """Yield the sequences, checked ones and others."""
    name = describe(path)
    entry, astray = None, 0
    said: set[str] = set()
    for number, line in enumerate(open_lines(path, how.encoding, problems.note), 1):
        if line.startswith(">"):
            if entry is not None:
                yield entry
            entry = _Entry(line[1:].strip(), number)
        elif not line.strip() or line.startswith(";"):
            _once(
                f"{name}: blank lines and comments (;) are left out, the first in line {number}",
                "blank",
                said,
                problems,
            )
        elif entry is not None:
            entry.pieces.append(_letters(line, number, name, entry, said, problems))
        elif not astray:
            astray = number
            hint = "it looks like FASTQ; convert it" if line.startswith("@") else "is it FASTA?"
            problems.report(f"{name}: line {number}", f"data before the first header ('>id'): {_short(line)}; {hint}")
    if entry is None:
        raise DataError(f"{name}: no sequence in it; each begins with a line '>id'")
    yield entry


def _letters(line: str, number: int, name: str, entry: _Entry, said: set[str], problems: Problems) -> str:
    """Give the letters of a line as capitals, and keep in the entry what is wrong with them."""
    letters = "".join(line.split())
    if letters != line.strip():
        _once(f"{name}: blanks between letters are left out, the first in line {number}", "inner", said, problems)
    capitals = letters.upper() if letters.isascii() else letters
    if capitals != letters:
        _once(f"{name}: small letters are read as capitals, the first in line {number}", "small", said, problems)
    if not entry.foreign and (foreign := _FOREIGN.search(capitals)):
        entry.foreign = (
            f"{foreign.group()!r} in line {number} stands for no nucleotide or amino acid; "
            "letters, '*', '-' and '.' do (IUPAC)"
        )
    return capitals


def _once(message: str, sort: str, said: set[str], problems: Problems) -> None:
    if sort not in said:
        said.add(sort)
        problems.note(message)


def _short(line: str) -> str:
    return repr(line if len(line) <= 30 else line[:30] + "...")
