"""Stopped at any moment and resumed, a run equals the unbroken one bit for bit: real processes, real signals."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from fit_processes import fail, finish, start, wait_for_step
from left_behind import contents, timeless_metrics

import throughtime as tt
from throughtime.errors import CheckpointError
from throughtime.training.checkpoint import read_checkpoint, read_tensors
from throughtime.training.reporter import SilentReporter

RECORDS: dict[str, Any] = {
    "hidden": 6, "embedding": 6, "batch_size": 8, "steps": 80, "dropout": 0.3, "word_dropout": 0.2,
    "recurrent_dropout": 0.2, "spelling": 4, "average": 0.9, "validate_every": 25, "sample_every": 40, "log_every": 1,
    "checkpoint_every": 0.02, "device": "cpu",
}  # fmt: skip
"""Ten batches an epoch: every run goes through several, and is stopped inside one."""
OPTIONS: dict[str, dict[str, Any]] = {
    "generate": {
        "hidden": 16, "embedding": 8, "layers": 2, "lanes": 4, "tbptt": 12, "steps": 260, "separator": "\n",
        "dropout": 0.3, "recurrent_dropout": 0.2, "validate_every": 50, "sample_every": 70, "log_every": 1,
        "checkpoint_every": 0.3, "patience": 4,
    },
    "classify": RECORDS,
    "tag": {**RECORDS, "crf": True},
}  # fmt: skip
MOMENTS = {
    "generate": (range(1, 61), range(60, 180)),
    "classify": (range(25, 45),),
    "tag": (range(25, 45),),
}
"""Task -> among which steps a run is killed, one time after the other."""
INPUTS = {"generate": "vocabulary.json", "classify": "inputs.json", "tag": "inputs.json"}
LAST = OPTIONS["generate"]["steps"]


def texts(path: Path) -> None:
    words = random.Random(3)
    known = ["a", "bee", "can", "dig", "every", "fig", "gone", "home"]
    path.write_text("\n".join(" ".join(words.choices(known, k=6)) for _ in range(300)))


def dishes() -> list[list[str]]:
    draw = random.Random(5)
    words = ["tea", "milk", "bread", "salt", "rice", "soup"]
    return [draw.choices(words, k=draw.randrange(2, 9)) for _ in range(90)]


def labelled_texts(path: Path) -> None:
    rows = [f"{' '.join(words)},{'more' if words.count('tea') > 1 else 'less'}" for words in dishes()]
    path.write_text("\n".join(["text,label", *rows]) + "\n")


def labelled_words(path: Path) -> None:
    sentences = ("\n".join(f"{word}\t{'B-x' if word == 'tea' else 'O'}" for word in words) for words in dishes())
    path.write_text("\n\n".join(sentences) + "\n")


DATA = {
    "generate": ("data.txt", texts), "classify": ("data.csv", labelled_texts), "tag": ("data.conll", labelled_words),
}  # fmt: skip
"""Task -> the name of its data, and what writes it."""


def written(task: str, folder: Path) -> Path:
    name, write = DATA[task]
    write(folder / name)
    return folder / name


def arguments(task: str, folder: Path, name: str, **more: Any) -> dict[str, Any]:
    return {"task": task, "data": str(folder / DATA[task][0]), "out": str(folder / name), **OPTIONS[task], **more}


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives the folder with the data of a task and ``whole``, a run on it that nothing stopped."""

    @cache
    def folder_of(task: str) -> Path:
        folder = tmp_path_factory.mktemp(task)
        written(task, folder)
        finish(arguments(task, folder, "whole"))
        return folder

    return folder_of


def assert_same(task: str, folder: Path, name: str) -> None:
    """The run is as the unbroken one."""
    whole, resumed = folder / "whole", folder / name
    for file in ("model.safetensors", "trainer.safetensors"):
        first, second = (read_tensors(run / file)[0] for run in (whole, resumed))
        assert first.keys() == second.keys()
        assert all(torch.equal(first[key], second[key]) for key in first), file
    assert (whole / INPUTS[task]).read_bytes() == (resumed / INPUTS[task]).read_bytes()
    assert timeless_metrics(whole) == timeless_metrics(resumed)
    assert not list(resumed.glob(".*.part"))


