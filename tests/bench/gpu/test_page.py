"""The part of docs/performance.md on GPUs: in so many words that nothing was measured, or what was, where and when."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from throughtime.bench.gpu.page import COMMAND, part
from throughtime.bench.report import page_of
from throughtime.errors import DataError

VARIANT = {
    "cell": "gru", "option": "zoneout", "dtype": "bfloat16", "size": "1x24", "call": "eager", "directions": "one",
    "rows": "full", "resets": "none",
}  # fmt: skip
RESULTS: dict[str, Any] = {
    "conditions": {
        "card": "NVIDIA H200", "when": "2026-11-30 22:00 UTC", "versions": {"torch": "2.11.0", "triton": "3.6.0"},
        "command": "scripts/gpu --json gpu.json", "quick": False,
    },
    "parity": [
        {**VARIANT, "right": True, "kernel": "triton", "error": 3e-3, "of": "y", "beside": None},
        {**VARIANT, "right": True, "kernel": "triton", "error": 4e-3, "of": "y", "beside": 5e-3},
        {**VARIANT, "dtype": "float16", "right": False, "failed": "KernelError: too large"},
        {**VARIANT, "dtype": "tf32", "right": False, "late": True},
    ],
    "rows": [
        {
            "name": "plain/lstm", "title": "Training", "ours": 1.58, "beside": {"torch.nn bfloat16": 8.5}, "unit": "ms",
            "kernel": "triton",
            "goals": [
                {"beside": "torch.nn bfloat16", "goal": 4.0, "faster": True, "ratio": 5.38, "reached": True},
            ],
        },
        {
            "name": "stream/lstm", "title": "Streams", "ours": 17.25, "beside": {}, "unit": "us", "kernel": "torch",
            "goals": [{"beside": "", "goal": 15.0, "faster": False, "ratio": 17.25, "reached": False}],
        },
        {
            "name": "fit generate", "title": "Tasks", "ours": 812345.6, "beside": {"before": 340e3}, "unit": "tokens/s",
            "goals": [{"beside": "before", "goal": 2.0, "faster": True, "ratio": 2.389, "reached": True}],
        },
        {"name": "other", "title": "Tasks", "missing": "no text was given", "goals": []},
    ],
}  # fmt: skip


def test_what_was_not_measured_is_said_with_the_command() -> None:
    text = "\n".join(part(None))
    assert "Not measured yet: no figure here is of a GPU." in text
    assert f"```console\n{COMMAND}\n```" in text
    assert not any(character.isdigit() for character in text), "there are no figures"


def test_what_was_measured_is_told_with_the_card_and_the_day() -> None:
    lines = "\n".join(part(RESULTS)).splitlines()
    assert "Measured on one NVIDIA H200, 2026-11-30 22:00 UTC, with torch 2.11.0, triton 3.6.0, by" in lines[2]
    for line in (
        "| bfloat16 | 4.0e-03 | 5.0e-03 |",
        "| float16 | - | - |",
        "- **not right**: gru, zoneout, float16, 1x24, eager, one, full rows, resets: none: KernelError: too large",
        "- **not right**: gru, zoneout, tf32, 1x24, eager, one, full rows, resets: none: not done in time",
        "### Training",
        "| plain/lstm | at least 4 | **5.38** ✓ | 1.58 ms | torch.nn bfloat16 8.5 ms | triton |",
        "| stream/lstm | at most 15 | **17.25** ✗ | 17.2 us | - | torch |",
        "| fit generate | at least 2 | **2.39** ✓ | 812,346 tokens/s | before 340,000 tokens/s | - |",
        "| other | - | - | - | not measured: no text was given | - |",
    ):
        assert line in lines, line
    assert any(line.startswith("2 of 4 variants") for line in lines)
    assert "dry run" not in "\n".join(lines)


def test_a_dry_run_says_that_it_is_one() -> None:
    text = "\n".join(part({**RESULTS, "conditions": {**RESULTS["conditions"], "quick": True}}))
    assert "its figures are not to be quoted" in text


@pytest.fixture
def folder(root: Path, tmp_path: Path) -> Path:
    (tmp_path / "results").mkdir()
    shutil.copy(root / "benchmarks" / "results" / "layers.json", tmp_path / "results")
    return tmp_path


def test_the_page_has_the_part(folder: Path) -> None:
    assert "\n".join(part(None)) in page_of(folder)
    (folder / "results" / "gpu.json").write_text(json.dumps(RESULTS))
    assert "\n".join(part(RESULTS)) in page_of(folder)
    (folder / "results" / "gpu.json").write_text("{}")
    with pytest.raises(DataError, match=r"gpu\.json: it holds no results"):
        page_of(folder)
