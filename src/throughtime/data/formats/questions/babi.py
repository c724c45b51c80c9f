"""bAbI's stories: numbered statements, and between them questions with a word as answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from throughtime.data.files import describe, open_lines
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.errors import DataError, UsageError

__all__ = ["is_babi", "read_babi"]

_LINE = re.compile(r"(\d+) (.*)", re.DOTALL)
_QUESTION = re.compile(r"\d+ [^\t]*\?[ ]*\t[^\t]+(?:\t[\d ]*)?")
_NEEDED = "a line is '1 Mary moved to the garden.', or '2 Where is Mary? TAB garden TAB 1'"


def is_babi(lines: Sequence[str]) -> bool:
    r"""Tell whether lines are stories of bAbI: all numbered, the first 1, and some of them questions.

    Args:
        lines: the first lines of a file, the last perhaps cut.

    Returns:
        Whether they are.

    Example:
        >>> is_babi(["1 Mary moved to the garden.", "2 Where is Mary? \tgarden\t1"]), is_babi(["1 egg", "2 spoons"])
        (True, False)
    """
    whole = [line for line in (lines[:-1] if len(lines) > 2 else lines) if line.strip()]
    if not whole or not whole[0].startswith("1 ") or not all(map(_LINE.fullmatch, whole)):
        return False
    return any(map(_QUESTION.fullmatch, whole))


@dataclass(slots=True)
class _Story:
    """A story as it is read."""

    statements: list[str] = field(default_factory=list[str])
    numbers: dict[str, int] = field(default_factory=dict[str, int])
    """Number of a line -> place of its statement in the context, from 1."""
    records: list[Record] = field(default_factory=list[Record])
    """Its questions; that they belong together is known at its end."""


def read_babi(path: Path, how: Reading, problems: Problems, *, targets: bool) -> Iterator[Record]:
    """Read the questions of stories; what stands before a question in its story is its context.

    Args:
        path: the file, packed or plain; ``-`` is standard input.
        how: options; ``encoding``, and ``target_type``, which must be spans.
        problems: told of lines that are neither statement nor question, and of questions before any statement.
        targets: whether the answers are read; without, a question is a line that ends in a question mark.

    Yields:
        A record for each question: content the statements so far, a line each, beside them the question, target the
        answer, group the story, original context and question, with targets also ``supporting``: which of the
        statements, from 1, give the answer.

    Raises:
        DataError: there is no question in the file, or it cannot be read.
        UsageError: something else than questions is to be learned.

    Source: Weston et al. 2015, "Towards AI-complete question answering: a set of prerequisite toy tasks".
    """
    name = describe(path)
    if how.target_type != "spans":
        raise UsageError(f"{name} holds stories with questions, as bAbI does; they are learned with answer")
    story, there = _Story(), False
    for number, line in enumerate(open_lines(path, how.encoding, problems.note), 1):
        place = f"{name}: line {number}"
        if not line.strip():
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            problems.report(place, f"{line[:40]!r} has no number in front; {_NEEDED}")
            continue
        if match[1] == "1":
            yield from _records(story)
            story = _Story()
        there = _take(story, match[1], match[2], place, problems, targets=targets) or there
    yield from _records(story)
    if not there:
        raise DataError(f"{name}: no question in it; {_NEEDED}")


def _take(story: _Story, number: str, text: str, place: str, problems: Problems, *, targets: bool) -> bool:
    """Take a line up; whether it is a question."""
    question, *cells = (cell.strip() for cell in text.split("\t"))
    if not cells and not (question.endswith("?") and not targets):
        story.statements.append(question)
        story.numbers[number] = len(story.statements)
        return False
    answer, supporting = (*cells, "", "")[:2]
    unknown = [each for each in supporting.split() if each not in story.numbers]
    if not question:
        problems.report(place, "the question is empty")
    elif targets and not answer:
        problems.report(place, "the answer is empty")
    elif not story.statements:
        problems.report(place, "a question before any statement of its story; give it a context")
    elif unknown:
        problems.report(place, f"{unknown[0]!r} is no number of a statement before the question")
    else:
        context = "\n".join(story.statements)
        facts = " ".join(str(story.numbers[each]) for each in supporting.split())
        original = {"context": context, "question": question, **({"supporting": facts} if targets else {})}
        target = answer if targets else None
        story.records.append(Record(context, target, place, original, {"question": question}))
    return True


def _records(story: _Story) -> Iterator[Record]:
    whole = "\n".join(story.statements)
    return (replace(record, group=whole) for record in story.records)
