"""Lines of text: a record for each, without a target."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from throughtime.data.files import describe, open_lines
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.errors import UsageError

__all__ = ["read_lines"]


def read_lines(path: Path, how: Reading, problems: Problems, *, targets: bool) -> Iterator[Record]:
    """A text on each line, without a target; an empty line is no text, and is told of."""
    name = describe(path)
    if targets:
        raise UsageError(f"{name}: lines of text have no labels; give a table or a folder per label")
    for number, line in enumerate(open_lines(path, how.encoding, problems.note), 1):
        place = f"{name}: line {number}"
        if not line.strip():
            problems.report(place, "the line is empty; leave it out")
            continue
        words = tuple(line.split())
        yield Record(words if how.per_step else line, None, place, {"text": line})
