"""Tunes as notes and as steps are the same tunes."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path

import pytest

from throughtime.data.music.notes import Note, tidy
from throughtime.data.music.pitches import are_pitches, begins_with_pitches, parts_of, read_pitches
from throughtime.data.music.tune import Tune, tune_of_frames
from throughtime.errors import DataError, UsageError


@pytest.mark.parametrize("seed", range(5))
def test_steps_become_notes_and_steps_again(seed: int) -> None:
    draw = random.Random(seed)
    frames = tuple(tuple(sorted(draw.sample(range(40, 50), draw.randint(0, 4)))) for _ in range(30))
    tune = tune_of_frames(frames, 0.25)
    assert tune.frames == frames  # rests at the end, too
    for note in tune.notes:  # each note is as long as its pitch sounds on
        first, stop = round(note.start * 4), round(note.end * 4)
        assert all(note.pitch in frame for frame in frames[first:stop])
        assert stop == 30 or note.pitch not in frames[stop]
        assert first == 0 or note.pitch not in frames[first - 1]


def test_notes_sound_in_the_nearest_steps_and_in_one_at_least() -> None:
    notes = (Note(0.02, 0.49, 60), Note(0.48, 0.52, 62), Note(0.6, 1.3, 64))
    assert Tune(notes, step=0.5).frames == ((60,), (62, 64), (64,))


def test_no_two_notes_of_a_pitch_sound_at_a_time() -> None:
    draw = random.Random(3)
    drawn = [Note(start / 8, (start + draw.randint(1, 20)) / 8, draw.randint(60, 63)) for start in range(0, 90, 2)]
    cleaned = tidy(drawn)
    for pitch in range(60, 64):
        own = [note for note in cleaned if note.pitch == pitch]
        assert all(one.end <= other.start for one, other in pairwise(own))
        for place in range(110):  # what sounds, sounds as before
            at = place / 8 + 0.01
            assert any(n.start <= at < n.end for n in own) == any(
                n.start <= at < n.end for n in drawn if n.pitch == pitch
            )


def test_json_is_read_in_all_its_forms(tmp_path: Path) -> None:
    one = [[60, 64], [], [67]]
    for content, parts in (
        (one, {"": 1}), ([one, one], {"": 2}), ({"train": [one, one], "valid": [one]}, {"train": 2, "valid": 1}),
    ):  # fmt: skip
        (tmp_path / "t.json").write_text(json.dumps(content))
        read = read_pitches(tmp_path / "t.json", 0.5, print)
        assert {name: len(tunes) for name, tunes in read.items()} == parts
        assert all(tune.frames == ((60, 64), (), (67,)) for tunes in read.values() for tune in tunes)
        assert begins_with_pitches(json.dumps(content))
    assert are_pitches(one) and are_pitches([one]) and not are_pitches([[[one]]]) and not are_pitches([["a"]])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "no JSON file"),
        ("{}", "holds no tunes"),
        ("[[60, 128]]", "step 1: a pitch is a whole number from 0 to 127 .*, not 128"),
        ("[[[60], [61.5]]]", "tune 1: step 2: a pitch .*, not 61.5"),
        ("[[[60], [true]]]", "tune 1: step 2: a pitch .*, not True"),
        ("[[[60]], [[], []]]", "tune 2 has no notes"),
        ('[[[60]], "so"]', "tune 2 is no music"),
        ('"so"', "is no music: a list of tunes is needed"),
    ],
)
def test_json_that_is_no_music_is_refused_with_its_place(content: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(content)
    with pytest.raises(DataError, match=f"t.json.*{words}"):
        read_pitches(tmp_path / "t.json", 0.5, print)
    with pytest.raises(DataError, match="the data: step 1"):
        parts_of([[60, 200]], 0.5, "the data")


def test_a_tune_is_saved_as_json_or_midi_and_as_nothing_else(tmp_path: Path) -> None:
    tune = tune_of_frames([[60, 64], [62]], 0.5)
    tune.save(tmp_path / "t.json")
    assert json.loads((tmp_path / "t.json").read_text()) == [[60, 64], [62]]
    with pytest.raises(UsageError, match=r"a tune is written as MIDI \(.mid\)"):
        tune.save(tmp_path / "t.mp3")
    with pytest.raises(DataError, match="cannot write"):
        tune.save(tmp_path / "none" / "t.mid")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.json"]
