"""SQuAD's JSON, versions 1.1 and 2.0: articles with paragraphs, questions about each, and where their answers stand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from throughtime.data.files import describe, open_lines
from throughtime.data.formats.questions.answers import cut, marked_at, spans_of
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record, Span, Spans
from throughtime.errors import DataError, UsageError

__all__ = ["is_squad", "read_squad"]

Fields = Mapping[str, Any]
_NEEDED = 'SQuAD\'s JSON is {"data": [{"title": ..., "paragraphs": [{"context": ..., "qas": [...]}]}]}'


def is_squad(text: str) -> bool:
    """Tell whether JSON holds questions as SQuAD does, by how it begins.

    Args:
        text: its beginning.

    Returns:
        Whether it does.

    Example:
        >>> is_squad('{"version": "1.1", "data": [{"title": "Rain", "paragraphs": [{"context": "It'), is_squad("{}")
        (True, False)
    """
    return (
        text.lstrip()[:1] == "{"
        and all(f'"{name}"' in text for name in ("data", "paragraphs"))
        and ('"context"' in text or '"qas"' in text)
    )


def read_squad(path: Path, how: Reading, problems: Problems, *, targets: bool) -> Iterator[Record]:
    """Read questions about paragraphs; the whole file is in memory at once.

    Args:
        path: the file, packed or plain; ``-`` is standard input.
        how: options; ``encoding``, and ``target_type``, which must be spans.
        problems: told of questions that are empty or have no answer, and of answers that are not where they should be.
        targets: whether the answers are read.

    Yields:
        A record for each question: content the paragraph, beside it the question, target its right answers' places
        (none where it is impossible), group the article, original id, title, context and question.

    Raises:
        DataError: the file is not SQuAD's JSON.
        UsageError: something else than questions is to be learned.

    Source: Rajpurkar et al. 2016, "SQuAD: 100,000+ questions for machine comprehension of text"; Rajpurkar, Jia, Liang
    2018, "Know what you don't know: unanswerable questions for SQuAD" (``is_impossible``).
    """
    name = describe(path)
    if how.target_type != "spans":
        raise UsageError(f"{name} holds questions about texts, as SQuAD does; they are learned with answer")
    text = "\n".join(open_lines(path, how.encoding, problems.note))
    for number, article in enumerate(_articles(text, name), 1):
        title = str(article.get("title") or "")
        for paragraph in _each(article, "paragraphs", f"{name}: article {number}"):
            context = paragraph.get("context")
            for qa in _each(paragraph, "qas", f"{name}: article {number}"):
                place = f"{name}: question {qa['id']}" if qa.get("id") else f"{name}: article {number}"
                try:
                    yield _record(qa, context, title, place, targets=targets)
                except DataError as error:
                    problems.report(place, str(error))


def _articles(text: str, name: str) -> list[Fields]:
    try:
        whole: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" ({error.msg} in line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise DataError(f"{name} is no JSON{where}; {_NEEDED}") from None
    if not isinstance(whole, dict):
        raise DataError(f"{name} is {type(whole).__name__}, not an object; {_NEEDED}")
    return _each(cast(Fields, whole), "data", name)


def _each(fields: Fields, name: str, place: str) -> list[Fields]:
    """The objects under a name."""
    items = fields.get(name)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in cast("list[Any]", items)):
        raise DataError(f"{place} has no list of objects {name!r}; {_NEEDED}")
    return cast("list[Fields]", items)


def _record(qa: Fields, context: Any, title: str, place: str, *, targets: bool) -> Record:
    question = qa.get("question")
    for what, given in (("context", context), ("question", question)):
        if not isinstance(given, str) or not given.strip():
            raise DataError(f"the {what} is empty" if given in (None, "") or isinstance(given, str) else f"no {what}")
    target = _target(qa, cast(str, context)) if targets else None
    original = {"id": qa.get("id", ""), "title": title, "context": context, "question": question}
    return Record(context, target, place, original, {"question": cast(str, question)}, title or context)


def _target(qa: Fields, context: str) -> Spans:
    """The places of the right answers, each once; none where there is none."""
    if qa.get("is_impossible") is True:
        return Spans(())
    answers = qa.get("answers")
    if not isinstance(answers, list) or not answers:
        raise DataError("it has no answers, and is not marked as impossible (is_impossible)")
    marks = [_mark(answer, context) for answer in cast("list[Any]", answers)]
    return spans_of(marks)


def _mark(answer: Any, context: str) -> Span:
    fields = cast(Fields, answer) if isinstance(answer, dict) else dict[str, Any]()
    text, start = fields.get("text"), fields.get("answer_start")
    if not isinstance(text, str) or not isinstance(start, int) or isinstance(start, bool):
        raise DataError(f"an answer is {cut(str(cast(object, answer)))}, not a text with its answer_start")
    return marked_at(context, text, start)
