"""JSON of texts with marked characters, as spaCy, Prodigy and doccano write it: words with B- and I- labels."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from throughtime.data.files import describe, open_lines
from throughtime.data.formats.json.items import is_turned_down, json_items
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record, Span
from throughtime.data.words import word_places
from throughtime.errors import DataError, UsageError

__all__ = ["read_spans", "span_fields"]

_TEXTS, _MARKS = ("text", "data", "content", "sentence"), ("entities", "spans", "label", "labels")
_STARTS, _STOPS, _NAMES = ("start", "start_offset"), ("end", "end_offset"), ("label", "labels", "type", "tag")


def read_spans(path: Path, how: Reading, problems: Problems, *, targets: bool) -> Iterator[Record]:
    r"""Read texts whose parts are marked by character, as words with labels in the BIO scheme.

    A mark is ``[start, stop, label]``, or an object with these (``start``, ``end`` or ``end_offset``, ``label``).

    Args:
        path: the file, an object a line, or an array of them.
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
    if targets and not how.found.fixed:
        how.found.spans = True
    told = False
    for place, value in _rows(path, how, problems):
        try:
            row = span_fields(value)
            if row is None:
                raise DataError("no object; one object a line is needed")
            if targets and is_turned_down(row):
                if not told:
                    told = True
                    problems.note(f"{place} was not accepted when it was annotated; it is left out, as others may be")
                continue
            text = _field(row, how.text_column, _TEXTS)
            if not isinstance(text, str) or not text.strip():
                raise DataError("there is no text in it")
            places = word_places(text)
            marks = _marks(_field(row, how.target_column, _MARKS)) if targets else []
            target = tuple(_labels(text, places, marks)) if targets else None
        except DataError as error:
            problems.report(place, str(error))
        else:
            words = tuple(text[start:stop] for start, stop in places)
            yield Record(words, target, place, row if targets else {**row, "tokens": list(words)})


def span_fields(row: object) -> dict[str, Any] | None:
    """Give the fields of a record: of an object, or of spaCy's pair of a text and an object.

    Args:
        row: what JSON holds.

    Returns:
        Its fields; None where it is no such thing.

    Example:
        >>> span_fields(["Ann left.", {"entities": [[0, 3, "PER"]]}])
        {'text': 'Ann left.', 'entities': [[0, 3, 'PER']]}
    """
    match row:
        case dict():
            return cast("dict[str, Any]", row)
        case [str(text), dict(fields)]:  # pyright: ignore[reportUnknownVariableType]
            return {"text": text, **cast("dict[str, Any]", fields)}
        case _:
            return None


def _rows(path: Path, how: Reading, problems: Problems) -> Iterator[tuple[str, object]]:
    """Place and value of each record: an item of an array, or a line."""
    name, lines = describe(path), enumerate(open_lines(path, how.encoding, problems.note), 1)
    for number, line in lines:
        if not line.strip():
            continue
        if line.lstrip()[0] == "[" and not _is_line(line):
            whole = "\n".join([line, *(rest for _, rest in lines)])
            for place, item in enumerate(json_items(whole, name, problems.note), 1):
                yield f"{name}: item {place}", item
            return
        try:
            yield f"{name}: line {number}", json.loads(line)
        except (ValueError, RecursionError):
            problems.report(f"{name}: line {number}", "no JSON; one object a line is needed")


def _is_line(line: str) -> bool:
    """Whether a line is one record by itself."""
    try:
        return span_fields(json.loads(line)) is not None
    except (ValueError, RecursionError):
        return False


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
        parts = list(cast("list[object]", part))
    else:
        given = cast("Mapping[str, object]", part if isinstance(part, dict) else {})
        parts = [next((given[name] for name in names if name in given), None) for names in (_STARTS, _STOPS, _NAMES)]
    if isinstance(parts[2] if len(parts) > 2 else None, list) and len(cast("list[object]", parts[2])) == 1:
        parts[2] = cast("list[object]", parts[2])[0]  # Label Studio lists the labels of a mark
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
