"""``throughtime demo``."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path

import pytest

from throughtime.cli import demo
from throughtime.cli.main import status_of
from throughtime.errors import DataError
from throughtime.tasks import config_class

SMALL = {"hidden": 16, "embedding": 8, "steps": 3, "lanes": 2, "tbptt": 32}


def test_the_corpus_is_two_megabytes_of_source_and_always_the_same() -> None:
    files, held_out = demo.standard_library(Path())
    assert (files, held_out) == demo.standard_library(Path())
    assert held_out and not set(files) & set(held_out)
    assert 2.0e6 <= sum(path.stat().st_size for path in [*files, *held_out]) < 2.4e6
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    assert text.count("\ndef ") > 500


def test_a_python_without_source_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("throughtime.cli.demo.sysconfig.get_path", lambda name: str(tmp_path))
    with pytest.raises(DataError, match="too little"):
        demo.standard_library(Path())


@pytest.mark.parametrize("name", demo.DEMOS)
def test_demos_fit_into_three_minutes_and_their_options_exist(name: str) -> None:
    chosen = demo.DEMOS[name]
    assert chosen.max_minutes <= 4
    config_class(chosen.task).from_mapping(chosen.options)


@pytest.mark.parametrize("name", ["generate"])
def test_a_demo_ends_with_a_score_a_sample_a_report_and_three_commands(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text_file: Path
) -> None:
    small = dataclasses.replace(demo.DEMOS[name], options=SMALL, data=lambda folder: ([text_file], [text_file]))
    monkeypatch.setitem(demo.DEMOS, name, small)
    for _ in range(2):  # a demo's own run is replaced
        assert status_of(["demo", name]) == 0
        shown = capsys.readouterr().out
        assert "bits per character" in shown
        assert "a sample" in shown
        assert f"runs/demo-{name}/report.html" in shown
        assert (Path("runs") / f"demo-{name}" / "report.html").exists()
    commands = [line.strip() for line in shown.split("Try next:")[1].splitlines() if line.strip()]
    assert len(commands) == 3
    for command in commands:
        words = shlex.split(command)
        assert words[0] == "throughtime"
        assert status_of([*words[1:3], "--help"] if words[1] == "fit" else [words[1], "--help"]) == 0


def test_a_run_of_ones_own_is_not_replaced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text_file: Path
) -> None:
    small = dataclasses.replace(demo.DEMOS["generate"], options=SMALL, data=lambda folder: ([text_file], [text_file]))
    monkeypatch.setitem(demo.DEMOS, "generate", small)
    assert status_of(["demo", "--out", "mine"]) == 0
    assert status_of(["demo", "--out", "mine"]) == 2
    assert "--overwrite" in capsys.readouterr().err
