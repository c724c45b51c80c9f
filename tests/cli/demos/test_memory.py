"""The demo ``memory``: four cells side by side, one picture, and commands that work."""

from __future__ import annotations

import csv
import dataclasses
import json
import shlex
import time
from pathlib import Path

import pytest

from throughtime.bench.memory import running
from throughtime.bench.memory.catalogue import TASKS
from throughtime.cli.demos.memory import CELLS
from throughtime.cli.main import status_of
from throughtime.models.parts.cells import CELLS as KNOWN


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tiny = {**TASKS["agreement"].options, "hidden": 8, "embedding": 8, "steps": 3}
    less = dataclasses.replace(TASKS["agreement"], examples=60, options=tiny, of_cell={})
    monkeypatch.setitem(TASKS, "agreement", less)
    monkeypatch.setattr(running, "TESTED", 20)
    monkeypatch.chdir(tmp_path)


def test_it_shows_each_cell_at_each_distance_a_picture_and_commands_that_work(
    small: None, capsys: pytest.CaptureFixture[str]
) -> None:
    found = list[object]()
    for _ in range(2):  # a demo's own runs are replaced
        assert status_of(["demo", "memory", "--seed", "1"]) == 0
        shown = capsys.readouterr().out
        results = json.loads(Path("runs/demo-memory/results.json").read_text())
        found.append([(run["cell"], run["seed"], run["scores"]) for run in results["runs"]])
        lines = [" ".join(line.split()) for line in shown.splitlines()]
        for run in results["runs"]:
            place = lines.index(run["cell"])
            for offset, length in enumerate(TASKS["agreement"].tested, 1):
                score = run["scores"][str(length)]
                bar = "█" * round(20 * score)
                assert lines[place + offset] == " ".join(f"{length} words {bar} {score:.1%}".split())
        assert [run["cell"] for run in results["runs"]] == list(CELLS)
        assert shown.count(" ... ") == 2 and "picture: runs/demo-memory/curves.png" in shown
    assert found[0] == found[1]
    assert Path("runs/demo-memory/curves.png").read_bytes().startswith(b"\x89PNG")
    commands = [line.strip() for line in shown.split("Try next:")[1].splitlines() if line.strip()]
    assert len(commands) == 3
    for command in commands:
        assert status_of(shlex.split(command)[1:]) == 0, command
    with Path("said.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 600 and all(row["text"] and row["label"] for row in rows)


def test_what_each_said_is_told_beside_what_is_right(small: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["demo", "memory", "--out", "mine"]) == 0
    shown = capsys.readouterr().out.splitlines()
    for place, line in enumerate(shown):
        if " ... " not in line:
            continue
        right = line.split(" ... ")[1]
        answers = [answer.split() for answer in shown[place + 1].split(", ")]
        assert [answer[0] for answer in answers] == [f"{cell}:" for cell in CELLS]
        assert all((answer[1] == right) == (answer[2] == "✓") for answer in answers)


def test_its_cells_are_there() -> None:
    assert set(CELLS) <= set(KNOWN)


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(400)
def test_the_gated_cells_remember_and_the_plain_one_does_not_in_under_two_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    began = time.perf_counter()
    assert status_of(["demo", "memory"]) == 0
    assert time.perf_counter() - began < 120
    scores = {
        run["cell"]: run["scores"] for run in json.loads(Path("runs/demo-memory/results.json").read_text())["runs"]
    }
    assert min(scores["lstm"]["50"], scores["gru"]["50"]) >= 0.98
    assert scores["rnn"]["50"] < 0.95
