"""Classify and tag, killed at any moment and resumed, equal the unbroken run bit for bit. Live: real processes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from throughtime.training.checkpoint import read_checkpoint, read_tensors
from throughtime.training.metrics import read_metrics

SOURCE = Path(__file__).resolve().parent.parent / "src"
STEPS = 80
PROGRAM = """
import json, sys
import throughtime as tt
from throughtime.training.reporter import PlainReporter

class Reporter(PlainReporter):
    def stepped(self, report):
        print(report.step, flush=True)

print(tt.fit(reporter=Reporter(), **json.loads(sys.argv[1])).status)
"""
OPTIONS: dict[str, Any] = {
    "hidden": 6, "embedding": 6, "batch_size": 8, "steps": STEPS, "dropout": 0.3, "word_dropout": 0.2,
    "recurrent_dropout": 0.2, "spelling": 4, "average": 0.9, "validate_every": 25, "sample_every": 40, "log_every": 1,
    "checkpoint_every": 0.02, "device": "cpu",
}  # fmt: skip
"""Ten batches an epoch: every run goes through several, and is stopped inside one."""


def make(task: str, folder: Path) -> Path:
    draw = random.Random(5)
    words = ["tea", "milk", "bread", "salt", "rice", "soup"]
    lines = [draw.choices(words, k=draw.randrange(2, 9)) for _ in range(90)]
    if task == "classify":
        rows = [f"{' '.join(line)},{'more' if line.count('tea') > 1 else 'less'}" for line in lines]
        (folder / "data.csv").write_text("\n".join(["text,label", *rows]) + "\n")
        return folder / "data.csv"
    text = "\n\n".join("\n".join(f"{word}\t{'B-x' if word == 'tea' else 'O'}" for word in line) for line in lines)
    (folder / "data.conll").write_text(text + "\n")
    return folder / "data.conll"


def arguments(task: str, folder: Path, name: str, **more: Any) -> str:
    given = {"task": task, "data": str(make(task, folder)), "out": str(folder / name), **OPTIONS, **more}
    return json.dumps(given | ({"crf": True} if task == "tag" else {}))


def start(given: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, given],
        env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def finish(given: str) -> tuple[str, str]:
    out, err = start(given).communicate(timeout=200)
    assert out.split()[-1:] == ["finished"], err
    return out, err


def wait_for_step(process: subprocess.Popen[str], step: int) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip().isdigit() and int(line) >= step:
            return
    raise AssertionError(f"no step {step}: {process.communicate()[1]}")


def assert_same(folder: Path, name: str) -> None:
    for file in ("model.safetensors", "trainer.safetensors"):
        first, second = (read_tensors(folder / run / file)[0] for run in ("whole", name))
        assert first.keys() == second.keys()
        assert all(torch.equal(first[key], second[key]) for key in first), file
    assert (folder / "whole" / "inputs.json").read_bytes() == (folder / name / "inputs.json").read_bytes()
    timeless = [
        [
            {key: row[key] for key in row if key not in ("seconds", "tokens_per_second")}
            for row in read_metrics(folder / run)
        ]
        for run in ("whole", name)
    ]
    assert timeless[0] == timeless[1]
    assert not list((folder / name).glob(".*.part"))


@pytest.mark.parametrize("task", ["classify", "tag"])
def test_killed_in_the_middle_and_resumed(task: str, tmp_path: Path) -> None:
    finish(arguments(task, tmp_path, "whole"))
    moments = random.SystemRandom()
    given = arguments(task, tmp_path, "killed", resume=True)
    process = start(given)
    wait_for_step(process, 25 + moments.randrange(20))
    while not (tmp_path / "killed" / "trainer.safetensors").exists():
        assert process.poll() is None, "the run ended before its first checkpoint"
        time.sleep(0.002)
    time.sleep(moments.uniform(0.0, 0.05))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL, "the kill came before the end"
    position = read_checkpoint(tmp_path / "killed" / "trainer.safetensors").position
    assert 0 < position.step < STEPS
    _, err = finish(given)
    assert f"goes on from step {position.step} of {STEPS}" in err
    assert_same(tmp_path, "killed")


@pytest.mark.parametrize("task", ["classify", "tag"])
def test_other_data_is_not_gone_on_with(task: str, tmp_path: Path) -> None:
    import throughtime as tt
    from throughtime.errors import CheckpointError
    from throughtime.training.reporter import SilentReporter

    quiet: dict[str, Any] = {"out": tmp_path / "run", "reporter": SilentReporter(), **OPTIONS, "steps": 2}
    data = make(task, tmp_path)
    tt.fit(task, data, **quiet)
    before = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    text = data.read_text()
    data.write_text(text.replace("less", "more", 1) if task == "classify" else text.replace("\tO", "\tB-x", 1))
    with pytest.raises(CheckpointError, match="trained on other data; resume with the same files"):
        tt.fit(task, data, resume=True, **{**quiet, "steps": 4})
    assert {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()} == before
