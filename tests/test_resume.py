"""Stopped at any moment and resumed, a run equals the unbroken one bit for bit. Live: real processes, real signals."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from throughtime.training.checkpoint import read_checkpoint, read_tensors
from throughtime.training.metrics import read_metrics

SOURCE = Path(__file__).resolve().parent.parent / "src"
STEPS = 260
PROGRAM = """
import json, sys
import throughtime as tt
from throughtime.errors import ThroughtimeError
from throughtime.training.reporter import PlainReporter

class Reporter(PlainReporter):
    def stepped(self, report):
        print(report.step, flush=True)

arguments = json.loads(sys.argv[1])
try:
    run = tt.fit("generate", reporter=Reporter(), **arguments)
except ThroughtimeError as error:
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    sys.exit(2)
print(run.status)
"""
OPTIONS: dict[str, Any] = {
    "hidden": 16, "embedding": 8, "layers": 2, "lanes": 4, "tbptt": 12, "steps": STEPS, "separator": "\n",
    "dropout": 0.3, "recurrent_dropout": 0.2, "validate_every": 50, "sample_every": 70, "log_every": 1,
    "checkpoint_every": 0.3, "patience": 4,
}  # fmt: skip


def arguments(folder: Path, name: str, **more: Any) -> str:
    return json.dumps({"data": str(folder / "text.txt"), "out": str(folder / name), **OPTIONS, **more})


def start(given: str, **how: Any) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, given],
        env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how,
    )  # fmt: skip


def finish(given: str, **how: Any) -> tuple[str, str]:
    process = start(given, **how)
    out, err = process.communicate(timeout=200)
    return out, err


def wait_for_step(process: subprocess.Popen[str], step: int) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip().isdigit() and int(line) >= step:
            return
    raise AssertionError(f"no step {step}: {process.communicate()[1]}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("resume")
    words = random.Random(3)
    lines = [
        " ".join(words.choices(["a", "bee", "can", "dig", "every", "fig", "gone", "home"], k=6)) for _ in range(300)
    ]
    (folder / "text.txt").write_text("\n".join(lines))
    out, err = finish(arguments(folder, "whole"))
    assert out.split()[-1] == "finished", err
    yield folder


def assert_same(folder: Path, name: str) -> None:
    for file in ("model.safetensors", "trainer.safetensors"):
        first, second = (read_tensors(folder / run / file)[0] for run in ("whole", name))
        assert first.keys() == second.keys()
        assert all(torch.equal(first[key], second[key]) for key in first), file
    timeless = [
        [
            {key: row[key] for key in row if key not in ("seconds", "tokens_per_second")}
            for row in read_metrics(folder / run)
        ]
        for run in ("whole", name)
    ]
    assert timeless[0] == timeless[1]
    assert not list((folder / name).glob(".*.part"))


def test_killed_at_random_moments(folder: Path) -> None:
    moments = random.SystemRandom()
    given, kills = arguments(folder, "killed", resume=True), 0
    for earliest in (1, 60, 120):
        process = start(given)
        wait_for_step(process, earliest + moments.randrange(60))
        time.sleep(moments.uniform(0.0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
    out, err = finish(given)
    assert out.split()[-1] == "finished", err
    assert kills == 3, "every kill came before the end"
    assert_same(folder, "killed")


def test_ctrl_c_saves_says_how_to_resume_and_loses_nothing(folder: Path) -> None:
    process = start(arguments(folder, "stopped", checkpoint_every=1e6))
    wait_for_step(process, 60)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=100)
    assert out.split()[-1] == "interrupted" and process.returncode == 0, err
    position = read_checkpoint(folder / "stopped" / "trainer.safetensors").position
    steps = [int(line) for line in out.split() if line.isdigit()]
    assert position.step == max(steps, default=60) < STEPS and position.status == "interrupted"
    command = f"throughtime fit generate --out {folder / 'stopped'} --resume"
    assert command in err and "Traceback" not in err
    out, err = finish(arguments(folder, "stopped", resume=True))
    assert out.split()[-1] == "finished" and f"goes on from step {position.step} of {STEPS}" in err
    assert_same(folder, "stopped")


LIMIT = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))
"""


def finish_with_limit(given: str, size: int) -> tuple[int, str]:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1"}
    program = LIMIT.format(size) + PROGRAM
    done = subprocess.run(
        [sys.executable, "-c", program, given], env=environment, capture_output=True, text=True, timeout=200
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("size", [2_000, 40_000])
def test_a_full_disk_is_one_error_and_the_checkpoint_before_is_whole(folder: Path, size: int) -> None:
    """Below the size of a checkpoint (about 60 kB) and, for the smaller one, below that of every file."""
    name = f"full{size}"
    out, err = finish(arguments(folder, name, steps=20, validate_every=20))
    assert out.split()[-1] == "finished", err
    before = {path.name: path.read_bytes() for path in (folder / name).iterdir()}
    status, err = finish_with_limit(arguments(folder, name, steps=40, resume=True, checkpoint_every=0.0), size)
    assert status == 2 and "Traceback" not in err
    errors = [line for line in err.splitlines() if line.startswith("TrainingError")]
    assert len(errors) == 1 and str(folder / name) in errors[0] and "--resume" in errors[0]
    after = {path.name: path.read_bytes() for path in (folder / name).iterdir()}
    for kept in ("trainer.safetensors", "model.safetensors", "vocabulary.json", "trainer.json"):
        assert after[kept] == before[kept]
    assert not [path for path in after if path.endswith(".part") or path.startswith((".", "tmp"))]
    out, err = finish(arguments(folder, name, steps=40, resume=True))
    assert out.split()[-1] == "finished", err


def test_a_disk_that_is_full_from_the_start_leaves_no_half_written_file(folder: Path) -> None:
    status, err = finish_with_limit(arguments(folder, "never", checkpoint_every=0.0), 20_000)
    assert status == 2 and "Traceback" not in err and "TrainingError: cannot write" in err
    left = {path.name for path in (folder / "never").iterdir()}
    assert not left & {"trainer.safetensors", "trainer.json"} and not [name for name in left if name.startswith(".")]
