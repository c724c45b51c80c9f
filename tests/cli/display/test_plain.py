"""Plain lines about training."""

from __future__ import annotations

from short_training import console, play, shown

from throughtime.cli.display.plain import PlainDisplay


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
