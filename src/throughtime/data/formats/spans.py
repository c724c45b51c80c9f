"""JSON lines of texts with marked characters, as spaCy, Prodigy and doccano write them: words with B- and I- labels."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from throughtime.data.files import describe, open_lines
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record, Span
from throughtime.data.words import word_places
from throughtime.errors import DataError, UsageError

__all__ = ["read_spans"]

_TEXTS, _MARKS = ("text", "data", "content", "sentence"), ("entities", "spans", "label", "labels")
_STARTS, _STOPS, _NAMES = ("start", "start_offset"), ("end", "end_offset"), ("label", "type", "tag")


def read_spans(path: Path, how: Reading, problems: Problems, *, targets: bool) -> Iterator[Record]:
    r"""Read texts whose parts are marked by character, as words with labels in the BIO scheme.

    A mark is ``[start, stop, label]``, or an object with these (``start``, ``end`` or ``end_offset``, ``label``).

    Args:
        path: the file, an object a line.
        how: options; ``text_column`` and ``target_column`` name the fields, where they are not usual ones.
        problems: told of lines that are no such object, and of marks that cut a word, overlap or lie outside the text.
        targets: whether the marks are read.

    Yields:
        Records of words, with a label for each.

    Raises:
        UsageError: one target for the whole text is wanted.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.jsonl"
        >>> _ = path.write_text(json.dumps({"text": "Ann Lee left.", "entities": [[0, 7, "PER"]]}))
        >>> (record,) = read_spans(path, Reading(per_step=True), Problems(), targets=True)
        >>> record.content, record.target
        (('Ann', 'Lee', 'left', '.'), ('B-PER', 'I-PER', 'O', 'O'))
    """
    name = describe(path)
    if not how.per_step:
        raise UsageError(f"{name} marks parts of its texts; they are learned with tag")
    for number, line in enumerate(open_lines(path, how.encoding, problems.note), 1):
        if not line.strip():
            continue
        place = f"{name}: line {number}"
        try:
            row = _row(line)
            text = _field(row, how.text_column, _TEXTS)
            if not isinstance(text, str) or not text.strip():
                raise DataError("there is no text in it")
            places = word_places(text)
            marks = _marks(_field(row, how.target_column, _MARKS)) if targets else []
            target = tuple(_labels(text, places, marks)) if targets else None
        except DataError as error:
            problems.report(place, str(error))
        else:
            yield Record(tuple(text[start:stop] for start, stop in places), target, place, row)


def _row(line: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        raise DataError("no JSON; one object a line is needed") from None
    if not isinstance(row, dict):
        raise DataError("no object; one object a line is needed")
    return cast("Mapping[str, Any]", row)


def _field(row: Mapping[str, Any], asked: str | None, usual: Sequence[str]) -> object:
    name = asked or next((each for each in usual if each in row), None)
    if name is None or name not in row:
        raise DataError(f"no field {asked!r}" if asked else f"none of the fields {', '.join(usual)} is there")
    return row[name]


def _marks(value: object) -> list[Span]:
    if not isinstance(value, list):
        raise DataError(f"the marks are {type(value).__name__}, not a list of [start, stop, label]")
    return sorted(_mark(part) for part in cast("list[object]", value))


def _mark(part: object) -> Span:
    if isinstance(part, list):
        parts = cast("list[object]", part)
    else:
        given = cast("Mapping[str, object]", part if isinstance(part, dict) else {})
        parts = [next((given[name] for name in names if name in given), None) for names in (_STARTS, _STOPS, _NAMES)]
    match parts[:3]:
        case [int(start), int(stop), str(label)] if label.strip():
            return Span(start, stop, label.strip())
        case _:
            raise DataError(f"a mark is {part!r}, not [start, stop, label]")


def _labels(text: str, places: Sequence[tuple[int, int]], marks: Sequence[Span]) -> list[str]:
    """The label of each word; marks are in order."""
    labels = ["O"] * len(places)
    last = 0
    for mark in marks:
        shown = f"the mark {mark.label!r} of characters {mark.start} to {mark.stop}"
        if not 0 <= mark.start < mark.stop <= len(text):
            raise DataError(f"{shown} lies outside the text of {len(text)} characters")
        if mark.start < last:
            raise DataError(f"{shown} overlaps another one; a word has one label")
        inside = [index for index, (start, stop) in enumerate(places) if start < mark.stop and stop > mark.start]
        cut = [index for index in inside if places[index][0] < mark.start or places[index][1] > mark.stop]
        if cut or not inside:
            what = f"cuts the word {text[slice(*places[cut[0]])]!r}" if cut else "holds no word"
            raise DataError(f"{shown} {what}; move its ends to those of words")
        labels[inside[0]] = f"B-{mark.label}"
        for index in inside[1:]:
            labels[index] = f"I-{mark.label}"
        last = mark.stop
    return labels
