"""Characters that are none: halves of surrogate pairs, which no file of text can hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from throughtime.errors import DataError

__all__ = ["refuse_half_pairs"]


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
