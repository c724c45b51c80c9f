"""A JSON file as a table: its items are rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from throughtime.data.files import describe, open_lines
from throughtime.data.formats.json.items import json_items
from throughtime.data.formats.table import read_named_rows
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.data.tables.columns import Load

__all__ = ["json_array_rows", "read_json_array"]


def read_json_array(
    path: Path, how: Reading, problems: Problems, *, targets: bool, load: Load | None = None
) -> Iterator[Record]:
    """Read the objects of a JSON file as rows; the whole file is in memory at once.

    Args:
        path: the file.
        how: columns and kind of target, as for any table.
        problems: where bad rows and notes go.
        targets: whether each row needs a target.
        load: reads the file that a cell names.

    Yields:
        The records in order; their place is ``item 3``, from 1.

    Raises:
        DataError: the file holds no rows, or a row is bad.
    """
    yield from read_named_rows(json_array_rows(path, how, problems), path, how, problems, targets, load)


def json_array_rows(path: Path, how: Reading, problems: Problems) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Read the objects of a JSON array.

    Args:
        path: the file.
        how: its encoding.
        problems: where items that are no objects go.

    Yields:
        Place (file and item) and cells by column of each.

    Raises:
        DataError: the file is no JSON array.
    """
    name = describe(path)
    text = "\n".join(open_lines(path, how.encoding, problems.note))
    yield from _rows(json_items(text, name, problems.note), name, problems)


def _rows(items: list[Any], name: str, problems: Problems) -> Iterator[tuple[str, Mapping[str, object]]]:
    for number, item in enumerate(items, 1):
        if isinstance(item, dict):
            yield f"{name}: item {number}", cast("Mapping[str, object]", item)
        else:
            problems.report(f"{name}: item {number}", f"is {type(item).__name__}, not an object")
