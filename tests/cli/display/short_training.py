"""A short training, as the loop tells it, and where it is shown."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from throughtime.training.reporter import Reporter, RunInfo, StepReport, Summary

INFO = RunInfo(
    task="generate",
    path=Path("runs/a"),
    device="cpu",
    parameters=1234567,
    total_steps=100,
    start_step=0,
    steps_per_epoch=50,
    max_minutes=2.5,
    counted="tokens",
    details={"cell": "lstm", "hidden": 256},
)


def step(number: int, bits: float = 3.0) -> StepReport:
    return StepReport(
        step=number,
        total_steps=100,
        epoch=number / 50,
        tokens=number * 1000,
        loss=bits * 0.693,
        metrics={"bits_per_character": bits, "perplexity": 8.0},
        learning_rate=1e-3,
        gradient_norm=0.5,
        tokens_per_second=12345.0,
        seconds=number * 0.1,
        progress=number / 100,
    )


def play(reporter: Reporter) -> None:
    """A short training, as the loop tells it."""
    reporter.started(INFO)
    for number in range(1, 11):
        reporter.stepped(step(number, 4.0 - number / 10))
    reporter.validated({"step": 10.0, "epoch": 0.2, "bits_per_character": 2.875, "best": 1.0})
    reporter.sampled("to be [bold]or not", 10)
    reporter.checkpointed(Path("runs/a/trainer.safetensors"))
    reporter.note("the last 10 % is held out")
    reporter.finished(
        Summary(
            status="finished", step=10, tokens=10_000, seconds=75.0, best={"bits_per_character": 2.875}, path=INFO.path
        )
    )


def console(terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=120, height=40, color_system=None)


def shown(target: Console) -> str:
    assert isinstance(target.file, io.StringIO)
    return target.file.getvalue()
