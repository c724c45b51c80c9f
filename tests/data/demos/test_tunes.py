"""The folk tunes are in order: bars of one length, chords that fit, files that are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from throughtime.data.demos.tunes import CHORDS, HELD_OUT, MELODIES, folk_tunes, harmonised, melody_of
from throughtime.data.music.midi_reading import read_midi


@pytest.mark.parametrize("name", MELODIES)
def test_bars_of_a_tune_are_of_one_length(name: str) -> None:
    lengths = {sum(length for _, length in bar) for bar in melody_of(MELODIES[name])}
    assert lengths in ({4.0}, {3.0})
    assert all(50 <= pitch <= 76 for bar in melody_of(MELODIES[name]) for pitch, _ in bar if pitch is not None)


def test_a_melody_is_read_as_it_is_written() -> None:
    assert melody_of("G3/A/GF|c2zB,") == [
        [(67, 1.5), (69, 0.5), (67, 1.0), (65, 1.0)],
        [(72, 2.0), (None, 1.0), (59, 1.0)],
    ]


def test_each_bar_has_the_chord_that_most_of_it_is_in() -> None:
    notes = list(harmonised(melody_of("CEG2|BDG2|FFAc|BD2G")))
    chords = [tuple(pitch for start, _, pitch, hard in notes if start == bar * 2.0 and hard < 70) for bar in range(4)]
    assert chords == [CHORDS["C"], CHORDS["G"], CHORDS["F"], CHORDS["C"]]  # the last one is that of the key
    assert all(end - start == 2.0 for start, end, _, hard in notes if hard < 70)


def test_the_files_are_tunes(tmp_path: Path) -> None:
    (train,), (valid,) = folk_tunes(tmp_path)
    assert sorted(path.stem for path in valid.iterdir()) == sorted(HELD_OUT)
    assert len(list(train.iterdir())) == len(MELODIES) - len(HELD_OUT)
    tune = read_midi(train / "mary.mid", print)
    top = [max(n.pitch for n in tune.notes if n.start == start) for start in (0.0, 0.5, 1.0, 1.5, 2.0)]
    assert top == [64, 62, 60, 62, 64] and tune.length == 16.0
