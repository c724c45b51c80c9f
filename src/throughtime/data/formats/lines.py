"""Lines of text: a record for each, without a target."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from throughtime.data.files import describe, open_lines
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.data.words import split_words
from throughtime.errors import UsageError

__all__ = ["read_lines"]


def read_lines(path: Path, how: Reading, problems: Problems, *, targets: bool) -> Iterator[Record]:
    """Read texts, one on each line, without a target.

    Args:
        path: the file, packed or plain; ``-`` is standard input.
        how: options; ``encoding``, and ``per_step``, for which a line is cut into words at white space, or
            as texts were whose marks were learned from.
        problems: told of empty lines, which are no texts.
        targets: whether there must be a target, which lines have not.

    Yields:
        The lines in order: content the text, original a row with the column ``text``.

    Raises:
        UsageError: targets are wanted.
        DataError: the file cannot be read.
    """
    name = describe(path)
    if targets:
        raise UsageError(f"{name}: lines of text have no labels; give a table or a folder per label")
    for number, line in enumerate(open_lines(path, how.encoding, problems.note), 1):
        place = f"{name}: line {number}"
        if not line.strip():
            problems.report(place, "the line is empty; leave it out")
            continue
        words = split_words(line) if how.found.spans else tuple(line.split())
        yield Record(words if how.per_step else line, None, place, {"text": line})
