"""SQuAD's JSON, bAbI's stories and answers in tables: what is read is what was written, what is wrong is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from throughtime.data.formats.questions.answers import find_answer, marked_at
from throughtime.data.formats.questions.table_answers import answers_in
from throughtime.data.formats.registry import format_of, read_records
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record, Sequences, Span, Spans
from throughtime.data.user_data import Given
from throughtime.errors import DataError, UsageError

HOW = Reading(target_type="spans", beside_columns=(("question", "question"),))
CONTEXT = "Ann Lee met Ann Poe in Rome."


def qa(question: str, *answers: tuple[str, int], **more: Any) -> dict[str, Any]:
    given = [{"text": text, "answer_start": start} for text, start in answers]
    return {"id": question, "question": question, "answers": given, **more}


def squad(path: Path, *qas: dict[str, Any], context: str = CONTEXT) -> Path:
    article = {"title": "People", "paragraphs": [{"context": context, "qas": list(qas)}]}
    path.write_text(json.dumps({"version": "v2.0", "data": [article]}))
    return path


def read(path: Path, problems: Problems | None = None, *, targets: bool = True) -> list[Record]:
    return list(read_records(Given((path,)), HOW, problems or Problems(), targets=targets))


def test_squad_is_read(tmp_path: Path) -> None:
    path = squad(
        tmp_path / "a.json",
        qa("Who?", ("Ann Poe", 12), ("Poe", 16), ("Ann Poe", 12)),
        qa("Why?", is_impossible=True),
        qa("Where?", ("Rome", 23), is_impossible=False),
    )
    assert format_of(path, HOW) == "squad"
    who, why, where = read(path)
    assert who.target == Spans((Span(12, 19), Span(16, 19))), "each right answer once"
    assert (who.content, who.beside["question"], who.group) == (CONTEXT, "Who?", "People")
    assert why.target == Spans(()) and where.target == Spans((Span(23, 27),))
    assert [record.target for record in read(path, targets=False)] == [None] * 3


def test_squad_in_several_lines_under_any_name_is_told_by_what_is_in_it(tmp_path: Path) -> None:
    path = squad(tmp_path / "a.json", qa("Who?", ("Ann Lee", 0)))
    (tmp_path / "b.txt").write_text(json.dumps(json.loads(path.read_text()), indent=2))
    assert format_of(tmp_path / "b.txt", HOW) == "squad"
    assert read(tmp_path / "b.txt")[0].target == Spans((Span(0, 7),))


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (
            qa("Who?", ("Ann Poe", 13)),
            "the answer 'Ann Poe' is not at its answer_start 13 in the context, where",
        ),
        (qa("Who?", ("Ann Poe", 13)), "it stands at 12"),
        (qa("Who?", ("Bob", 0)), "nor anywhere else in it"),
        (qa("Who?", ("Rome", 999)), "where nothing stands; it stands at 23"),
        (qa("Who?", ("Ann", -1)), "it stands at 0 and 12"),
        (qa(" ", ("Ann", 0)), "the question is empty"),
        (qa("Who?"), "it has no answers, and is not marked as impossible"),
        (qa("Who?", (".", 27)), "the answer '.' "),
    ],
)
def test_bad_answers_are_refused_and_may_be_skipped(tmp_path: Path, bad: dict[str, Any], words: str) -> None:
    path = squad(tmp_path / "a.json", bad, qa("Where?", ("Rome", 23)))
    if bad["answers"] and bad["answers"][0]["text"] == ".":
        assert read(path)[0].target == Spans((Span(27, 28),)), "a mark is a word"
        return
    with pytest.raises(DataError) as caught:
        read(path)
    assert words in str(caught.value) and f"{path}: question" in str(caught.value)
    problems = Problems(skip=True)
    assert len(read(path, problems)) == 1 and len(problems.skipped) == 1


def test_what_is_no_squad_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"data": [{"paragraphs": [{"context": "so", "qas": 3}]}]}')
    with pytest.raises(DataError, match="article 1 has no list of objects 'qas'"):
        read(path)
    path.write_text('{"data": [{"paragraphs": [{"context": "so", "qas": [')
    with pytest.raises(DataError, match="is no JSON"):
        read(path)
    with pytest.raises(UsageError, match="they are learned with answer"):
        list(read_records(Given((squad(path, qa("Who?", ("Ann", 0))),)), Reading(), Problems(), targets=True))


STORY = (
    "1 Mary went to Rome.\n2 Where is Mary? \tRome\t1\n3 John left.\n4 Mary went to Oslo.\n"
    "5 Where is Mary?\tOslo\t4\n1 Eve sat.\n2 Who sat?\tEve\t1\n"
)


def test_babi_is_read(tmp_path: Path) -> None:
    path = tmp_path / "qa1_train.txt"
    path.write_text(STORY)
    assert format_of(path, HOW) == "babi"
    first, second, third = read(path)
    assert (first.content, first.target, first.beside["question"]) == ("Mary went to Rome.", "Rome", "Where is Mary?")
    assert second.content == "Mary went to Rome.\nJohn left.\nMary went to Oslo.", "questions are no statements"
    assert second.original == {
        "context": second.content, "question": "Where is Mary?", "supporting": "3"
    }, "line 4 is the third statement"  # fmt: skip
    assert first.group == second.group != third.group
    assert [record.target for record in read(path, targets=False)] == [None] * 3


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("1 Mary sat.\n2  \tRome\t1\n", "line 2: the question is empty"),
        ("1 Mary sat.\n2 Who?\t\t1\n", "line 2: the answer is empty"),
        ("1 Who?\tMary\t\n", "line 1: a question before any statement"),
        ("1 Mary sat.\n2 Who?\tMary\t7\n", "line 2: '7' is no number of a statement before"),
        ("1 Mary sat.\nWho?\tMary\n2 Who?\tMary\t1\n", "line 2: 'Who?"),
        ("1 Mary sat.\n", "no question in it"),
    ],
)
def test_bad_stories_are_refused(tmp_path: Path, lines: str, words: str) -> None:
    path = tmp_path / "s.txt"
    path.write_text(lines)
    with pytest.raises(DataError, match=words.replace("?", r"\?")):
        list(read_records(Given((path,)), HOW, Problems(), targets=True, form="babi"))


def test_answers_in_cells() -> None:
    def given(row: dict[str, object], *, start: str | None = None, unanswerable: bool = False) -> object:
        return answers_in(row, CONTEXT, "a", start, unanswerable=unanswerable)

    poe = Spans((Span(12, 19),))
    assert given({"a": "Ann Poe"}) == Sequences(("Ann Poe",))
    assert given({"a": "Ann Poe", "s": 12.0}, start="s") == poe == given({"a": ["Ann Poe"], "s": "[12]"}, start="s")
    assert given({"a": "['Ann Poe', 'Poe']"}) == Sequences(("Ann Poe", "Poe"))
    assert given({"a": {"text": ["Ann Poe"], "answer_start": [12]}}) == poe
    assert given({"a": {"text": [], "answer_start": []}}) == Spans(()), "as Hugging Face has what is impossible"
    assert given({"a": ""}, unanswerable=True) == Spans(())
    for row, words in [
        ({"a": ""}, "column 'a' is empty"), ({"a": "Ann", "s": 1}, "is not at its answer_start 1"),
        ({"a": ["Ann", "Poe"], "s": [0]}, "2 answers in 'a', but 1 starts"), ({"a": "Ann", "s": "x"}, "not a number"),
        ({"a": "Ann", "s": 0.5}, "not a whole number"),
    ]:  # fmt: skip
        with pytest.raises(DataError, match=words):
            given(row, start="s" if "s" in row else None)


def test_an_answer_is_found_as_a_whole_word() -> None:
    assert find_answer("an ant can", "an", "") == Span(0, 2)
    assert find_answer("antics", "tic", "") == Span(2, 5), "as a part of a word where there is no other"
    with pytest.raises(DataError, match="stands 2 times in the context, at 0, 12; say where"):
        find_answer(CONTEXT, "Ann", "say where")
    assert marked_at(CONTEXT, "Rome.", 23) == Span(23, 28)