@pytest.mark.parametrize("task", OPTIONS)
def test_killed_at_random_moments(task: str, unbroken: Callable[[str], Path]) -> None:
    folder, moments = unbroken(task), random.SystemRandom()
    checkpoint = folder / "killed" / "trainer.safetensors"
    given = arguments(task, folder, "killed", resume=True)
    for number, steps in enumerate(MOMENTS[task], 1):
        process = start(given)
        wait_for_step(process, moments.choice(steps))
        while number == len(MOMENTS[task]) and not checkpoint.exists():
            assert process.poll() is None, "the run ended before its first checkpoint"
            time.sleep(0.002)
        time.sleep(moments.uniform(0.0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "every kill came before the end"
    step, last = read_checkpoint(checkpoint).position.step, OPTIONS[task]["steps"]
    assert 0 < step < last
    assert f"goes on from step {step} of {last}" in finish(given)
    assert_same(task, folder, "killed")


def test_ctrl_c_saves_says_how_to_resume_and_loses_nothing(unbroken: Callable[[str], Path]) -> None:
    folder = unbroken("generate")
    process = start(arguments("generate", folder, "stopped", checkpoint_every=1e6))
    wait_for_step(process, 60)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=100)
    assert out.split()[-1] == "interrupted" and process.returncode == 0, err
    position = read_checkpoint(folder / "stopped" / "trainer.safetensors").position
    steps = [int(line) for line in out.split() if line.isdigit()]
    assert position.step == max(steps, default=60) < LAST and position.status == "interrupted"
    command = f"fit('generate', ..., out={str(folder / 'stopped')!r}, resume=True)"
    assert command in err and "Traceback" not in err
    err = finish(arguments("generate", folder, "stopped", resume=True))
    assert f"goes on from step {position.step} of {LAST}" in err
    assert_same("generate", folder, "stopped")


@pytest.mark.parametrize("room", [2_000, 40_000])
def test_a_full_disk_is_one_error_and_the_checkpoint_before_is_whole(tmp_path: Path, room: int) -> None:
    """Below the size of a checkpoint (about 60 kB) and, for the smaller one, below that of every file."""
    written("generate", tmp_path)
    run = tmp_path / "run"
    finish(arguments("generate", tmp_path, "run", steps=20, validate_every=20))
    before = contents(run)
    err = fail(arguments("generate", tmp_path, "run", steps=40, resume=True, checkpoint_every=0.0), room=room)
    errors = [line for line in err.splitlines() if line.startswith("TrainingError")]
    assert len(errors) == 1 and str(run) in errors[0] and "resume=True" in errors[0]
    after = contents(run)
    for kept in ("trainer.safetensors", "model.safetensors", "vocabulary.json", "trainer.json"):
        assert after[kept] == before[kept]
    assert not [path for path in after if path.endswith(".part") or path.startswith((".", "tmp"))]
    finish(arguments("generate", tmp_path, "run", steps=40, resume=True))


def test_a_disk_that_is_full_from_the_start_leaves_no_half_written_file(tmp_path: Path) -> None:
    written("generate", tmp_path)
    err = fail(arguments("generate", tmp_path, "never", checkpoint_every=0.0), room=20_000)
    assert "TrainingError: cannot write" in err
    left = {path.name for path in (tmp_path / "never").iterdir()}
    assert not left & {"trainer.safetensors", "trainer.json"} and not [name for name in left if name.startswith(".")]


@pytest.mark.parametrize(("task", "old", "new"), [("classify", "less", "more"), ("tag", "\tO", "\tB-x")])
def test_other_data_is_not_gone_on_with(task: str, old: str, new: str, tmp_path: Path) -> None:
    quiet: dict[str, Any] = {"out": tmp_path / "run", "reporter": SilentReporter(), **OPTIONS[task], "steps": 2}
    data = written(task, tmp_path)
    tt.fit(task, data, **quiet)
    before = contents(tmp_path / "run")
    data.write_text(data.read_text().replace(old, new, 1))
    with pytest.raises(CheckpointError, match="trained on other data; resume with the same files"):
        tt.fit(task, data, resume=True, **{**quiet, "steps": 4})
    assert contents(tmp_path / "run") == before
