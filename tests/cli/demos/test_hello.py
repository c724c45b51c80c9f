"""The demo ``hello``: someone types HELL and sees O."""

from __future__ import annotations

from pathlib import Path

import pytest

import throughtime as tt
from throughtime.cli.main import status_of


def test_hello(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert status_of(["demo", "hello"]) == 0
    shown = capsys.readouterr().out
    said = [line.split() for line in shown.splitlines() if "→" in line]
    assert [line[:4] for line in said[1:]] == [
        ["H", "→", "✓", "'E'"],
        ["HE", "→", "✓", "'L'"],
        ["HEL", "→", "✓", "'L'"],
        ["HELL", "→", "✓", "'O'"],
        ["HELLO", "→", "✓", "'\\n'"],
    ]
    assert "throughtime next runs/demo-hello HELL" in shown
    best = tt.load("runs/demo-hello").next("HELL", top=1).candidates[0]
    assert best.text == "O" and best.probability > 0.9
