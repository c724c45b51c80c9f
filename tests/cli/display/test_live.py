"""The display that stays in its place."""

from __future__ import annotations

import pytest
from short_training import INFO, console, play, shown, step

from throughtime.cli.display import display
from throughtime.cli.display.live import LiveDisplay, sparkline


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


@pytest.mark.parametrize(
    ("values", "width", "line"),
    [([], 5, ""), ([1.0], 5, "▁"), ([2.0, 2.0], 5, "▁▁"), ([8.0, 8.0, 1.0, 1.0], 2, "█▁"), ([1.0, 2.0], 1, "▁")],
)
def test_sparkline(values: list[float], width: int, line: str) -> None:
    assert sparkline(values, width) == line
