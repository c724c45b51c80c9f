"""Small runs for the tests of the command line, and what is shown of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from throughtime.cli.main import status_of

Refused = Callable[..., str]
"""Runs a command that must be refused, and gives the line that it says."""

TINY = ["--hidden", "6", "--embedding", "6", "--batch-size", "4", "--device", "cpu", "--sample-every", "0"]
WELL = [
    "--epochs", "20", "--learning-rate", "0.03", "--average", "0.8", "--warmup", "2", "--dropout", "0",
    "--word-dropout", "0",
]  # fmt: skip
"""Enough to learn what is as easy as here."""
_TWO_STEPS = ["--hidden", "4", "--embedding", "4", "--steps", "2", "--batch-size", "4", "--device", "cpu"]
TWO_STEPS = {"classify": _TWO_STEPS, "tag": [*_TWO_STEPS, "--spelling", "2"], "translate": [*_TWO_STEPS, "--no-rival"]}
TWO_STEPS["forecast"] = [*_TWO_STEPS, "--layers", "1", "--horizon", "3", "--no-rival"]
TWO_STEPS["answer"] = [*_TWO_STEPS, "--spelling", "2"]
TWO_STEPS["caption"] = [*_TWO_STEPS, "--features", "16"]
"""Task -> options that make a fit take a moment; it learns nothing."""
SOUNDS = ["--mel-bands", "4"]


def fitted(task: str, data: Path, *options: str) -> Path:
    run = data.parent / "run"
    assert status_of(["fit", task, str(data), "--out", str(run), *TINY, *options]) == 0
    return run


def shown_by_fit(capsys: pytest.CaptureFixture[str], task: str, data: str, *options: str) -> str:
    """Fit for two steps, and give what the command prints."""
    return output(capsys, "fit", task, data, "--out", "run", *TWO_STEPS[task], *options)


def padding_of(shown: str) -> int:
    """The share of padding that a fit prints, in per cent."""
    padding = next(part for part in shown.split(", ") if part.startswith("padding "))
    return int(padding.split()[1].removesuffix("%"))


def output(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run a command, and give what it alone prints."""
    capsys.readouterr()
    assert status_of([str(argument) for argument in arguments]) == 0
    return capsys.readouterr().out


def predicted(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    return output(capsys, "predict", *arguments)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))
