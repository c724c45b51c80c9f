"""``throughtime fit`` of records: what each task refuses in one line, what it can skip, and what it takes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import bad_for_answer
import bad_for_caption
import bad_for_classify
import bad_for_forecast
import bad_for_tag
import bad_for_translate
import pytest
from bad_data import Bad
from small_data import GOOD, NAMES
from small_runs import TWO_STEPS, Refused, shown_by_fit

CASES: dict[tuple[str, str], Bad] = {
    (task, name): case
    for task, cases in (
        ("classify", bad_for_classify.CASES),
        ("tag", bad_for_tag.CASES),
        ("translate", bad_for_translate.CASES),
        ("answer", bad_for_answer.CASES),
        ("caption", bad_for_caption.CASES),
        ("forecast", bad_for_forecast.CASES),
    )
    for name, case in cases.items()
}
"""Task and what is wrong -> data that must be refused."""
NUMBER = ["--target-type", "number"]


@pytest.mark.parametrize(("task", "name"), CASES)
def test_bad_data_gets_one_line_and_leaves_nothing(refused: Refused, task: str, name: str) -> None:
    case = CASES[task, name]
    case.make()
    line = refused("fit", task, case.data, "--out", "run", *TWO_STEPS[task], *case.more)
    assert all(word in line for word in case.words), line
    assert not Path("run").exists()


@pytest.mark.parametrize(("task", "name"), [key for key, case in CASES.items() if case.skips])
def test_bad_records_are_skipped_counted_and_listed(task: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    case = CASES[task, name]
    case.make()
    shown = shown_by_fit(capsys, task, case.data, *case.more, "--skip-bad")
    listed = Path("run/skipped.txt").read_text(encoding="utf-8").splitlines()
    assert len(listed) == case.skips
    what = "series" if task == "forecast" else "record"
    assert f"1 {what} was skipped; skipped.txt lists them, the first: {listed[0]}" in shown
    assert case.words[0] in listed[0]


@pytest.mark.parametrize(
    ("task", "options", "words"),
    [
        ("classify", ["--label-smoothing", "0.2", *NUMBER], "--label-smoothing is for the --target-type label"),
        ("classify", ["--class-weights", "balanced", *NUMBER], "--class-weights is for the --target-type label"),
        ("classify", ["--label-separator", ";"], "--label-separator is for the --target-type labels"),
        (
            "classify",
            ["--unit", "characters", "--vocabulary-size", "9"],
            "--vocabulary-size is for the units words and bpe",
        ),
        ("classify", ["--id-column", "id", "--file-column", "path"], "one row per file"),
        ("classify", ["--frame-mask", "0.7"], "--frame-mask must be between 0 and 0.5"),
        ("classify", ["--pooling", "men"], "did you mean 'mean'"),
        (
            "tag",
            ["--crf", "--label-smoothing", "0.1"],
            "--label-smoothing has no meaning for a conditional random field",
        ),
        ("tag", ["--label-smoothing", "1"], "--label-smoothing must be at least 0 and below 1"),
        ("tag", ["--time-column", "time"], "--time-column is for series"),
        ("tag", ["--file-column", "path"], "--file-column is for csv"),
        ("tag", ["--header"], "header is for csv"),
        ("tag", ["--embeddings", "v.txt", "--unit", "characters"], "not read word by word"),
        ("tag", ["--embeddings", "v.txt"], "no such file: v.txt"),
        (
            "translate",
            ["--joint", "--target-unit", "words"],
            "--joint needs one unit on both sides; leave --target-unit",
        ),
        (
            "translate",
            ["--source", "t.tsv", "--target", "t.tsv"],
            "give tables of pairs, or --source and --target, not",
        ),
        ("translate", ["--unit", "characters", "--vocabulary-size", "9"], "--vocabulary-size is for the units words"),
        ("translate", ["--unit", "bpe", "--vocabulary-size", "256"], "--vocabulary-size must be at least 257"),
        ("translate", ["--max-source", "0"], "--max-source must be at least 1"),
        ("translate", ["--attention", "luong"], "unknown --attention 'luong'"),
        ("translate", ["--criterion", "blue"], "did you mean 'bleu'"),
        ("translate", ["--text-column", "source"], "No such option: --text-column"),
        ("translate", ["--format", "conll"], "conll"),
    ],
)
def test_options_that_cannot_be_honoured(refused: Refused, task: str, options: list[str], words: str) -> None:
    Path(NAMES[task]).write_text(GOOD[task], encoding="utf-8")
    assert words in refused("fit", task, NAMES[task], "--out", "run", *TWO_STEPS[task], *options)
    assert not Path("run").exists()


@pytest.mark.parametrize(
    ("task", "mixed", "words", "labels"),
    [
        ("classify", ("\n", "\r\n", "\r"), "training examples 22, validation examples 2", ["n", "p"]),
        ("tag", ("\n", "\r\n"), "training examples 11, validation examples 1", ["B-per", "I-per", "O"]),
    ],
    ids=["classify", "tag"],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n", "mixed"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_line_ends_and_packing_make_no_difference(
    task: str, mixed: tuple[str, ...], words: str, labels: list[str], ends: str, packed: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    used = mixed if ends == "mixed" else (ends,)
    text = "".join(line + used[number % len(used)] for number, line in enumerate(GOOD[task].splitlines()))
    name = NAMES[task] + (".gz" if packed else "")
    Path(name).write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    shown = shown_by_fit(capsys, task, name)
    assert words in shown and "longest 4" in shown
    assert ("Windows line ends" in shown) == (ends != "\n")
    assert json.loads(Path("run/inputs.json").read_text())["answers"]["labels"] == labels
