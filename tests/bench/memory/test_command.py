"""``throughtime bench memory`` from end to end, small."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from throughtime.bench.memory.catalogue import TASKS
from throughtime.bench.memory.task import MemoryTask
from throughtime.cli.display.brief import BriefDisplay
from throughtime.cli.main import status_of

FILES = {"results.json", "table.md", "curves.svg", "curves.png"}


def test_the_list_has_every_task_and_what_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["bench", "memory"]) == 0
    lines = capsys.readouterr().out.splitlines()
    named = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert named == list(TASKS)
    assert sum("- " in line for line in lines if line.startswith(" ")) == sum(len(t.published) for t in TASKS.values())


def test_the_list_and_a_refusal_load_no_torch() -> None:
    statement = "import sys\nfrom throughtime.cli.main import status_of\nstatus_of(sys.argv[1:])\n"
    statement += "print({'torch', 'sklearn', 'matplotlib'} & set(sys.modules))"
    for words, status in ((["memory"], "set()"), (["memory", "adding", "--length", "1"], "set()")):
        done = subprocess.run(
            [sys.executable, "-c", statement, "bench", *words], capture_output=True, text=True, timeout=60
        )
        assert done.stdout.splitlines()[-1] == status, done.stderr


@pytest.mark.parametrize(
    ("name", "cells", "lengths"),
    [("copy", "lstm,gru", "1,5"), ("adding", "rnn", "9"), ("parity", "lstm", "3,50"), ("pixels", "gru", "64")],
)
def test_a_task_is_learned_scored_and_drawn(
    small: dict[str, MemoryTask], name: str, cells: str, lengths: str, capsys: pytest.CaptureFixture[str]
) -> None:
    length = ["--length", "8"] if name != "pixels" else []
    asked = ["bench", "memory", name, "--cell", cells, "--lengths", lengths, "--seeds", "2", *length, "--out", "found"]
    assert status_of(asked) == 0
    shown, told = capsys.readouterr()
    assert {path.name for path in Path("found").iterdir()} == FILES
    results = json.loads(Path("found/results.json").read_text())
    runs = [(run["cell"], run["seed"]) for run in results["runs"]]
    assert runs == [(cell, seed) for cell in cells.split(",") for seed in (0, 1)]
    assert all(run["step"] == 3 and run["status"] == "finished" for run in results["runs"])
    measure = TASKS[name].measure
    for run in results["runs"]:
        assert list(run["scores"]) == lengths.split(",")
        assert f"{run['cell']}, seed {run['seed']}: " in told
    best = measure.best(
        [run["scores"][lengths.split(",")[0]] for run in results["runs"] if run["cell"] == "gru"] or [0]
    )
    assert "gru" not in cells or f"| **gru** | best | {best:.3f} |" in shown
    assert shown == Path("found/table.md").read_text() and measure.baseline in shown
    assert all(each.paper in shown for each in TASKS[name].published)
    assert shown.count("\n| ") == len(runs) + len(cells.split(",")) + 3, "a row for each, the best, the constant, two"
    picture = Path("found/curves.svg").read_text()
    assert all(f">{words}<" in picture for words in (*cells.split(","), TASKS[name].called, measure.name))
    assert ("learned from up to here" in picture) == (name in ("parity", "adding")), "8 were learned from, or 64 pixels"
    assert Path("found/curves.png").read_bytes().startswith(b"\x89PNG")
    assert results["command"].startswith(f"throughtime bench memory {name} --cell {cells}")


def test_the_same_again_with_other_options_than_the_catalogues(
    small: dict[str, MemoryTask], capsys: pytest.CaptureFixture[str]
) -> None:
    found = list[Any]()
    for more in ([], [], ["--set", "hidden=9"], ["--set", "learning-rate=0.1", "--set", "layer_norm=true"]):
        assert status_of(["bench", "memory", "anbn", "--seeds", "1", "--length", "5", "--out", "o", *more]) == 0
        results = json.loads(Path("o/results.json").read_text())
        found.append((results["settings"], [{**run, "seconds": 0, "processor": 0} for run in results["runs"]]))
    assert found[0] == found[1]
    assert found[2][0]["lstm"]["hidden"] == 9 and found[2][1][0]["parameters"] > found[0][1][0]["parameters"]
    assert found[3][0]["lstm"]["learning_rate"] == 0.1 and found[3][0]["lstm"]["layer_norm"] is True
    assert "n 5 |" in capsys.readouterr().out, (
        "what is tested is what was learned from, where nothing else is asked for"
    )


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("ading", "unknown memory task 'ading'"),
        ("adding --cell lsmt", "unknown cell 'lsmt'"),
        ("adding --length 1", "the length of this memory task is 2 or more"),
        ("adding --length ten", "'ten' is not a whole number"),
        ("adding --lengths 5,x", "--lengths takes whole numbers with commas between, and 'x' is none"),
        ("adding --lengths 5,1", "the length of this memory task is 2 or more"),
        ("anbn --lengths 0", "anbn is tested from the n 1 on, not at 0"),
        ("pixels --length 28", "pixels has 64 pixels, and not 28"),
        ("adding --seeds 0", "--seeds must be 1 or more, got 0"),
        ("adding --max-minutes 0", "--max-minutes must be above 0, got 0"),
        ("adding --set hidden", "--set takes NAME=VALUE, such as hidden=32, not 'hidden'"),
        ("adding --set hiden=3", "unknown option of classify 'hiden'"),
        ("adding --set hidden=x", "--set hidden=x: the value must be of the kind int"),
        ("adding --set rival=x", "--set rival=x: the value must be true or false"),
        ("adding --set cell=gru", "--set cell=gru: give --cell in its place"),
        ("adding --set seed=1", "--set seed=1: give --seeds in its place"),
        ("adding --set hidden=0", "hidden must be at least 1, not 0"),
        ("adding --cell rnn --set init=chrono:9", "chrono"),
    ],
)
def test_what_cannot_be_run_is_refused_in_one_line(
    small: dict[str, MemoryTask], typed: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(["bench", "memory", *typed.split(), "--out", "found"]) == 2
    told = capsys.readouterr().err
    assert says in told and told.count("\n") == 1, told
    assert not Path("found").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_leaves_the_runs_before_it_whole_and_nothing_by_halves(
    small: dict[str, MemoryTask], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = list[object]()

    def interrupted(display: BriefDisplay, report: Any) -> None:
        begun.append(report)
        if len(begun) == 4:
            signal.raise_signal(signal.SIGINT)  # in the first step of the second run of three steps

    monkeypatch.setattr(BriefDisplay, "stepped", interrupted)
    asked = ["bench", "memory", "copy", "--length", "4", "--seeds", "3", "--out", "found"]
    assert status_of(asked) == 130
    assert [path.name for path in Path("found").iterdir()] == ["results.json"]
    assert [run["seed"] for run in json.loads(Path("found/results.json").read_text())["runs"]] == [0]
    assert not capsys.readouterr().out


def test_a_time_limit_ends_each_run(small: dict[str, MemoryTask]) -> None:
    asked = "bench memory copy --length 4 --seeds 2 --max-minutes 0.0001 --set steps=100000 --out found"
    assert status_of(asked.split()) == 0
    runs = json.loads(Path("found/results.json").read_text())["runs"]
    assert [run["status"] for run in runs] == ["out of time"] * 2 and all(run["step"] < 1000 for run in runs)
