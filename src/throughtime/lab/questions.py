"""What the page may send: each value is checked before it is used. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from throughtime.errors import UsageError

__all__ = ["MOST_TEXT", "Asked", "listed_in", "number_in", "pair_in", "text_in", "whole_in"]

Asked = Mapping[str, Any]
"""A question: ``ask`` names it, beside what it takes."""

MOST_TEXT = 20_000
"""Characters of a text."""


def text_in(asked: Asked, name: str, otherwise: str | None = None) -> str:
    """Take a text out of a question.

    Args:
        asked: the question.
        name: of the value.
        otherwise: what is taken where it is missing or null; None: it must be there.

    Returns:
        The text.

    Raises:
        UsageError: it is no text, or longer than the lab reads.
    """
    value = asked.get(name)
    if value is None and otherwise is not None:
        return otherwise
    if not isinstance(value, str):
        raise UsageError(f"{name} must be a text, got {value!r:.60}")
    if len(value) > MOST_TEXT:
        raise UsageError(
            f"the text has {len(value):,} characters, and the lab reads up to {MOST_TEXT:,}: take a part of it"
        )
    return value


def whole_in(asked: Asked, name: str) -> int:
    """Take a whole number, 0 or more, out of a question.

    Args:
        asked: the question.
        name: of the value.

    Returns:
        The number.

    Raises:
        UsageError: it is something else.
    """
    value = asked.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UsageError(f"{name} must be a whole number, 0 or more, got {value!r:.60}")
    return value


def number_in(asked: Asked, name: str) -> float:
    """Take a number out of a question.

    Args:
        asked: the question.
        name: of the value.

    Returns:
        The number.

    Raises:
        UsageError: it is something else.
    """
    value = asked.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise UsageError(f"{name} must be a number, got {value!r:.60}")
    return float(value)


def pair_in(asked: Asked, name: str) -> tuple[int, int]:
    """Take two whole numbers out of a question.

    Args:
        asked: the question.
        name: of the value.

    Returns:
        Both.

    Raises:
        UsageError: it is something else.
    """
    value = asked.get(name)
    pair = cast("list[Any]", value) if isinstance(value, list) else []
    if len(pair) != 2 or not all(isinstance(each, int) and not isinstance(each, bool) for each in pair):
        raise UsageError(f"{name} must be two whole numbers, got {value!r:.60}")
    return pair[0], pair[1]


def listed_in(asked: Asked, name: str) -> list[Asked]:
    """Take a list of objects out of a question.

    Args:
        asked: the question.
        name: of the value.

    Returns:
        The list.

    Raises:
        UsageError: it is something else.
    """
    value = asked.get(name)
    each = cast("list[Any]", value) if isinstance(value, list) else []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in each):
        raise UsageError(f"{name} must be a list of objects, got {value!r:.60}")
    return each
