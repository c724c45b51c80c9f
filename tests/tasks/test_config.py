"""Every option does something: changing it changes the run, and a test without an entry for an option fails."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import throughtime as tt
from throughtime.tasks import config_class
from throughtime.training.checkpoint import read_tensors
from throughtime.training.metrics import read_metrics
from throughtime.training.options import options_of
from throughtime.training.reporter import SilentReporter

TEXT = "\n\n".join(f"The {number} cats sat on {number * 7} mats, naïve as cats are." for number in range(90))
BASE: dict[str, Any] = {
    "hidden": 6, "embedding": 4, "lanes": 2, "tbptt": 8, "steps": 4, "dropout": 0.0, "warmup": 0, "clip": 0.0,
    "learning_rate": 0.01, "checkpoint_every": 1e6, "log_every": 1, "sample_every": 0, "validate_every": 2,
}  # fmt: skip

CHANGES: dict[str, tuple[dict[str, Any], Any]] = {
    "epochs": ({"steps": None, "epochs": 0.02}, 0.05),
    "steps": ({}, 5),
    "learning_rate": ({}, 0.02),
    "weight_decay": ({}, 0.5),
    "warmup": ({}, 3),
    "schedule": ({}, "constant"),
    "clip": ({}, 0.01),
    "average": ({}, 0.9),
    "patience": ({"steps": 12, "learning_rate": 30.0, "validate_every": 1, "schedule": "constant"}, 1),
    "validate_every": ({}, 1),
    "sample_every": ({}, 2),
    "checkpoint_every": ({}, 0.0),
    "log_every": ({}, 3),
    "seed": ({}, 1),
    "unit": ({}, "bytes"),
    "vocabulary_size": ({"unit": "words"}, 20),
    "separator": ({}, "\n\n"),
    "encoding": ({}, "latin-1"),
    "cell": ({}, "gru"),
    "hidden": ({}, 7),
    "layers": ({}, 2),
    "embedding": ({}, 5),
    "tied": ({}, True),
    "dropout": ({}, 0.5),
    "layer_norm": ({}, True),
    "zoneout": ({}, 0.5),
    "recurrent_dropout": ({}, 0.5),
    "weight_dropout": ({}, 0.5),
    "rival": ({}, False),
    "lanes": ({}, 3),
    "tbptt": ({}, 9),
}
"""Option -> (what else must be set, a value that changes the run)."""


class Counter(SilentReporter):
    """Counts checkpoints."""

    def __init__(self) -> None:
        self.count = 0

    def checkpointed(self, path: Path) -> None:
        self.count += 1


def trace(folder: Path, options: Mapping[str, Any]) -> tuple[object, ...]:
    """All that a run leaves behind and that does not tell the time."""
    (folder / "text.txt").write_text(TEXT, encoding="utf-8")
    counter = Counter()
    run = tt.fit("generate", folder / "text.txt", out=folder / "run", reporter=counter, **options)
    rows = [
        {name: value for name, value in row.items() if name not in ("seconds", "tokens_per_second")}
        for row in read_metrics(run.path)
    ]
    tensors = read_tensors(run.path / "trainer.safetensors")[0]
    weights = {name: tensor.tolist() for name, tensor in tensors.items() if name.startswith("weights/")}
    return rows, weights, (run.path / "vocabulary.json").read_text(), counter.count, run.rivals


@cache
def _options() -> list[str]:
    return [option.name for option in options_of(config_class("generate"))]


def test_every_option_is_tried() -> None:
    assert sorted(CHANGES) == sorted(_options())


@pytest.mark.parametrize("name", CHANGES)
def test_an_option_changes_the_run(name: str, tmp_path: Path) -> None:
    more, value = CHANGES[name]
    (first := tmp_path / "first").mkdir()
    (second := tmp_path / "second").mkdir()
    assert trace(first, {**BASE, **more}) != trace(second, {**BASE, **more, name: value})


def test_nothing_changed_changes_nothing(tmp_path: Path) -> None:
    (first := tmp_path / "first").mkdir()
    (second := tmp_path / "second").mkdir()
    assert trace(first, {**BASE, "dropout": 0.5, "seed": 3}) == trace(second, {**BASE, "dropout": 0.5, "seed": 3})
