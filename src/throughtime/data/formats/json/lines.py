"""JSON lines as rows: an object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from throughtime.data.files import describe, open_lines
from throughtime.data.formats.json.items import is_turned_down
from throughtime.data.reading import Problems, Reading

__all__ = ["accepted", "json_rows"]


def accepted(
    rows: Iterator[tuple[str, Mapping[str, object]]], problems: Problems
) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Leave out what the annotators of Prodigy have turned down.

    Args:
        rows: place and fields of each record.
        problems: told of the first one.

    Yields:
        The others.
    """
    told = False
    for place, row in rows:
        if not is_turned_down(row):
            yield place, row
        elif not told:
            told = True
            problems.note(f"{place} was not accepted when it was annotated; it is left out, as others may be")


def json_rows(path: Path, how: Reading, problems: Problems) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Read the objects of JSON lines.

    Args:
        path: the file; ``-`` is standard input.
        how: its encoding.
        problems: told of lines that are no object, and of blank ones.

    Yields:
        Place and fields of each.
    """
    name, blank = describe(path), False
    for number, line in enumerate(open_lines(path, how.encoding, problems.note), 1):
        place = f"{name}: line {number}"
        if not line or line.isspace():
            if not blank:
                problems.note(f"{place} is blank; blank lines are left out, here and further on")
            blank = True
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            problems.report(place, f"no JSON ({error.msg} at character {error.pos + 1}); one object a line is needed")
        except RecursionError:
            problems.report(place, "no JSON that can be read: it is nested too deeply")
        else:
            if not isinstance(row, dict):
                problems.report(place, f"holds {_json_kind(row)}, not an object; one object a line is needed")
            elif "\\u" in line and _has_half_pairs(cast(object, row)):
                problems.report(place, r"holds half of a surrogate pair (\ud800 to \udfff), which is no character")
            else:
                yield place, cast(Mapping[str, object], row)


def _json_kind(value: object) -> str:
    kinds = {"list": "a list", "str": "a text", "bool": "a truth value", "NoneType": "null"}
    return kinds.get(type(value).__name__, "a number")


def _has_half_pairs(row: object) -> bool:
    try:
        json.dumps(row, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False
