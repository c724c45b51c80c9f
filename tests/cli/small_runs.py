"""Data and small runs for the tests of predict and evaluate."""

from __future__ import annotations

import csv
import io
import wave
from pathlib import Path

import numpy as np
import pytest

from throughtime.cli.main import status_of

TINY = ["--hidden", "6", "--embedding", "6", "--batch-size", "4", "--device", "cpu", "--sample-every", "0"]
WELL = [
    "--epochs", "20", "--learning-rate", "0.03", "--average", "0.8", "--warmup", "2", "--dropout", "0",
    "--word-dropout", "0",
]  # fmt: skip
"""Enough to learn what is as easy as here."""
SENTENCE = "Ann\tB-per\nLee\tI-per\nsaw\tO\nit{}\tO\n\n"


def reviews(count: int) -> list[str]:
    return [f"{'good' if number % 2 else 'bad'} tea number {number},{'np'[number % 2]}" for number in range(count)]


def sound(path: Path, rate: int = 8000, tone: float = 440.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = 9000 * np.sin(2 * np.pi * tone * np.arange(rate // 10) / rate)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())


def fitted(task: str, data: Path, *options: str) -> Path:
    run = data.parent / "run"
    assert status_of(["fit", task, str(data), "--out", str(run), *TINY, *options]) == 0
    return run


def predicted(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    capsys.readouterr()
    assert status_of(["predict", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))
