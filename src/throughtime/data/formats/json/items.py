"""JSON as a whole: an array of objects, objects one after the other, columns, or such under a key, become items."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias, cast

from throughtime.data.reading import Note
from throughtime.errors import DataError

__all__ = ["is_turned_down", "json_items"]

Item: TypeAlias = Any
_NEEDED = "give an array of objects, or one object a line as .jsonl"
_ANSWERS = ("reject", "ignore")


def is_turned_down(row: Mapping[str, object]) -> bool:
    """Tell whether a record of Prodigy was not accepted by whoever annotated it.

    Args:
        row: its fields.

    Returns:
        Whether it was rejected or ignored.

    Example:
        >>> is_turned_down({"text": "so", "answer": "reject", "_input_hash": 7}), is_turned_down({"answer": "reject"})
        (True, False)
    """
    return row.get("answer") in _ANSWERS and any(name.startswith("_") or name == "spans" for name in row)


def json_items(text: str, name: str, note: Note) -> list[Item]:
    """Read the items of a JSON file: those of its array, of an array under a key, its objects, or rows of its columns.

    Args:
        text: what is in the file.
        name: the file, for messages.
        note: told what was taken, where it is no plain array.

    Returns:
        The items, in order.

    Raises:
        DataError: the text is no JSON, or holds no items.

    Example:
        >>> json_items('{"data": [{"text": "so good"}]}', "a.json", print)
        a.json: its rows are the items of 'data'
        [{'text': 'so good'}]
    """
    try:
        found = _values(text)
    except (ValueError, RecursionError) as error:
        where = f" ({error.msg} in line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise DataError(f"{name} is no JSON{where}; {_NEEDED}") from None
    if len(found) > 1:
        return found
    items, said = _items(found[0])
    if items is None:
        raise DataError(f"{name} holds no array of objects; {_NEEDED}")
    if said:
        note(f"{name}: {said}")
    return items


def _values(text: str) -> list[Item]:
    """Decode the values of a text, one as a rule."""
    decoder, found, place = json.JSONDecoder(), list[Item](), 0
    text = text.strip()
    while place < len(text) or not found:
        value, place = decoder.raw_decode(text, place)
        found.append(value)
        while place < len(text) and text[place].isspace():
            place += 1
        if place < len(text) and not all(isinstance(each, dict) for each in found):
            raise json.JSONDecodeError("Extra data", text, place)
    return found


def _items(value: Item) -> tuple[list[Item] | None, str]:
    """(the items of a value, what was done to get them)."""
    if isinstance(value, list):
        items = cast("list[Item]", value)
        return _named(items), ""
    if not isinstance(value, dict):
        return None, ""
    content = cast("dict[str, Item]", value)
    columns, data = content.get("columns"), content.get("data")
    if isinstance(columns, list) and isinstance(data, list):
        names = cast("list[str]", columns)
        rows = [dict(zip(names, row, strict=False)) for row in cast("list[list[Item]]", data)]
        return rows, "its rows are those under 'data', with the names under 'columns', as pandas splits tables"
    arrays = {key: cast("list[Item]", each) for key, each in content.items() if _are_objects(each)}
    if len(arrays) == 1:
        key, items = next(iter(arrays.items()))
        return items, f"its rows are the items of {key!r}"
    return _of_columns(content)


def _are_objects(value: Item) -> bool:
    items = cast("list[Item]", value) if isinstance(value, list) else []
    return bool(items) and all(isinstance(item, dict) for item in items)


def _named(items: list[Item]) -> list[Item]:
    """Give rows that are lists the names in their first one, where that holds texts unlike the others, else numbers."""
    if not items or not all(isinstance(item, list) for item in items):
        return items
    rows = cast("list[list[Item]]", items)
    if any(len(row) != len(rows[0]) or any(isinstance(cell, dict) for cell in row) for row in rows):
        return items
    first = [str(cell) for cell in rows[0]]
    known = {"text", "sentence", "review", "tokens", "words", "content", "message"} & {each.lower() for each in first}
    names = first if known else [str(number) for number in range(1, len(first) + 1)]
    return [dict(zip(names, row, strict=True)) for row in (rows[1:] if known else rows)]


def _of_columns(content: Mapping[str, Item]) -> tuple[list[Item] | None, str]:
    """Make rows of columns: a list, or an object by the rows' names, under the name of each column."""
    columns = list(content.values())
    if not columns:
        return None, ""
    if all(isinstance(column, list) for column in columns):
        if len({len(column) for column in columns}) > 1 or len(columns) < 2:
            return None, ""
        return [dict(zip(content, row, strict=True)) for row in zip(*columns, strict=True)], "its keys are columns"
    if not all(isinstance(column, dict) for column in columns):
        return None, ""
    keys = list(columns[0])
    if any(list(column) != keys for column in columns):
        return None, ""
    if all(key.isdecimal() for key in content) and not all(key.isdecimal() for key in keys):
        return columns, "its keys number the rows"
    return [{name: column[key] for name, column in content.items()} for key in keys], "its keys are columns"
