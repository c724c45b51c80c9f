"""What demos draw, on terminals with and without colours; the runs behind them are made up."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from throughtime.cli import shows
from throughtime.data.reading import Reading
from throughtime.tasks.learner import Prediction


class Oracle:
    """Stands for a run: knows the right answers, but for some that it is told to get wrong."""

    def __init__(self, reading: Reading, wrong: dict[str, Any] | None = None) -> None:
        self.model = SimpleNamespace(reading=reading, predict=self._predict)
        self.wrong = wrong or {}

    def _predict(self, records: Iterable[Any]) -> Iterator[tuple[Any, Prediction]]:
        for record in records:
            said = self.wrong.get(str(record.target), record.target)
            yield record, Prediction(said, 0.75, {said: 0.75, "Elsewhere": 0.25})

    def predict(self, data: Sequence[Any], note: object = None) -> list[Prediction]:
        if isinstance(data[0], str):
            return [Prediction("Finland", 0.6, {"Spain": 0.3, "Finland": 0.6, "Italy": 0.1}) for _ in data]
        return [Prediction(tuple("call" if word == "open" else "name" for word in line["tokens"])) for line in data]


def shown(show: Any, run: Any, data: Path, *, colours: bool = False, width: int = 80) -> str:
    file = io.StringIO()
    system = "standard" if colours else None
    console = Console(
        file=file, force_terminal=colours, width=width, color_system=system, no_color=not colours, highlight=False
    )
    show(console, run, data)
    text = file.getvalue()
    if not colours:
        assert all(len(line) <= width and line == line.rstrip() for line in text.splitlines()), text
    return text


def test_names(tmp_path: Path) -> None:
    (tmp_path / "names-train.csv").write_text("name,country\nVirtanen,Finland\n", encoding="utf-8")
    (tmp_path / "names-valid.csv").write_text("name,country\nAho,Finland\nRey,Spain\nSoto,Spain\n", encoding="utf-8")
    text = shown(shows.show_names, Oracle(Reading(target_column="country"), {"Spain": "Italy"}), tmp_path)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines.index("Finland ████████████████████ 100%") < lines.index("Spain 0% else mostly Italy")
    assert "Virtanen * Finland 60% Spain 30% Italy 10%" in lines
    assert "Rossi Finland 60% Spain 30% Italy 10%" in lines
    assert lines[-1] == "33.3% of 3 surnames right; a blind guess: 50.0%"


def test_digits(tmp_path: Path) -> None:
    from PIL import Image

    for label, value in (("3", 0), ("5", 255)):
        for number in range(2):
            path = tmp_path / "valid" / label / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((8, 8), value, np.uint8)).save(path)
    text = shown(shows.show_digits, Oracle(Reading(), {"5": "3"}), tmp_path)
    assert ("█" * 16 + "  " + "█" * 16) in text.split("Read wrongly")[1]
    assert "3, is 5 (75%)" in text and "3 (75%)" in text
    assert "       3   5\n    3   2   ·\n    5   2   ·\n" in text
    assert "50.0% of 4 digits right" in text
    assert "Read wrongly" not in shown(shows.show_digits, Oracle(Reading()), tmp_path)


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    row = {"tokens": ["f", "(", "x", ")"], "tags": ["call", "operator", "name", "operator"]}
    other = {"tokens": ["f", "=", "x"], "tags": ["assigned", "operator", "name"]}
    (tmp_path / "tokens-train.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    (tmp_path / "tokens-valid.jsonl").write_text(f"{json.dumps(row)}\n{json.dumps(other)}\n", encoding="utf-8")
    return tmp_path


def test_code_without_colours(tokens: Path) -> None:
    text = shown(shows.show_code, Oracle(Reading(per_step=True)), tokens)
    assert "    with open‹call›(path, encoding=" in text
    assert "each once\n" in text and "\x1b" not in text
    assert "mistaken in line 1: def (says name, is keyword)\n" in text
    assert "100.00% of 7 tokens right, 0 wrong" in text
    assert "right for 71.4%" in text, "5 of 7: f is no call and = was never seen"


def test_code_with_colours(tokens: Path) -> None:
    text = shown(shows.show_code, Oracle(Reading(per_step=True)), tokens, colours=True)
    assert "\x1b[34mopen\x1b[0m(" in text and "‹" not in text
    assert "\x1b[1;35mkeyword\x1b[0m" in text, "the colours are explained"


def clips(folder: Path) -> Path:
    frames = np.zeros((2, 9, 16, 16), np.uint8)
    frames[:, :, 0, 0] = 255
    frames[:, :, 1, 1] = 255
    labels = np.array([["7:up-right"] * 9, ["8:down-left"] * 9])
    np.savez(folder / "moving-valid.npz", clips=frames, labels=labels)
    return folder


def test_a_clip(tmp_path: Path) -> None:
    right = ("8:down-left",) * 9
    said = (*right[:8], "3:down-left")
    text = shown(shows.show_clip, Oracle(Reading(per_step=True), {str(right): said}), clips(tmp_path))
    assert "│▀▄              │  │▀▄" in text
    assert "1: 7 ↗ ✓" in text and "8: 7 ↗ ✓" in text and "9: 7" not in text
    worst = text.split("The clip it reads worst: 1 of 9 frames wrong")[1]
    assert "9: 3 ↙ ✗ 8 ↙" in worst, "the wrong frame is among those that are drawn"
    assert "94.4% of 18 frames right (digit 94.4%, direction 100.0%); a blind guess: 2.5%" in text
    assert "worst" not in shown(shows.show_clip, Oracle(Reading(per_step=True)), tmp_path)
