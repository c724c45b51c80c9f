"""The contract of tasks from end to end, on one of two inputs that writes: fit, evaluate, predict, resume, memory."""

from __future__ import annotations

import csv
import itertools
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from left_behind import tensors_of

import throughtime as tt
from throughtime.data.user_data import user_data
from throughtime.errors import DataError, UnknownNameError, UsageError
from throughtime.tasks import TASKS, task_named
from throughtime.training.reporter import SilentReporter, StepReport

Row = dict[str, str]
QUESTIONS = {"once please": 1, "twice please": 2, "three times": 3}
SMALL: dict[str, Any] = {
    "hidden": 48, "embedding": 16, "batch_size": 8, "dropout": 0.0, "word_dropout": 0.0, "learning_rate": 0.02,
    "warmup": 5, "average": 0.0, "sample_every": 0, "device": "cpu",
}  # fmt: skip


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The task is known as any other."""
    from toy import TASK

    monkeypatch.setitem(TASKS, "toy", TASK)


def rows() -> list[Row]:
    """Each text with each question."""
    texts = ["".join(pair) for pair in itertools.product("abcd", repeat=2)] + list("abcd")
    return [
        {"text": text, "question": question, "target": text * times}
        for text in texts
        for question, times in QUESTIONS.items()
    ]


def table(path: Path, given: list[Row]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(given[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(given)
    return path


def in_roles(folder: Path, given: list[Row]) -> dict[str, Path]:
    """A file for each role, line by line."""
    paths = {role: folder / f"{role}.txt" for role in ("source", "question", "target")}
    for role, path in paths.items():
        path.write_text("".join(row["text" if role == "source" else role] + "\n" for row in given))
    return paths


def fit(*data: Any, **options: Any) -> tt.Run:
    return tt.fit("toy", *data, reporter=SilentReporter(), **{**SMALL, **options})


def weights(run: tt.Run) -> dict[str, Any]:
    return tensors_of(run.path)


def test_it_learns_is_scored_and_predicts(tmp_path: Path) -> None:
    data = table(tmp_path / "t.csv", rows())
    run = fit(data, valid=data, out=tmp_path / "run", epochs=30, validate_every=1000)
    assert run.metrics["exact_match"] > 0.9
    scores = run.evaluate(data)
    assert scores["exact_match"] == run.metrics["exact_match"] and scores["loss"] == run.metrics["loss"]
    assert scores["examples"] == len(rows())

    said = run.predict([{"text": "ab", "question": question} for question in QUESTIONS])
    assert [each.value for each in said] == ["ab", "abab", "ababab"]
    assert run.predict_files(data, tmp_path / "out.csv", note=lambda _: None) == len(rows())
    written = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    assert [row["text"] for row in written] == [row["text"] for row in rows()], "rows keep their order"
    right = sum(row["predicted"] == row["target"] for row in written)
    assert right == round(scores["exact_match"] * len(written))


def test_files_in_roles_a_table_and_memory_are_the_same_data(tmp_path: Path) -> None:
    given = rows()
    paths = in_roles(tmp_path, given)
    one = fit(table(tmp_path / "t.csv", given), steps=4)
    two = fit(**paths, steps=4)
    three = fit(given, steps=4)
    four = fit(source=iter([row["text"] for row in given]), question=[paths["question"]],
               target=iter([row["target"] for row in given]), steps=4)  # fmt: skip
    assert weights(one) == weights(two) == weights(three) == weights(four)
    assert two.evaluate(**paths)["loss"] == one.evaluate(given)["loss"]


def test_what_is_written_of_a_record_depends_on_no_other(tmp_path: Path) -> None:
    run = fit(rows(), steps=60)
    together = [each.value for each in run.predict(rows())]
    assert together == [run.predict([row])[0].value for row in rows()]


class Interrupting(SilentReporter):
    """Presses Ctrl-C after some steps."""

    def __init__(self, step: int) -> None:
        self.step = step

    def stepped(self, report: StepReport) -> None:
        if report.step == self.step:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("step", [3, 11])
def test_an_interrupted_run_goes_on_bit_for_bit_with_the_files_of_its_roles(tmp_path: Path, step: int) -> None:
    paths = in_roles(tmp_path, rows())
    options = {**SMALL, "steps": 20, "dropout": 0.2, "validate_every": 7, "device": "cpu"}
    whole = tt.fit("toy", **paths, out=tmp_path / "whole", reporter=SilentReporter(), **options)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        first = tt.fit("toy", **paths, out=tmp_path / "cut", reporter=Interrupting(step), **options)
    finally:
        signal.signal(signal.SIGINT, before)
    assert first.status == "interrupted"
    kept = json.loads((tmp_path / "cut" / "config.json").read_text())
    assert {role: kept[role] for role in paths} == {role: [str(path)] for role, path in paths.items()}
    second = tt.fit("toy", out=tmp_path / "cut", resume=True, reporter=SilentReporter())
    assert second.status == "finished" and weights(second) == weights(whole)


def test_data_in_memory_must_be_given_again_by_its_role(tmp_path: Path) -> None:
    given = rows()
    names = {"source": "text", "question": "question", "target": "target"}
    columns = {role: iter([row[name] for row in given]) for role, name in names.items()}
    fit(**columns, out=tmp_path / "run", steps=2)
    with pytest.raises(UsageError, match=r"give the same data again to go on \(source, question, target\)"):
        fit(out=tmp_path / "run", resume=True)


def test_roles_to_validate_on_have_the_names_of_their_twins(tmp_path: Path) -> None:
    train, valid = rows()[6:], rows()[:6]
    (tmp_path / "valid").mkdir()
    twins = {f"valid_{role}": path for role, path in in_roles(tmp_path / "valid", valid).items()}
    run = fit(**in_roles(tmp_path, train), **twins, steps=2, out=tmp_path / "run")
    assert run.metrics["loss"] == run.evaluate(valid)["loss"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "nothing to learn from: give source, question, target"),
        ({"source": "a", "question": "bc", "target": "d"}, r"must have as many lines each, not \[1, 2"),
    ],
)
def test_what_is_missing_is_said(given: dict[str, Any], message: str) -> None:
    with pytest.raises((UsageError, DataError), match=message):
        fit(**{role: iter(lines) for role, lines in given.items()})


def test_a_role_that_a_task_has_not_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown option 'source'"):
        tt.fit("classify", [("a", "b")], source="x.txt", reporter=SilentReporter())
    run = tt.fit("generate", text="hello world. " * 20, reporter=SilentReporter(), hidden=4, lanes=1, tbptt=8, steps=1)
    with pytest.raises(UnknownNameError, match="unknown argument 'source'"):
        run.evaluate(source="x.txt")


def test_examples_of_a_group_are_never_parted(tmp_path: Path) -> None:
    given = [{**row, "place": f"group {number // 6}"} for number, row in enumerate(rows())]
    config = task_named("toy").load_options()(group_column="place")  # type: ignore[call-arg]
    notes: list[str] = []
    read = task_named("toy").load_reader()(config).read(user_data({"data": given}), known=None, note=notes.append)
    groups = [{record.group for record in part.records} for part in (read.train, read.valid)]
    assert groups[1] and not groups[0] & groups[1]
    assert len(read.train.records) + len(read.valid.records) == len(given)
    assert any("those of a group together" in note for note in notes)


def test_batches_cost_what_is_read_and_what_is_written() -> None:
    read = (
        task_named("toy")
        .load_reader()(task_named("toy").load_options()())
        .read(user_data({"data": rows()}), known=None, note=lambda _: None)
    )
    cost = {record.content: cost for record, cost in zip(read.train.records, read.train.costs, strict=True)
            if record.beside["question"] == "three times"}  # fmt: skip
    assert {len(str(text)): value for text, value in cost.items()} == {1: 1 + 4, 2: 2 + 7}
    assert read.train.scored == sum(len(record.target.right[0]) + 1 for record in read.train.records)  # type: ignore[union-attr]


def commands(*words: object) -> str:
    """What a command prints, in a process that knows the task from its start."""
    program = "import sys; from throughtime.tasks import TASKS; import toy; TASKS['toy'] = toy.TASK;" \
        "from throughtime.cli.main import run; run()"  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent), "COLUMNS": "200", "NO_COLOR": "1"}
    command = [sys.executable, "-c", program, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_line_has_an_option_for_each_role(tmp_path: Path) -> None:
    paths = in_roles(tmp_path, rows())
    files = [word for role, path in paths.items() for word in (f"--{role}", path)]
    assert re.search(r"--valid-source .*The same to validate on: Texts, one a line", commands("fit", "toy", "--help"))
    fit = ["--hidden", "8", "--embedding", "8", "--steps", "2", "--device", "cpu"]
    shown = commands("fit", "toy", *files, "--out", tmp_path / "run", *fit)
    assert "validation" in shown
    scores = json.loads(commands("evaluate", tmp_path / "run", *files, "--json"))
    assert scores["examples"] == len(rows())
    asked = [word for role in ("source", "question") for word in (f"--{role}", paths[role])]
    table = commands("predict", tmp_path / "run", *asked).splitlines()
    assert table[0] == "source,question,predicted" and len(table) == len(rows()) + 1
    assert table[1].startswith("aa,once please,")
    commands("fit", "toy", "--out", tmp_path / "run", "--resume", "--steps", "3")


def test_a_question_that_is_missing_is_told_with_its_line(tmp_path: Path) -> None:
    data = table(tmp_path / "t.csv", [*rows(), {"text": "ab", "question": "", "target": "ab"}])
    with pytest.raises(DataError, match=rf"t.csv: line {len(rows()) + 2}: column 'question' is empty"):
        fit(data)
    run = fit(data, steps=1, skip_bad=True, out=tmp_path / "run")
    assert "line 62" in (run.path / "skipped.txt").read_text()
    (tmp_path / "d").mkdir()
    with pytest.raises(UsageError, match=r"is read as folder, which has no columns 'question'; give a table \(csv, "):
        fit(tmp_path / "d")


def test_what_is_for_one_input_is_refused(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("once 1 0\ntwice 0 1\n")
    with pytest.raises(UsageError, match="a task that reads one input, word by word; leave them out"):
        fit(rows(), embeddings=str(tmp_path / "v.txt"))
    small: dict[str, Any] = {"hidden": 4, "lanes": 1, "tbptt": 8, "steps": 1}
    tt.fit("generate", text="hello world. " * 20, out=tmp_path / "lm", reporter=SilentReporter(), **small)
    with pytest.raises(UsageError, match="lm is a run of the task generate; toy cannot start from it"):
        fit(rows(), init_from=tmp_path / "lm")


def test_a_run_that_is_opened_again_says_the_same(tmp_path: Path) -> None:
    run = fit(rows(), steps=8, out=tmp_path / "run")
    again = tt.load(tmp_path / "run")
    ask = [{"text": "ab", "question": "twice please"}]
    torch.manual_seed(5)
    assert again.predict(ask) == run.predict(ask)
    model: Any = again.describe()["model"]
    assert model["unit"] == "characters" and model["question_words"] == 5, "each input tells what it is"
