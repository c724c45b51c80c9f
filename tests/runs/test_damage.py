"""A damaged run is refused in one line, or is what it was: nothing that was flipped, cut, swapped or edited passes."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from damage import FITS, TEXT, damage, make, said, shown, without_seals

import throughtime as tt
from throughtime.errors import CheckpointError, ThroughtimeError, UsageError
from throughtime.runs.folder import check_run
from throughtime.training.reporter import SilentReporter


@pytest.fixture(scope="module", params=FITS)
def task(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def whole(task: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(task, tmp_path_factory.mktemp(task) / "run")


@pytest.fixture(scope="module")
def other(task: str, whole: Path) -> Path:
    more = {"text": TEXT.replace("best", "beast")} if task == "generate" else {"data": FITS[task]["data"][:40]}
    return make(task, whole.parent / "other", seed=1, **more)


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "run")


def edit(path: Path, **changes: Any) -> None:
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, **changes}))


def edit_option(run: Path, **changes: Any) -> None:
    config = json.loads((run / "config.json").read_text())
    edit(run / "config.json", options={**config["options"], **changes})


def mutate(count: int, task: str, whole: Path, other: Path, folder: Path) -> int:
    """Damage the run in many ways, each time afresh; give how often it was refused."""
    before, about, refused = said(tt.load(whole)), shown(tt.load(whole)), 0
    for number in range(count):
        shutil.rmtree(folder / "run", ignore_errors=True)
        how = damage(shutil.copytree(whole, folder / "run"), other, task, random.Random(number))
        try:
            opened = tt.load(folder / "run")
            after = said(opened), shown(opened)
        except CheckpointError as error:
            assert "\n" not in str(error), how
            refused += 1
        else:
            assert after == (before, about), how
    return refused


def test_a_hundred_damages(task: str, whole: Path, other: Path, tmp_path: Path) -> None:
    assert mutate(100, task, whole, other, tmp_path) > 70


@pytest.mark.slow
def test_a_thousand_damages(task: str, whole: Path, other: Path, tmp_path: Path) -> None:
    assert mutate(1000, task, whole, other, tmp_path) > 700


def test_damaged_runs_from_before_there_were_seals_give_no_traceback(
    task: str, whole: Path, other: Path, tmp_path: Path
) -> None:
    without_seals(old := shutil.copytree(whole, tmp_path / "old"))
    for number in range(100):
        shutil.rmtree(tmp_path / "run", ignore_errors=True)
        damage(shutil.copytree(old, tmp_path / "run"), other, task, random.Random(number), weights=False)
        try:
            opened = tt.load(tmp_path / "run")
            said(opened), shown(opened)
        except ThroughtimeError as error:
            assert "\n" not in str(error)


def test_a_run_from_before_there_were_seals_opens_is_described_and_goes_on(whole: Path, run: Path, task: str) -> None:
    without_seals(run)
    one, other = tt.load(whole), tt.load(run)
    assert said(one) == said(other) and {**shown(one), "rivals": {}} == shown(other)
    again = tt.fit(task, out=run, resume=True, reporter=SilentReporter(), **{**FITS[task], "steps": 8})
    assert again.status == "finished"
    edit(run / "config.json", run="0" * 32)
    with pytest.raises(CheckpointError, match="not of the same run"):  # its checkpoint is sealed from now on
        check_run(run, to_go_on=True)


def test_each_option_is_held_fast_or_means_nothing(whole: Path, run: Path) -> None:
    options, held = tt.load(whole).config.to_mapping(), 0
    before = said(tt.load(whole))
    for name, value in options.items():
        new = [not value] if isinstance(value, bool) else [0.25, 1, 3] if isinstance(value, int | float) else ["x", 3]
        for each in (change for change in new if change != value):
            edit_option(run, **{**options, name: each})
            try:
                assert said(tt.load(run)) == before, name
            except CheckpointError as error:
                assert name in str(error)
                held += 1
    assert held > len(options)
    edit_option(run, **options)
    assert said(tt.load(run)) == before


def test_edited_epochs_do_not_matter_and_edited_units_are_named(run: Path) -> None:
    edit_option(run, epochs=99.0, dropout=0.1)
    assert tt.load(run).config.to_mapping()["epochs"] == 99.0
    edit_option(run, hidden=4)
    with pytest.raises(
        CheckpointError, match=r"config.json was changed: hidden is 4, but .* made with 3; put that back"
    ):
        tt.Run(run)


def test_any_flipped_bit_of_the_weights_is_noticed_before_torch_is_loaded(run: Path) -> None:
    weights = run / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    program = "import sys, throughtime as tt\ntry: tt.Run(__import__('pathlib').Path(sys.argv[1]))\n"
    program += "except tt.CheckpointError as error: print('torch' in sys.modules, error)"
    done = subprocess.run([sys.executable, "-c", program, str(run)], capture_output=True, text=True, timeout=100)
    assert done.stdout.startswith("False") and "model.safetensors is corrupt" in done.stdout, done.stderr


@pytest.mark.parametrize("name", ["trainer.safetensors", "model.safetensors"])
def test_what_is_gone_on_with_must_be_whole(task: str, run: Path, name: str) -> None:
    content = bytearray((run / name).read_bytes())
    content[-1] ^= 1
    (run / name).write_bytes(content)
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    with pytest.raises(CheckpointError, match=name):
        tt.fit(task, out=run, resume=True, reporter=SilentReporter(), **{**FITS[task], "steps": 8})
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before


def test_a_checkpoint_of_another_run_is_refused(task: str, run: Path, other: Path) -> None:
    shutil.copy(other / "trainer.safetensors", run)
    with pytest.raises(CheckpointError, match="not of the same run"):
        tt.fit(task, out=run, resume=True, reporter=SilentReporter(), **{**FITS[task], "steps": 8})


def test_what_is_started_from_must_be_whole(task: str, run: Path, tmp_path: Path) -> None:
    edit_option(run, layers=2)
    with pytest.raises(CheckpointError, match="layers is 2"):
        make(task, tmp_path / "new", init_from=run)
    assert not (tmp_path / "new").exists()


def test_the_same_run_made_again_is_the_same_to_the_last_byte(task: str, whole: Path, tmp_path: Path) -> None:
    again = make(task, tmp_path / "again")
    assert (again / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()


class Killed(BaseException):
    """In place of a kill: nothing catches it."""


def test_killed_before_any_rename_a_run_opens_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file is renamed into its place; the process dies before the first of them, the second, and so on."""
    left, replace = 0, os.replace

    def dying(source: Any, target: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed
        replace(source, target)

    def fit(out: Path, renames: int) -> tt.Run:
        nonlocal left
        left = renames
        how = {**FITS["classify"], "steps": 6, "validate_every": 2, "checkpoint_every": 0.0}
        return tt.fit("classify", out=out, resume=True, reporter=SilentReporter(), **how)

    monkeypatch.setattr("throughtime.training.files.os.replace", dying)
    monkeypatch.setattr("throughtime.runs.training.write_report", lambda folder: None)
    wanted, killed = said(fit(tmp_path / "whole", 1000)), 0
    for renames in range(1000 - left):
        with pytest.raises(Killed):
            fit(out := tmp_path / f"{renames}", renames)
        if (out / "model.safetensors").exists():
            said(tt.load(out)), shown(tt.load(out))
            killed += 1
        assert said(fit(out, 1000)) == wanted, renames
    assert killed > 8


def test_what_makes_no_predictions_says_so(task: str, run: Path) -> None:
    opened = tt.Run(run)
    if task == "generate":
        with pytest.raises(UsageError, match="makes no predictions"):
            opened.predict(["x"])
    else:
        with pytest.raises(UsageError, match="writes no text"):
            opened.generate()
