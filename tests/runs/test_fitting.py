"""A run is made, gone on with and started from through the Python door; what cannot be done leaves nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from left_behind import contents
from text_runs import SMALL, TEXT, Notes, fit

import throughtime as tt
from throughtime.data.record import Record
from throughtime.errors import CheckpointError, DataError, ThroughtimeError, TrainingError, UsageError
from throughtime.runs.predictions import rows_of
from throughtime.tasks.supervised.prediction import Prediction
from throughtime.training.checkpoint import read_tensors
from throughtime.training.metrics import read_metrics
from throughtime.training.reporter import SilentReporter


def test_a_run_has_all_its_files(made: Path, book: Path) -> None:
    names = {path.name.split(".out.")[0] for path in made.iterdir()}
    assert names == {
        "config.json", "model.safetensors", "trainer.safetensors", "trainer.json", "vocabulary.json",
        "metrics.jsonl", "events", "report.html", "rivals.json", "rivals.safetensors",
    }  # fmt: skip
    config = json.loads((made / "config.json").read_text())
    assert config["task"] == "generate" and config["data"] == [str(book)] and config["options"]["hidden"] == 8
    kinds = [(row["kind"], row["step"]) for row in read_metrics(made)]
    assert kinds == [
        ("train", 1), ("validation", 3), ("sample", 3), ("train", 6), ("validation", 6), ("sample", 6),
    ]  # fmt: skip
    assert "<svg" in (made / "report.html").read_text()


def test_text_in_memory(tmp_path: Path) -> None:
    run = fit(None, tmp_path / "run", text=TEXT, valid_text=TEXT[:100])
    assert run.metrics["scored_characters"] == 100
    with pytest.raises(UsageError, match="memory; give the same data again"):
        fit(None, run.path, resume=True)
    assert fit(None, run.path, text=TEXT, valid_text=TEXT[:100], resume=True).status == "finished"


def test_several_files_are_several_documents(book: Path, tmp_path: Path) -> None:
    (tmp_path / "valid.txt").write_text("It was the epoch.")
    run = fit([book, book], tmp_path / "run", valid=tmp_path / "valid.txt")
    assert run.metrics["scored_characters"] == 17


def test_a_run_that_exists_is_kept_unless_told_otherwise(made: Path, book: Path) -> None:
    before = contents(made)
    with pytest.raises(UsageError, match=r"already holds a run: go on with it \(resume=True\) or replace it"):
        fit(book, made)
    assert contents(made) == before
    assert fit(book, made, overwrite=True, hidden=5).config.hidden == 5  # type: ignore[attr-defined]
    assert [row["step"] for row in read_metrics(made) if row["kind"] == "train"] == [1, 6]
    assert len(list(made.glob("events.*"))) == 1


def test_overwriting_takes_out_nothing_else(made: Path, book: Path) -> None:
    (made / "my notes.txt").write_text("keep")
    fit(book, made, overwrite=True)
    assert (made / "my notes.txt").read_text() == "keep"


def test_bad_data_leaves_an_old_run_as_it_was(made: Path, tmp_path: Path) -> None:
    before = contents(made)
    (tmp_path / "empty.txt").touch()
    with pytest.raises(DataError):
        fit(tmp_path / "empty.txt", made, overwrite=True)
    assert contents(made) == before


BAD: dict[str, tuple[Callable[[Path], dict[str, Any]], type[ThroughtimeError], str]] = {
    "missing file": (lambda folder: {"data": folder / "no.txt"}, DataError, "no such file"),
    "no data": (lambda folder: {"data": None}, UsageError, "nothing to learn from"),
    "two kinds of data": (lambda folder: {"text": "x"}, UsageError, "not both"),
    "unknown task": (lambda folder: {"task": "generat"}, UsageError, "did you mean 'generate'"),
    "unknown option": (lambda folder: {"hiden": 4}, UsageError, "did you mean 'hidden'"),
    "unknown value": (lambda folder: {"cell": "lsmt"}, UsageError, "did you mean 'lstm'"),
    "short file": (lambda folder: {"tbptt": 4000}, DataError, "lower tbptt to"),
    "device": (lambda folder: {"device": "abacus"}, UsageError, "cannot use the device 'abacus'"),
    "other device": (lambda folder: {"device": "meta"}, UsageError, "cannot use the device 'meta'"),
    "no such gpu": (lambda folder: {"device": "cuda:77"}, UsageError, "cannot use the device 'cuda:77'"),
    "minutes": (lambda folder: {"max_minutes": 0}, UsageError, "max_minutes must be above 0"),
    "resume and overwrite": (lambda folder: {"resume": True, "overwrite": True}, UsageError, "one of them"),
    "start from nothing": (lambda folder: {"init_from": folder / "no"}, CheckpointError, "there is no run in"),
    "missing validation": (lambda folder: {"valid": folder / "no.txt"}, DataError, "no such file"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_leaves_nothing(case: str, book: Path, tmp_path: Path) -> None:
    change, error, words = BAD[case]
    arguments: dict[str, Any] = {"task": "generate", "data": book, "out": tmp_path / "new", **SMALL}
    with pytest.raises(error, match=words) as caught:
        tt.fit(**{**arguments, "reporter": SilentReporter(), **change(tmp_path)})
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "new").exists()


def test_a_place_that_is_no_run_is_refused(book: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="as a folder: Not a directory"):
        fit(book, book)
    with pytest.raises(UsageError, match="exists and is not a run"):
        fit(book, tmp_path, overwrite=True)
    with pytest.raises(UsageError, match="cannot make the folder"):
        fit(book, book / "run")
    with pytest.raises(UsageError, match="File name too long"):
        fit(book, tmp_path / ("n" * 300))
    (empty := tmp_path / "empty").mkdir()
    assert fit(book, empty).status == "finished"
    assert book.read_text() == TEXT


@pytest.mark.parametrize("name", ["config.json", "trainer.safetensors", "vocabulary.json"])
def test_a_damaged_run_cannot_be_gone_on_with_and_nothing_is_overwritten(made: Path, book: Path, name: str) -> None:
    (made / name).write_bytes((made / name).read_bytes()[:-20])
    before = contents(made)
    with pytest.raises(CheckpointError, match=name):
        fit(book, made, resume=True, steps=9)
    assert contents(made) == before


def test_what_is_fixed_cannot_change_when_a_run_goes_on(made: Path, book: Path) -> None:
    with pytest.raises(UsageError, match="was started with hidden 8, not 9; leave it out"):
        fit(book, made, resume=True, hidden=9)
    with pytest.raises(UsageError, match="leave init_from out"):
        fit(book, made, resume=True, init_from=made.parent)
    with pytest.raises(CheckpointError, match="trained on other data"):
        fit(None, made, text=TEXT.replace("best", "tseb"), resume=True)
    assert fit(book, made, resume=True, steps=9).status == "finished"
    assert tt.load(made).config.steps == 9
    assert [row["step"] for row in read_metrics(made) if row["kind"] == "train"] == [1, 6, 9]


def test_a_run_on_files_goes_on_without_naming_them_again(made: Path) -> None:
    run = fit(None, made, resume=True, steps=8)
    assert read_metrics(run.path)[-1]["step"] == 8


def test_resume_without_a_run_starts_from_the_beginning_and_says_so(book: Path, tmp_path: Path) -> None:
    notes = Notes()
    fit(book, tmp_path / "new", resume=True, reporter=notes)
    assert any("there is no run in" in note and "from the beginning" in note for note in notes.notes)


def test_stopped_before_its_first_checkpoint_it_starts_from_the_beginning_and_says_so(
    made: Path, book: Path, tmp_path: Path
) -> None:
    shutil.copytree(made, tmp_path / "whole")
    for name in ("trainer.safetensors", "trainer.json", "model.safetensors"):
        (made / name).unlink()
    notes = Notes()
    fit(book, made, resume=True, reporter=notes)
    assert any("before its first checkpoint: it starts from the beginning" in note for note in notes.notes)
    assert contents(made)["model.safetensors"] == contents(tmp_path / "whole")["model.safetensors"]


def test_out_of_time_says_how_to_go_on(book: Path, tmp_path: Path) -> None:
    notes = Notes()
    run = fit(book, tmp_path / "a run", steps=10**6, max_minutes=0.005, validate_every=10**6, reporter=notes)
    assert run.status == "out of time" and run.metrics["step"] > 0
    assert f"to go on: fit('generate', ..., out='{tmp_path / 'a run'}', resume=True)" in notes.notes[-1]


def test_a_run_starts_from_the_weights_of_another(made: Path, book: Path, tmp_path: Path) -> None:
    notes = Notes()
    run = tt.fit(
        "generate", text=TEXT.upper() + TEXT, valid_text=TEXT, init_from=made, out=tmp_path / "tuned", reporter=notes,
        lanes=2, tbptt=8, steps=1, learning_rate=1e-9, warmup=0,
    )  # fmt: skip
    assert run.config.hidden == 8  # type: ignore[attr-defined]
    old, new = (read_tensors(path / "model.safetensors")[0] for path in (made, run.path))
    for name, tensor in old.items():
        torch.testing.assert_close(new[name], tensor, atol=1e-6, rtol=0)
    assert contents(run.path)["vocabulary.json"] == contents(made)["vocabulary.json"]
    assert any("the training text has" in note and "does not know" in note for note in notes.notes)
    with pytest.raises(UsageError, match="need hidden 8, not 16"):
        fit(book, tmp_path / "other", init_from=made, hidden=16)
    with pytest.raises(UsageError, match="cannot start from itself"):
        fit(book, made, init_from=made, overwrite=True)


def test_a_fine_tuned_run_that_lost_its_checkpoint_starts_from_the_same_weights(
    made: Path, book: Path, tmp_path: Path
) -> None:
    whole = fit(book, tmp_path / "whole", init_from=made)
    shutil.copytree(whole.path, tmp_path / "cut")
    (tmp_path / "cut" / "trainer.safetensors").unlink()
    again = fit(book, tmp_path / "cut", resume=True)
    assert contents(again.path)["model.safetensors"] == contents(whole.path)["model.safetensors"]


def test_the_users_random_numbers_are_left_alone(book: Path) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    fit(book, None)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    assert fit(book, None).metrics == fit(book, None).metrics


def test_a_loss_that_is_not_finite_is_one_line_and_the_checkpoint_stays(book: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"the loss is nan|gradient norm (nan|inf)") as caught:
        fit(
            book, tmp_path / "run", cell="rnn", learning_rate=1e30, steps=200, validate_every=1, clip=0.0,
            schedule="constant", checkpoint_every=0.0,
        )  # fmt: skip
    assert "\n" not in str(caught.value)
    if (tmp_path / "run" / "trainer.safetensors").exists():
        assert tt.load(tmp_path / "run").metrics["step"] >= 1


def test_a_writer_is_handed_what_the_reader_of_its_format_left() -> None:
    record = Record("so good", None, "a.rec: line 2", ("@label: p", "so good"))
    assert list(rows_of(record, Prediction("p", 0.75), probabilities=False)) == [
        (record, {"predicted": "p", "probability": "0.7500"})
    ]


def test_the_default_reporter_speaks_on_standard_error(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fit(book, None, reporter=None)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "held out" in captured.err and "bits_per_character" in captured.err
