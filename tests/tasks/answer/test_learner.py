"""It learns small problems, says where an answer stands and what it looked at, and goes on bit for bit."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from left_behind import tensors_of
from small_questions import TINY, coloured, fit, stories

import throughtime as tt
from throughtime.data.record import Record
from throughtime.errors import UsageError
from throughtime.tasks.answer.options import Answering
from throughtime.tasks.supervised.prediction import Answered
from throughtime.training.reporter import SilentReporter, StepReport


def answers(run: tt.Run, rows: list[dict[str, Any]], **how: Any) -> list[Answered]:
    said = run.predict([{key: row[key] for key in ("context", "question")} for row in rows], **how)
    assert all(isinstance(each, Answered) for each in said)
    return said  # type: ignore[return-value]


def test_it_learns_parts_of_contexts_and_where_there_is_none(speaker: tt.Run) -> None:
    assert speaker.metrics["exact_match"] >= 0.95, speaker.metrics
    assert speaker.metrics["no_answer_accuracy"] >= 0.9
    assert set(speaker.metrics) >= {"f1", "answered_f1", "loss"}
    rows = coloured(40, none=True)
    said = answers(speaker, rows)
    right = [each.value == row["answer"] for each, row in zip(said, rows, strict=True)]
    assert sum(right) >= 36
    for each, row in zip(said, rows, strict=True):
        if each.value:
            assert each.start is not None and row["context"][each.start : each.stop] == each.value
        else:
            assert each.start is None
        assert isinstance(each.probability, float) and 0 <= each.probability <= 1 + 1e-6
        assert each.looked is not None and each.looked.shape == (2, len(each.places))


def test_it_learns_from_one_fact_and_looks_at_it(follower: tt.Run) -> None:
    assert follower.metrics["accuracy"] >= 0.9, follower.metrics
    context = (
        "Mary went to the garden.\nJohn moved to the office.\nMary moved to the kitchen.\nJohn went to the hallway."
    )
    asked = [{"context": context, "question": f"Where is {who}?"} for who in ("Mary", "John")]
    mary, john = answers(follower, asked)
    assert (mary.value, john.value) == ("kitchen", "hallway")
    assert mary.looked is not None and int(mary.looked.max(0).argmax()) == 2, "the last fact of Mary"
    assert john.looked is not None and int(john.looked.max(0).argmax()) == 3
    assert mary.start is None, "a word of a closed set stands nowhere"
    assert mary.probabilities is not None and mary.probabilities["kitchen"] == mary.probability
    assert sum(mary.probabilities.values()) == pytest.approx(1)


def test_without_attention_nothing_is_looked_at(tmp_path: Path) -> None:
    run = fit(stories(tmp_path / "s.txt", 60), out=tmp_path / "run", attention="none")
    (said,) = answers(run, [{"context": "Mary went to the garden.", "question": "Where is Mary?"}])
    assert said.looked is None
    with pytest.raises(UsageError, match="needs a network with attention"):
        answers(run, [{"context": "Mary sat.", "question": "Who?"}], plot=str(tmp_path / "p"))


def test_answers_at_both_ends_of_5000_words(speaker: tt.Run) -> None:
    between = " ".join(f"word{n}" for n in range(5000))
    context = f"the car is very red, {between} the hat is quite blue"
    said = answers(speaker, [{"context": context, "question": f"How is the {thing}?"} for thing in ("car", "hat")])
    assert [len(each.places) for each in said] == [6 + 5000 + 5] * 2
    for each in said:
        assert each.looked is not None and each.looked.sum(1) == pytest.approx([1.0, 1.0], abs=1e-3)
    rows = coloured(4, none=True)
    long = {"context": context, "question": "How is the car?", "answer": "very red", "answer_start": 11}
    end = {**long, "question": "How is the hat?", "answer": "quite blue", "answer_start": len(context) - 10}
    assert fit([*rows, long, end], valid=[long, end], out=Path(speaker.path).parent / "long", unanswerable=True).metrics


def test_what_is_said_depends_on_no_other(speaker: tt.Run) -> None:
    rows = coloured(20, none=True)
    together = answers(speaker, rows)
    for row, each in list(zip(rows, together, strict=True))[:6]:
        (alone,) = answers(speaker, [row])
        assert (alone.value, alone.start) == (each.value, each.start)
        assert alone.probability == pytest.approx(each.probability, abs=1e-5)


def test_what_can_be_asked_of_it(speaker: tt.Run, follower: tt.Run) -> None:
    rows = coloured(30, none=True)
    assert all(each.value == "" for each in answers(speaker, rows, none_above=0.0))
    sure = answers(speaker, rows, none_above=1 - 1e-9)
    assert sum(bool(each.value) for each in sure) >= sum(bool(each.value) for each in answers(speaker, rows))
    assert all(len(str(each.value).split()) <= 1 for each in answers(speaker, rows, longest=1))
    with pytest.raises(UsageError, match="is for answers that are parts of the context"):
        answers(follower, rows, longest=3)
    with pytest.raises(UsageError, match="must be at least 1"):
        Answering(longest=0)


def test_pictures_and_rows_of_answers(speaker: tt.Run, tmp_path: Path) -> None:
    rows = coloured(3)
    answers(speaker, rows, plot=str(tmp_path / "p"))
    pictures = sorted((tmp_path / "p").iterdir())
    assert [path.name for path in pictures] == ["0001.svg", "0002.svg", "0003.svg"]
    assert all("<rect" in path.read_text() and rows[0]["question"][:3] in path.read_text() for path in pictures)
    report = (speaker.path / "report.html").read_text()
    assert "color-mix" in report and report.count("<dt>question</dt>") == 6


class Interrupting(SilentReporter):
    """Presses Ctrl-C after some steps."""

    def stepped(self, report: StepReport) -> None:
        if report.step == 3:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("kind", ["spans", "words"])
def test_it_goes_on_bit_for_bit(kind: str, tmp_path: Path) -> None:
    data: Any = coloured(60) if kind == "spans" else stories(tmp_path / "s.txt", 60)
    valid: Any = coloured(20) if kind == "spans" else stories(tmp_path / "v.txt", 60)
    noisy = {"dropout": 0.3, "word_dropout": 0.3, "character_dropout": 0.2, "batch_size": 16, "average": 0.9}
    options = {**TINY, **noisy, "steps": 7, "device": "cpu"}
    whole = tt.fit("answer", data, valid=valid, out=tmp_path / "whole", reporter=SilentReporter(), **options)
    first = tt.fit("answer", data, valid=valid, out=tmp_path / "cut", reporter=Interrupting(), **options)
    assert first.status == "interrupted"
    more = {"data": data, "valid": valid} if kind == "spans" else {}
    second = tt.fit("answer", out=tmp_path / "cut", resume=True, reporter=SilentReporter(), device="cpu", **more)
    assert second.status == "finished"
    for file in ("model.safetensors", "trainer.safetensors"):
        assert tensors_of(second.path, file) == tensors_of(whole.path, file)
    assert second.metrics == whole.metrics


def test_scores_and_details_of_an_evaluation(speaker: tt.Run) -> None:
    rows = coloured(30, none=True)
    found = speaker.evaluate(rows, unanswerable=True)
    said = answers(speaker, rows)
    exact = np.mean([each.value == row["answer"] for each, row in zip(said, rows, strict=True)])
    assert found["exact_match"] == pytest.approx(float(exact))
    assert found["examples"] == 30


def test_a_run_keeps_what_answers_are(speaker: tt.Run, follower: tt.Run) -> None:
    kept = {run.path: json.loads((run.path / "inputs.json").read_text()) for run in (speaker, follower)}
    assert kept[speaker.path]["answers"] == {"kind": "spans", "unanswerable": True}
    assert kept[follower.path]["answers"]["kind"] == "words" and kept[follower.path]["found"]["answers"] == "words"
    record = Record("the car is very red", None, "row 1", {}, {"question": "How is the car?"})
    assert tt.load(speaker.path).model.reader.problem(record, speaker.model.inputs) is None
