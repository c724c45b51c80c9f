"""What answers a question about a text: marked parts of it, or a word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice

from throughtime.data.record import Span, Spans
from throughtime.data.words import word_places
from throughtime.errors import DataError

__all__ = ["cut", "find_answer", "marked_at"]

_SHOWN = 40


def cut(text: str) -> str:
    """Give the beginning of a text for a message, in quotes."""
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "...")


def marked_at(context: str, answer: str, start: int) -> Span:
    """Mark an answer where it is said to begin.

    Args:
        context: the text.
        answer: the part of it that answers.
        start: its first character, from 0.

    Returns:
        The mark.

    Raises:
        DataError: it does not stand there, or has no word in it.

    Example:
        >>> marked_at("Ann Lee left.", "Lee", 4)
        Span(start=4, stop=7, label=None)
    """
    if start >= 0 and context.startswith(answer, start) and word_places(answer):
        return Span(start, start + len(answer))
    if not word_places(answer):
        raise DataError(f"the answer {cut(answer)} has no word in it")
    others = _places(context, answer)
    there = f"; it stands at {' and '.join(map(str, others))}" if others else ", nor anywhere else in it"
    found = cut(context[start : start + len(answer)]) if 0 <= start < len(context) else "nothing"
    raise DataError(
        f"the answer {cut(answer)} is not at its answer_start {start} in the context, where {found} stands{there}"
    )


def find_answer(context: str, answer: str, what: str) -> Span | None:
    """Find the one place where an answer stands in its context.

    Args:
        context: the text.
        answer: the part of it that answers.
        what: what says where it begins, for the message.

    Returns:
        Its place; None where it stands nowhere.

    Raises:
        DataError: it stands there several times as whole words.

    Example:
        >>> find_answer("an ant and an owl", "ant", ""), find_answer("an owl", "ant", "")
        (Span(start=3, stop=6, label=None), None)
    """
    places = _places(context, answer)
    if len(places) > 1:
        shown = ", ".join(map(str, places[:5]))
        raise DataError(f"the answer {cut(answer)} stands {len(places)} times in the context, at {shown}; {what}")
    return Span(places[0], places[0] + len(answer)) if places else None


def _places(context: str, answer: str) -> list[int]:
    """Where an answer begins: as whole words, or else as parts of words."""
    if not answer:
        return []
    found = [match.start() for match in islice(re.finditer(f"(?={re.escape(answer)})", context), 1000)]
    edges = {edge for place in word_places(context) for edge in place} if len(found) > 1 else set[int]()
    whole = [start for start in found if start in edges and start + len(answer) in edges]
    return whole or found


def spans_of(marks: Iterable[Span]) -> Spans:
    """Collect marks, each once, in order."""
    return Spans(tuple(dict.fromkeys(marks)))


def texts_of(context: str, marked: Sequence[Span]) -> list[str]:
    """Give the marked parts of a text."""
    return [context[mark.start : mark.stop] for mark in marked]
