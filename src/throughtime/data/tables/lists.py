"""Lists that were written into a cell as text: by JSON, by Python, by NumPy. They are read, and no code runs."""

from __future__ import annotations

import ast
import json
import re
from typing import cast

from throughtime.errors import DataError

__all__ = ["is_number_list", "read_list"]

_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|True|False|true|false|None|null|nan|NaN"
_ITEM = re.compile(
    rf"\s*(?:np\.\w+\(\s*({_QUOTED}|{_NUMBER})\s*\)|({_QUOTED}|{_NUMBER}))(\s*,\s*|\s+|$|(?='|\"))", re.S
)
_VALUE = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_NUMBERS = re.compile(rf"[\[(]?\s*{_VALUE}(?:[\s,;]+{_VALUE})+\s*[\])]?")
_ARRAY = re.compile(r"(?:array|Array|tensor)\((.*?)(?:,\s*(?:dtype|device)=[^\]]*)?\)", re.S)
_OPENS = re.compile(r"\[(?:np\.\w+\()?['\"]")
"""How a list of texts begins; hardly a sentence does."""
_GOES_ON = re.compile(r"['\"]\)?,? *\n? *(?:np\.\w+\()?['\"]")
"""What stands between two of its items."""
_PLAIN: dict[str, object] = {
    **dict.fromkeys(("True", "true"), True),
    **dict.fromkeys(("False", "false"), False),
    **dict.fromkeys(("None", "null", "nan", "NaN")),
}


def read_list(text: str, column: str) -> list[object] | None:
    r"""Read a list that was written as text, as pandas writes one into a CSV file.

    Args:
        text: a cell, such as ``['a', 'b']``, ``["a", "b"]``, ``['a' 'b']``, ``[0, 3]`` or ``[0 3]``.
        column: its column, for messages.

    Returns:
        Its items; None where the cell is no such list.

    Raises:
        DataError: it begins and ends as a list of texts and cannot be read; NumPy leaves items out of long ones.

    Example:
        >>> read_list("['New York' 'is']", "tokens"), read_list("[0, 3]", "tags"), read_list("[ laughter ]", "text")
        (['New York', 'is'], [0, 3], None)
    """
    cell = text.strip()
    if match := _ARRAY.fullmatch(cell):
        cell = match[1].strip()
    if (cell[:1], cell[-1:]) not in (("[", "]"), ("(", ")")):
        if _OPENS.match(cell) and _GOES_ON.search(cell) and cell[-1] != "]":
            raise _refused(cell, column, "; it has no end: has it been cut off?")
        return None
    try:
        whole = cast(object, json.loads(cell))
        if isinstance(whole, list):
            return cast("list[object]", whole)
    except (ValueError, RecursionError):
        pass
    items = _items(cell[1:-1])
    if (
        items is not None
        and (items or not cell[1:-1].strip())
        and (cell[0] == "[" or any(isinstance(item, str) for item in items))
    ):
        return items
    if not _OPENS.match(cell):
        return None
    raise _refused(cell, column, "; NumPy has left items out of it ('...')" if "..." in cell else "")


def is_number_list(text: str) -> bool:
    """Tell whether a text is a list of numbers: in brackets, or three at least, not all of them whole.

    Args:
        text: the text. Whole numbers without brackets may be words that were numbered.

    Returns:
        Whether it is.

    Example:
        >>> is_number_list("[1, 2]"), is_number_list("0.5 0.25 1"), is_number_list("17 4 99")
        (True, True, False)
    """
    cell = text.strip()
    if not cell or cell[0] not in "[(+-.0123456789" or _NUMBERS.fullmatch(cell) is None:
        return False
    return (cell[0] + cell[-1] in ("[]", "()")) or ("." in cell and len(cell.split()) > 2 and cell[0] not in "[(")


def _refused(cell: str, column: str, why: str) -> DataError:
    shown = cell[:40] + ("..." if len(cell) > 40 else "")
    return DataError(
        f"column {column!r} holds {shown!r}, a list that cannot be read{why}; write it as JSON (json.dumps), "
        "or separate the items by spaces"
    )


def _items(inside: str) -> list[object] | None:
    """The items between two brackets, all separated by commas or none; None where there is anything else."""
    items: list[object] = []
    commas: set[bool] = set()
    place, inside = 0, inside.strip()
    while place < len(inside):
        match = _ITEM.match(inside, place)
        if match is None:
            return None
        items.append(_item(match[1] or match[2]))
        place = match.end()
        if place < len(inside):
            commas.add("," in match[3])
    return items if len(commas) < 2 else None


def _item(text: str) -> object:
    return _PLAIN[text] if text in _PLAIN else cast(object, ast.literal_eval(text))
