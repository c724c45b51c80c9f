"""A reader with its options as keywords, and what it makes of data: records, notes, what it refuses or skips."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from throughtime.data.files import STANDARD
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.errors import DataError

Pairs = list[tuple[object, object]]


def refusal(read: Callable[..., object], data: object, *how: object, first: bool = False, **more: object) -> str:
    """Give the one line with which data is refused. The line names a file, as its first word if asked for."""
    with pytest.raises(DataError) as caught:
        read(data, *how, **more)
    message = str(caught.value)
    assert "\n" not in message
    if isinstance(data, Path):
        assert ("standard input" if data == STANDARD else str(data)) in message, "names the file"
    assert not first or message.startswith(f"{data}: "), "begins with the file"
    return message


def pairs_of(records: Iterable[Record]) -> Pairs:
    """What is learned from, and what is said of it."""
    return [(record.content, record.target) for record in records]


class SmallReader:
    """One reader. Of the paths in what it tells, the names of the files are kept."""

    def __init__(self, reader: Callable[..., Iterable[Record]], **usual: object) -> None:
        self.reader, self.usual = reader, usual

    def _records(self, data: object, problems: Problems, targets: bool, how: dict[str, object]) -> list[Record]:
        rest = {name: how.pop(name) for name in ("load", "suffix") if name in how}
        options = Reading(**{**self.usual, **how})  # type: ignore[arg-type]
        return list(self.reader(data, options, problems, targets=targets, **rest))

    def read(self, data: object, *, targets: bool = True, **how: object) -> tuple[list[Record], list[str]]:
        """Give the records and what is noted."""
        notes: list[str] = []
        records = self._records(data, Problems(note=notes.append), targets, how)
        return records, [_short(data, note) for note in notes]

    def pairs(self, data: object, *, targets: bool = True, **how: object) -> Pairs:
        """Give the contents and targets of the records."""
        return pairs_of(self.read(data, targets=targets, **how)[0])

    def message(self, data: object, **how: object) -> str:
        """Give the line with which the data is refused."""
        return _short(data, refusal(self.read, data, **how))

    def skipped(self, data: object, *, targets: bool = True, **how: object) -> tuple[Pairs, list[str]]:
        """Give the contents and targets of the good records, and what is said of the bad ones."""
        problems = Problems(skip=True, note=lambda _: None)
        records = self._records(data, problems, targets, how)
        return pairs_of(records), [_short(data, each) for each in problems.skipped]


def _short(data: object, line: str) -> str:
    return line.replace(f"{data.parent}/", "") if isinstance(data, Path) else line
