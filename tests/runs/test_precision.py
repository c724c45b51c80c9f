"""``precision="bf16"``: as good as float32, kept in float32, gone on with bit for bit, and said."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from text_runs import Notes

import throughtime as tt
from throughtime.errors import UsageError
from throughtime.training.checkpoint import read_tensors
from throughtime.training.reporter import SilentReporter

COMMON: dict[str, Any] = {
    "hidden": 24,
    "embedding": 12,
    "dropout": 0.0,
    "rival": False,
    "sample_every": 0,
    "warmup": 10,
}


def text(path: Path) -> Path:
    """Sums, some of which go on from the one before."""
    draw = random.Random(0)
    lines = [f"{a} and {b} are {a + b}." for a, b in ((draw.randrange(9), draw.randrange(9)) for _ in range(900))]
    path.write_text("\n".join(lines))
    return path


def labelled(path: Path) -> Path:
    """Labels of which a tenth are wrong, so that the loss has a floor to compare."""
    draw = random.Random(1)
    rows = [draw.choices(["tea", "milk", "bread", "salt"], k=draw.randrange(3, 9)) for _ in range(600)]
    lines = [
        f"{' '.join(words)},{'more' if (words.count('tea') > 1) != (draw.random() < 0.1) else 'less'}" for words in rows
    ]
    path.write_text("\n".join(["text,label", *lines]) + "\n")
    return path


def hours(path: Path) -> Path:
    rows = [
        f"2024-05-{1 + n // 24:02} {n % 24:02}:00,{10 + 3 * math.sin(n / 12 * math.pi) + n % 5:.3f}" for n in range(600)
    ]
    path.write_text("\n".join(["at,sold", *rows]) + "\n")
    return path


TASKS: dict[str, tuple[Callable[[Path], Path], str, dict[str, Any]]] = {
    "generate": (text, "bits_per_character", {"lanes": 8, "tbptt": 32, "steps": 300}),
    "classify": (labelled, "loss", {"steps": 240, "batch_size": 16, "word_dropout": 0.0}),
    "forecast": (hours, "loss", {"steps": 200, "horizon": 6, "context": 48, "batch_size": 16, "folds": 2}),
}
"""Task -> what writes its data, the score that is compared, and its options."""


def fit(task: str, folder: Path, name: str, **more: Any) -> tt.Run:
    make, _, options = TASKS[task]
    data = make(folder / "data.csv" if task != "generate" else folder / "data.txt")
    how: dict[str, Any] = {"reporter": SilentReporter(), "device": "cpu", **COMMON, **options, **more}
    return tt.fit(task, data, out=folder / name, **how)


def weights(run: Path, file: str = "model.safetensors") -> dict[str, torch.Tensor]:
    return read_tensors(run / file)[0]


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("task", TASKS)
def test_validation_is_within_one_percent_of_float32(task: str, tmp_path: Path) -> None:
    score = TASKS[task][1]
    exact, narrow = (fit(task, tmp_path, name, precision=name).metrics[score] for name in ("32", "bf16"))
    assert exact != narrow, "nothing was in bfloat16"
    assert abs(narrow - exact) <= 0.01 * abs(exact)


@pytest.mark.parametrize("task", TASKS)
def test_all_that_is_kept_is_float32_and_is_used_in_it(task: str, tmp_path: Path) -> None:
    run = fit(task, tmp_path, "run", precision="bf16", steps=6)
    assert json.loads((run.path / "config.json").read_text())["options"]["precision"] == "bf16"
    for file in ("model.safetensors", "trainer.safetensors"):
        kinds = {tensor.dtype for tensor in weights(run.path, file).values() if tensor.is_floating_point()}
        assert kinds == {torch.float32}, file
    exact = any((tensor != tensor.bfloat16().float()).any() for tensor in weights(run.path).values())
    assert exact, "the weights have been rounded to bfloat16"


def test_the_scores_of_a_run_are_those_of_its_weights_in_float32(tmp_path: Path) -> None:
    """What validation says of the best weights is what evaluate says of them later."""
    run = fit("classify", tmp_path, "run", precision="bf16", steps=40, valid=labelled(tmp_path / "valid.csv"))
    scores = tt.load(run.path).evaluate(tmp_path / "valid.csv")
    assert scores["loss"] == pytest.approx(run.metrics["loss"], abs=1e-6)


@pytest.mark.parametrize("task", TASKS)
def test_a_stopped_run_goes_on_bit_for_bit(task: str, tmp_path: Path) -> None:
    how: dict[str, Any] = {"precision": "bf16", "dropout": 0.2, "schedule": "constant", "validate_every": 4}
    whole = fit(task, tmp_path, "whole", **how, steps=12)
    fit(task, tmp_path, "stopped", **how, steps=7)
    resumed = fit(task, tmp_path, "stopped", **how, steps=12, resume=True)
    assert same(weights(whole.path, "trainer.safetensors"), weights(resumed.path, "trainer.safetensors"))


def test_a_run_keeps_its_precision_and_another_may_start_from_it_in_its_own(tmp_path: Path) -> None:
    run = fit("classify", tmp_path, "run", precision="bf16", steps=4)
    with pytest.raises(UsageError, match="was started with precision 'bf16', not '32'"):
        fit("classify", tmp_path, "run", precision="32", steps=8, resume=True)
    tuned = fit("classify", tmp_path, "tuned", init_from=run.path, steps=4)
    assert json.loads((tuned.path / "config.json").read_text())["options"]["precision"] == "32"


def test_what_stays_in_float32_is_noted(tmp_path: Path) -> None:
    said = Notes()
    fit("generate", tmp_path, "run", precision="bf16", steps=1, cell="lru", reporter=said)
    assert "recurrent stays in 32: decays near 1 have no place in bfloat16" in said.notes
    fit("generate", tmp_path, "exact", steps=1, cell="lru", reporter=(quiet := Notes()))
    assert not [note for note in quiet.notes if "32" in note]


def test_another_precision_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"unknown precision.* '16'.*32, bf16"):
        fit("generate", tmp_path, "run", precision="16")
