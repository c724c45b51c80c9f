"""Data that ``throughtime fit answer`` must refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bad_data import Bad, raw
from small_data import GOOD

ROWS = GOOD["answer"]


def table(bad: str) -> Callable[[], object]:
    return raw("t.tsv", (ROWS + bad).encode())


def squad(**bad: Any) -> Callable[[], object]:
    """Twelve articles in SQuAD's form, and a question that is bad."""
    context = "Ann Lee lives in Rome."
    good = {"question": "Who?", "answers": [{"text": "Ann Lee", "answer_start": 0}]}
    qas = [*({**good, "id": str(n)} for n in range(12)), {**good, "id": "bad", **bad}]
    articles = [{"title": qa["id"], "paragraphs": [{"context": context, "qas": [qa]}]} for qa in qas]
    return lambda: Path("s.json").write_text(json.dumps({"data": articles}))


def story(bad: str) -> Callable[[], object]:
    good = "".join(f"1 Ann {n} sat.\n2 Bob went.\n3 Who sat?\t{'AB'[n % 2]}\t1\n" for n in range(12))
    return raw("s.txt", (good + bad).encode())


CASES: dict[str, Bad] = {
    # SQuAD
    "a span that is not at its start": Bad(
        squad(answers=[{"text": "Rome", "answer_start": 16}]), "s.json",
        ("s.json: question bad", "'Rome' is not at its answer_start 16", "it stands at 17"), skips=1,
    ),
    "a span that is nowhere": Bad(
        squad(answers=[{"text": "Oslo", "answer_start": 17}]), "s.json",
        ("question bad", "where 'Rome' stands, nor anywhere else"), skips=1,
    ),
    "an empty question": Bad(squad(question="  "), "s.json", ("question bad", "the question is empty"), skips=1),
    "no answers": Bad(squad(answers=[]), "s.json", ("question bad", "is_impossible"), skips=1),
    "an answer without a start": Bad(
        squad(answers=[{"text": "Rome"}]), "s.json", ("question bad", "not a text with its answer_start"), skips=1
    ),
    "no SQuAD": Bad(
        raw("s.json", b'{"data": [{"title": "", "paragraphs": [{"context": "so"}]}]}'), "s.json",
        ("s.json: article 1", "no list of objects 'qas'"),
    ),
    "a column for SQuAD": Bad(
        squad(), "s.json", ("--context-column is for", "s.json is read as squad"), ("--context-column=text",)
    ),
    # bAbI
    "a story without a statement": Bad(
        story("1 Who sat?\tA\t\n"), "s.txt", ("s.txt: line 37", "before any statement"), skips=1
    ),
    "a story with an empty question": Bad(
        story("1 Ann sat.\n2 \tA\t1\n"), "s.txt", ("s.txt: line 38", "the question is empty"), skips=1
    ),
    # tables
    "an empty question in a table": Bad(
        table("Ann is here.\t \tgarden\n"), "t.tsv", ("t.tsv: line 26", "'question' is empty"), skips=1
    ),
    "an empty context": Bad(table("\tWho?\tgarden\n"), "t.tsv", ("t.tsv: line 26", "'context' is empty"), skips=1),
    "an empty answer": Bad(
        table("Ann is here.\tWhere?\t\n"), "t.tsv", ("t.tsv: line 26", "'answer' is empty", "--unanswerable"), skips=1
    ),
    "no answer column": Bad(
        raw("t.tsv", ROWS.replace("answer", "reply").encode()), "t.tsv", ("no column 'answer'", "--target-column")
    ),
    "no context column": Bad(
        raw("t.tsv", ROWS.replace("context", "passage").encode()), "t.tsv", ("no column 'context'", "--context-column")
    ),
    "no question column": Bad(
        raw("t.tsv", ROWS.replace("question", "q").encode()), "t.tsv", ("no column 'question'", "--question-column")
    ),
    "an answer that stands twice": Bad(
        table("Ann met Ann.\tWho?\tAnn\n"), "t.tsv",
        ("t.tsv: line 26", "'Ann' stands 2 times in the context, at 0, 8", "--start-column"), ("--answers=spans",),
        skips=1,
    ),
    "an answer that is not there": Bad(
        table("Ann met Bob.\tWho?\tEve\n"), "t.tsv", ("t.tsv: line 26", "'Eve' does not stand in its context"),
        ("--answers=spans",), skips=1,
    ),
    "texts alone": Bad(raw("t.txt", b"so good\n" * 12), "t.txt", ("t.txt", "question")),
}  # fmt: skip
