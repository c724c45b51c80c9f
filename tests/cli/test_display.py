"""What is shown while a run trains."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from throughtime.cli.display import LiveDisplay, Pace, PlainDisplay, clock, display, sparkline
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


def test_plain_lines_tell_it_all() -> None:
    target = console(terminal=False)
    play(PlainDisplay(target, every=0.0))
    text = shown(target)
    for words in (
        "generate in runs/a: 1,234,567 parameters on cpu, 100 steps, at most 2.5 minutes",
        "cell lstm, hidden 256",
        "step 10/100 (10%), epoch 0.20: train",
        "12,345 tokens/s",
        "step 10: validation 2.875 bits per character (best)",
        "to be [bold]or not",
        "the last 10 % is held out",
        "finished after 10 steps and 1:15; best validation 2.875 bits per character",
    ):
        assert words in text
    assert "\x1b" not in text, "plain lines hold no terminal codes"


def test_plain_lines_about_steps_are_rare() -> None:
    target = console(terminal=False)
    play(PlainDisplay(target, every=60.0))
    assert "train" not in shown(target)


def test_the_live_display_shows_progress_scores_curve_and_sample() -> None:
    target = console(terminal=True)
    with display(target) as reporter:
        assert isinstance(reporter, LiveDisplay)
        play(reporter)
    text = shown(target)
    for words in (
        "10%", "step 10/100", "epoch 0.20", "left", "validation 2.875", "12,345 tokens/s", "sample after 10 steps",
        "to be [bold]or not", "█", "held out", "1,234,567", "finished",
    ):  # fmt: skip
        assert words in text, words


def test_a_long_sample_leaves_room_for_the_rest() -> None:
    target = console(terminal=True)
    with display(target) as reporter:
        reporter.started(INFO)
        reporter.stepped(step(1))
        reporter.sampled("\n".join(f"line {n}" for n in range(200)), 1)
    assert "line 5" in shown(target)
    assert "line 100" not in shown(target)


def test_the_display_ends_when_training_fails() -> None:
    target = console(terminal=True)
    with pytest.raises(RuntimeError, match="broken"), display(target) as reporter:
        reporter.started(INFO)
        raise RuntimeError("broken")
    assert "\x1b[?25h" in shown(target), "the cursor is visible again"


def test_no_terminal_means_plain_lines() -> None:
    with display(console(terminal=False)) as reporter:
        assert isinstance(reporter, PlainDisplay)


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (75, "1:15"), (3675, "1:01:15")])
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("values", "width", "line"),
    [([], 5, ""), ([1.0], 5, "▁"), ([2.0, 2.0], 5, "▁▁"), ([8.0, 8.0, 1.0, 1.0], 2, "█▁"), ([1.0, 2.0], 1, "▁")],
)
def test_sparkline(values: list[float], width: int, line: str) -> None:
    assert sparkline(values, width) == line


def test_the_time_left_follows_the_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([100.0, 110.0])
    monkeypatch.setattr("throughtime.cli.display.time.monotonic", lambda: next(now))
    pace = Pace()
    pace.add(step(10))
    assert pace.left(0.10) == "?"
    assert pace.left(0.20) == "1:20", "10 s for a tenth: 80 s for the other eight"
