"""What the demo ``music`` shows and leaves."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from made_up_run import shown

from throughtime.cli.demos.music import DEMO, in_letters
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
    left = sorted(path.name for path in tmp_path.iterdir() if path.is_file())
    assert left == ["run-goes-on.mid", "run-goes-on.svg", "run.mid", "run.svg"]
    assert len(read_midi(tmp_path / "run.mid", print).notes) == 5  # seeds 0 to 3: the longest has five notes
