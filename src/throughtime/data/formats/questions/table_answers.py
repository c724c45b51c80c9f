"""Answers in the cells of a table: a text, several right ones, and where they begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from throughtime.data.formats.questions.answers import cut, marked_at, spans_of
from throughtime.data.record import Sequences, Spans
from throughtime.data.tables.lists import read_list
from throughtime.data.tables.named_rows import as_numpy
from throughtime.data.tables.values import as_label
from throughtime.errors import DataError

__all__ = ["answers_in"]

Row = Mapping[str, object]


def answers_in(row: Row, context: str, answer: str, start: str | None, *, unanswerable: bool) -> Sequences | Spans:
    """Read the answers in a row.

    Args:
        row: cells by column.
        context: what is asked about.
        answer: column of the answer: a text, a list of right ones, or an object of ``text`` and ``answer_start``, as
            Hugging Face's data sets have it.
        start: column of where it begins in the context, or None.
        unanswerable: whether an empty answer says that there is none.

    Returns:
        Where the answers stand, none where there is none; their texts where the row does not say.

    Raises:
        DataError: the answer is empty or not where it should be.

    Example:
        >>> answers_in({"a": "Lee", "at": "4"}, "Ann Lee left.", "a", "at", unanswerable=False).marked
        (Span(start=4, stop=7, label=None),)
        >>> answers_in({"a": ["Lee", "Ann Lee"]}, "Ann Lee left.", "a", None, unanswerable=False)
        Sequences(right=('Lee', 'Ann Lee'))
    """
    value = row.get(answer)
    starts = None if start is None else row.get(start)
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, object]", value)
        value, starts = fields.get("text"), fields.get("answer_start")
        unanswerable = unanswerable or not _items(value)
    value = _listed(value, answer)
    texts = [each for each in _items(value) if not _is_empty(each)]
    if not texts:
        if unanswerable or isinstance(value, list):
            return Spans(())
        raise DataError(f"column {answer!r} is empty")
    right = tuple(each if isinstance(each, str) else as_label(each, answer) for each in texts)
    numbers = [each for each in _items(_listed(starts, start or answer)) if not _is_empty(each)]
    if not numbers:
        return Sequences(tuple(text.strip() for text in right))
    if len(numbers) != len(right):
        raise DataError(f"{len(right)} answers in {answer!r}, but {len(numbers)} starts")
    return spans_of(marked_at(context, text, _number(each)) for text, each in zip(right, numbers, strict=True))


def _listed(value: object, column: str) -> object:
    """Take a list that is written as text as one."""
    return (read_list(value, column) or value) if isinstance(value, str) and value.lstrip()[:1] == "[" else value


def _items(value: object) -> Sequence[object]:
    if hasattr(value, "__array__"):
        value = cast(Any, as_numpy(value)).tolist()
    return cast("Sequence[object]", value) if isinstance(value, list | tuple) else [value]


def _is_empty(value: object) -> bool:
    return value is None or value != value or (isinstance(value, str) and not value.strip())


def _number(value: object) -> int:
    try:
        number = int(cast(Any, value))
    except (TypeError, ValueError):
        raise DataError(f"the start of an answer is {cut(str(value))}, not a number of characters") from None
    if number != float(cast(Any, value)):
        raise DataError(f"the start of an answer is {value}, not a whole number of characters")
    return number
