"""What the demo ``music`` shows and leaves."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from made_up_run import shown

from throughtime.cli.demos.music import DEMO, in_letters
from throughtime.cli.demos.registry import DEMOS
from throughtime.cli.main import status_of
from throughtime.data.demos.tunes import folk_tunes
from throughtime.data.music.midi_reading import read_midi
from throughtime.data.music.notes import Note
from throughtime.data.music.tune import Tune


def made_up(folder: Path) -> Any:
    """Stands for a run that writes as many notes as its seed says."""

    def generate(primer: Path | None = None, seed: int = 0, **how: Any) -> Tune:
        assert primer is None or read_midi(primer, print).notes
        return Tune(tuple(Note(step / 2, step / 2 + 0.5, 60 + step) for step in range(seed + 2)))

    return SimpleNamespace(path=folder / "run", generate=generate, metrics={"nll_per_event": 0.5})


def test_a_tune_is_drawn_in_letters() -> None:
    tune = Tune((Note(0.0, 0.5, 60), Note(0.5, 1.25, 62)))
    assert in_letters(tune) == ["  D4 │  █▓▓", " C#4 │", "  C4 │█▓"]


def test_it_leaves_tunes_and_pictures(tmp_path: Path) -> None:
    folk_tunes(tmp_path / "data")
    text = shown(DEMO, made_up(tmp_path), tmp_path / "data", width=400)
    assert "the longest of 4" in text and "held-out tunes: 0.50 nats per event" in text
    left = sorted(path.name for path in (tmp_path / "data").iterdir() if path.is_file())
    assert left == ["goes-on.mid", "goes-on.svg", "written.mid", "written.svg"]
    assert len(read_midi(tmp_path / "data" / "written.mid", print).notes) == 5  # seeds 0 to 3: the longest has five


def test_the_demo_goes_from_its_tunes_to_its_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = {"hidden": 6, "embedding": 4, "steps": 40, "lanes": 4, "learning_rate": 0.05, "sample_every": 0, "warmup": 0}
    monkeypatch.setitem(DEMOS, "music", dataclasses.replace(DEMO, options={**DEMO.options, **tiny, "transpose": 0}))
    for _ in range(2):  # a demo's own run is replaced
        assert status_of(["demo", "music"]) == 0
        told = capsys.readouterr().out
        assert "runs/demo-music/report.html" in told and "now in runs/demo-music-data" in told
        assert read_midi(Path("runs/demo-music-data/written.mid"), print).notes
    commands = [line.split()[1:] for line in told.partition("Try next:")[2].splitlines() if line.strip()]
    assert [status_of(command) for command in commands[:2]] == [0, 0]
    assert Path("tune.mid").exists() and Path("tune.svg").exists() and Path("more.mid").exists()
