"""Characters that are none: halves of surrogate pairs, which no file of text can hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from throughtime.data.encodings import is_unicode
from throughtime.data.reading import Problems
from throughtime.data.record import Record, Sequences
from throughtime.errors import DataError

__all__ = ["of_whole_characters", "refuse_half_pairs"]


def of_whole_characters(records: Iterable[Record], problems: Problems) -> Iterator[Record]:
    r"""Pass on the records that are made of whole characters.

    Args:
        records: any records.
        problems: what becomes of the others.

    Yields:
        The records that can be written as UTF-8, in order, as they come.

    Raises:
        DataError: there is half of a surrogate pair in one, and bad records are not to be skipped.

    Example:
        >>> records = [Record(text, None, "a.csv: line 2") for text in ("so good", "so \ud83d")]
        >>> [record.content for record in of_whole_characters(records, Problems(skip=True))]
        ['so good']
    """
    for record in records:
        if (strange := _not_unicode(record)) is None:
            yield record
        else:
            what = "holds half of a surrogate pair, which is no character; decode it rightly, or leave it out"
            problems.report(record.place, f"{strange!r} {what}")


def _not_unicode(record: Record) -> str | None:
    """What is around the first character of a record that cannot be written as UTF-8."""
    target = record.target.right if isinstance(record.target, Sequences) else (record.target,)
    for part in (record.content, *record.beside.values(), record.group, *target):
        for text in part if isinstance(part, tuple) else (part,):
            if isinstance(text, str) and not is_unicode(text):
                at = next(place for place, character in enumerate(text) if not is_unicode(character))
                return text[max(0, at - 15) : at + 15]
    return None


def refuse_half_pairs(value: object, what: str) -> None:
    r"""See that a text, or each text of a list, is made of whole characters.

    Args:
        value: a text, or a list of texts; anything else passes.
        what: what it is called, for messages.

    Raises:
        DataError: there is half of a surrogate pair in it.

    Example:
        >>> refuse_half_pairs("so good", "column 'text'")
        >>> refuse_half_pairs("so \ud83d", "column 'text'")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        throughtime.errors.DataError: column 'text' holds half of a surrogate pair (\ud83d at character 4), which ...
    """
    if isinstance(value, list | tuple):
        for item in cast(Sequence[object], value):
            refuse_half_pairs(item, what)
    if not isinstance(value, str):
        return
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        half = f"\\u{ord(value[error.start]):04x} at character {error.start + 1:,}"
        raise DataError(
            f"{what} holds half of a surrogate pair ({half}), which is no character; "
            "take it out: text.encode('utf-8', 'ignore').decode('utf-8')"
        ) from None
