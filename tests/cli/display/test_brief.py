"""A line now and then of a run that is one of many."""

from __future__ import annotations

import io
from typing import Any

import pytest

from throughtime.cli.display import brief
from throughtime.cli.display.brief import BriefDisplay
from throughtime.training.reporter import StepReport


def step(number: int) -> StepReport:
    zero: dict[str, Any] = {"epoch": 0.0, "tokens": 0, "metrics": {}, "learning_rate": 0.0, "gradient_norm": 0.0}
    return StepReport(
        step=number, total_steps=1000, loss=0.12345678, tokens_per_second=0.0, seconds=number / 2,
        progress=number / 1000, **zero,
    )  # fmt: skip


def test_a_line_comes_every_so_many_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 104.0, 110.0, 115.0, 120.5])
    monkeypatch.setattr(brief.time, "monotonic", lambda: next(clock))
    stream = io.StringIO()
    display = BriefDisplay("gru, seed 1", stream=stream)
    for number in (10, 20, 30, 40):
        display.stepped(step(number))
    assert stream.getvalue().splitlines() == [
        "gru, seed 1: 2%, step 20, loss 0.1235, 10 s",
        "gru, seed 1: 4%, step 40, loss 0.1235, 20 s",
    ]
