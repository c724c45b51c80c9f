"""Reporters pass everything on, and the plain one says what matters."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from throughtime.training.reporter import PlainReporter, Reporter, Reporters, SilentReporter, Summary

CALLS: list[tuple[str, tuple[Any, ...]]] = [
    ("started", (object(),)),
    ("stepped", (object(),)),
    ("validated", ({"step": 3.0, "epoch": 1.5, "bits_per_character": 2.25, "perplexity": 4.76, "other": 1.0},)),
    ("sampled", ("text", 3)),
    ("checkpointed", (Path("x"),)),
    ("note", ("mind this",)),
    ("finished", (Summary(status="finished", step=3, tokens=9, seconds=61.2, path=Path("run")),)),
]


def call_all(reporter: Reporter) -> None:
    for name, arguments in CALLS:
        getattr(reporter, name)(*arguments)


def test_all_members_hear_all_calls_in_order() -> None:
    heard: list[tuple[int, str, tuple[Any, ...]]] = []

    class Ear(SilentReporter):
        def __init__(self, number: int) -> None:
            for name, _ in CALLS:
                setattr(self, name, lambda *arguments, name=name: heard.append((number, name, arguments)))

    call_all(Reporters([Ear(1), Ear(2)]))
    assert heard == [(number, name, arguments) for name, arguments in CALLS for number in (1, 2)]


def test_the_plain_one_prints_notes_scores_and_the_end() -> None:
    stream = io.StringIO()
    call_all(PlainReporter(stream))
    assert stream.getvalue().splitlines() == [
        "step 3, epoch 1.50: validation bits_per_character 2.250, perplexity 4.760",
        "mind this",
        "finished after 3 steps, 61 s: run",
    ]


def test_the_silent_one_is_silent(capsys: Any) -> None:
    call_all(SilentReporter())
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""
