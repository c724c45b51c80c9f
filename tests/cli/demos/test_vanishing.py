"""The demo ``vanishing``: who still knows the word at the last step, in a picture, and commands that work."""

from __future__ import annotations

import re
import shlex
import time
from pathlib import Path

import pytest

from throughtime.cli.demos import vanishing
from throughtime.cli.main import status_of


def test_it_tells_of_each_player_leaves_a_picture_and_commands_that_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(vanishing, "STEPS", 3)
    assert status_of(["demo", "vanishing"]) == 0
    shown = capsys.readouterr().out
    told = re.findall(
        r"^  (.+?) +says it right in +(\d+)%; left of step 1 at step 40: (\S+) before learning", shown, re.M
    )
    assert [name for name, _, _ in told] == list(vanishing.PLAYERS)
    left = {name: float(before) for name, _, before in told}
    assert max(left[name] for name in ("rnn", "lstm", "gru", "mingru")) < 1e-4
    assert min(left["lstm, forget bias"], left["rnn, orthogonal start"]) > 0.05
    assert Path("runs/demo-vanishing/vanishing.png").read_bytes().startswith(b"\x89PNG")
    assert Path("runs/demo-vanishing/vanishing.svg").read_text().count("<polyline") > 20
    commands = [line.strip() for line in shown.split("Try next:")[1].splitlines() if line.strip()]
    assert len(commands) == 3
    for command in commands:
        assert status_of(shlex.split(command)[1:]) == 0, command
    assert Path("flow.html").exists()


@pytest.mark.slow
@pytest.mark.alone
def test_helped_cells_remember_within_two_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    began = time.perf_counter()
    assert status_of(["demo", "vanishing"]) == 0
    assert time.perf_counter() - began < 120
    right = dict(re.findall(r"^  (.+?) +says it right in +(\d+)%", capsys.readouterr().out, re.M))
    assert int(right["lstm"]) < 50 <= 90 <= int(right["lstm, forget bias"])
    assert int(right["rnn, orthogonal start"]) >= 90
