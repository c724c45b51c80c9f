"""``scripts/gpu`` from end to end on the CPU: what it tells, keeps and ends with, and what it needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from throughtime.bench.gpu import run as runs
from throughtime.bench.gpu.rows import Goal, Place, Row, rows
from throughtime.bench.gpu.run import LATE, RIGHT, WRONG, Asked, run, status_of
from throughtime.bench.gpu.variants import Variant, variants
from throughtime.errors import KernelError

BARE = """
import runpy, sys

ABSENT = ["safetensors", "tokenizers", "tensorboard", "matplotlib", "sklearn", "scipy", "seqeval", "sacrebleu", "typer",
          "rich", "PIL", "polars", "onnx", "onnxruntime", "jax", "throughtime._native"]

class Without:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, *where):
        absent = any(name == each or name.startswith(each + ".") for each in ABSENT)
        return None if absent else self.finder.find_spec(name, *where)

sys.meta_path = [Without(finder) for finder in sys.meta_path if hasattr(finder, "find_spec")]
script, *sys.argv[1:] = sys.argv[1:]
sys.argv[0] = script
runpy.run_path(script, run_name="__main__")
"""
"""Runs a script as if nothing were installed but torch, NumPy and triton, and no core built."""


def called(*arguments: object, code: str = "") -> subprocess.CompletedProcess[str]:
    script = Path(__file__).resolve().parents[3] / "scripts" / "gpu"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *(["-c", code] if code else []), str(script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("To be, or not to be, that is the question. " * 20)
    return path


def test_a_dry_run_on_a_bare_machine_goes_through_everything(text: Path, tmp_path: Path) -> None:
    kept = tmp_path / "gpu.json"
    ended = called("--dry-run", "--processes", 0, "--some", 1, text, "--json", kept, code=BARE)
    assert ended.returncode == RIGHT, ended.stdout + ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[0].startswith(
        "  1 of 1  right  lstm, plain, float32, 3x14, eager, one, full, none: torch, triton, error "
    )
    assert lines[1].startswith("plain/lstm/bfloat16/b64/h128: ours ")
    assert lines[-2:] == ["1 of 1 variants right", "exit status 0"]
    results = json.loads(kept.read_text())
    assert results["conditions"]["quick"] and results["conditions"]["command"].startswith("scripts/gpu --dry-run")
    assert len(results["parity"]) == len(results["rows"]) == 1
    assert {"torch.nn bfloat16", "torch.nn float16"} == results["rows"][0]["beside"].keys()


@pytest.mark.slow
def test_processes_check_side_by_side(tmp_path: Path) -> None:
    kept = tmp_path / "gpu.json"
    ended = called("--dry-run", "--processes", 2, "--some", 2, "--json", kept)
    assert ended.returncode == RIGHT, ended.stdout + ended.stderr
    assert [found["right"] for found in json.loads(kept.read_text())["parity"]] == [True, True]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.txt"], "scripts/gpu: nowhere.txt: there is no such file"),
        (["--minutes", "0"], "--minutes and --some must be above 0"),
        (["--device", "cuda:7"], "torch sees no GPU for --device cuda:7; --dry-run goes through all of it on the CPU"),
    ],
)
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_what_cannot_be_asked_for_is_refused_in_one_line(arguments: list[str], said: str) -> None:
    ended = called(*arguments)
    assert ended.returncode == 2 and ended.stdout == ""
    assert said in ended.stderr and ended.stderr.count("\n") == 1


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    told: list[str] = []
    device = torch.device("cpu")
    return Asked(
        device=device, minutes=5, processes=0, text=None, json=tmp_path / "gpu.json", quick=True, some=1,
        tell=told.append,
    )  # fmt: skip


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.name)
def test_every_row_runs(row: Row, text: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "rows", lambda: [row])
    monkeypatch.setattr(runs, "variants", list[Variant])
    (found,) = run(replace(asked, text=text))["rows"]
    assert "missing" not in found, found
    assert found["name"] == row.name and found["goals"] == []
    assert {goal.beside for goal in row.goals} <= {"", *found["beside"]}


def only(monkeypatch: pytest.MonkeyPatch, **figures: Mapping[str, Any]) -> None:
    """Rows that find these figures, and no variants."""

    def row(name: str, found: Mapping[str, Any]) -> Row:
        def measure(place: Place) -> Mapping[str, Any]:
            if not found:
                raise KernelError("too many blocks\nin a cooperative launch")
            return found

        return Row(name, "title", (Goal("peer", 2.0), Goal("plain", 1.5, faster=False)), measure)

    made = [row(name, found) for name, found in figures.items()]
    monkeypatch.setattr(runs, "rows", lambda: made)
    monkeypatch.setattr(runs, "variants", list[Variant])


def test_what_a_goal_says_of_times_and_of_rates(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    found: dict[str, Any] = {"beside": {"peer": 6.0, "plain": 2.5}, "unit": "ms"}
    only(monkeypatch, quick={**found, "ours": 3.0}, slow={**found, "ours": 4.0})
    quick, slow = run(replace(asked, quick=False, some=None))["rows"]
    assert [(goal["ratio"], goal["reached"]) for goal in quick["goals"]] == [(2.0, True), (1.2, True)]
    assert [(goal["ratio"], goal["reached"]) for goal in slow["goals"]] == [(1.5, False), (1.6, False)]
    only(monkeypatch, rate={"ours": 12.0, "beside": {"peer": 5.0, "plain": 9.0}, "unit": "tokens/s"})
    (rate,) = run(replace(asked, quick=False))["rows"]
    assert rate["goals"][0]["ratio"] == 2.4 and rate["goals"][0]["reached"]


def test_a_row_that_fails_leaves_the_others_and_is_told(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    figures: dict[str, Any] = {"ours": 3.0, "beside": {"peer": 6.0, "plain": 2.5}, "unit": "ms"}
    only(monkeypatch, broken={}, whole=figures)
    results = run(replace(asked, quick=False, some=None))
    assert [row.get("missing") for row in results["rows"]] == ["KernelError: too many blocks", None]
    assert status_of(results) == (WRONG, "0 of 0 variants right; not measured: broken")
    assert json.loads((asked.json or Path()).read_text()) == results


def test_a_text_that_was_not_given_is_a_row_that_is_not_measured(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [row for row in rows() if row.name.startswith("fit generate")]
    monkeypatch.setattr(runs, "rows", lambda: texts)
    monkeypatch.setattr(runs, "variants", list[Variant])
    results = run(replace(asked, some=None))
    assert {row["missing"] for row in results["rows"]} == {"no text was given"}
    assert status_of(results)[0] == LATE


def test_it_keeps_to_its_time(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(variant: Variant, device: torch.device) -> dict[str, Any]:
        time.sleep(0.2)
        return {**{name: getattr(variant, name) for name in Variant.__slots__}, "right": True, "kernel": "none",
                "error": 0.0, "of": "y", "beside": None, "warned": []}  # fmt: skip

    def measure(place: Place) -> Mapping[str, Any]:
        time.sleep(0.2)
        return {"missing": "no reason"}

    monkeypatch.setattr(runs, "check", slow)
    monkeypatch.setattr(runs, "rows", lambda: [Row(str(number), "title", (), measure) for number in range(9)])
    began = time.perf_counter()
    results = run(replace(asked, minutes=1 / 60, some=None))
    assert time.perf_counter() - began < 2.5
    right = sum(found["right"] for found in results["parity"])
    assert 1 <= right <= 4 and len(results["parity"]) == len(variants())
    assert all(found["right"] or found["late"] for found in results["parity"])
    late = [row["name"] for row in results["rows"] if row.get("missing", "").endswith("minutes were over")]
    assert late and status_of(results)[0] == LATE


def test_a_variant_that_is_wrong_is_a_failure(asked: Asked) -> None:
    results: dict[str, Any] = {"parity": [{"right": True}, {"right": False, "error": 1.0}], "rows": []}
    assert status_of(results) == (WRONG, "1 of 2 variants right")
