"""Music from the door on: what is told from the data, what is skipped, labels, keys, and what is refused."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import throughtime as tt
from throughtime.data.music.notes import Note, tidy
from throughtime.data.music.tune import Tune, tune_of_frames
from throughtime.data.user_data import user_data
from throughtime.errors import CheckpointError, DataError, UsageError
from throughtime.tasks.generate.events.corpus import OFF, ON, SHIFT
from throughtime.tasks.generate.evidence import suited
from throughtime.tasks.generate.options import Config
from throughtime.tasks.generate.reader import reader_for
from throughtime.training.reporter import SilentReporter

SMALL: Mapping[str, Any] = {
    "hidden": 8, "embedding": 6, "lanes": 2, "tbptt": 8, "dropout": 0.0, "warmup": 0, "sample_every": 0, "steps": 2,
}  # fmt: skip


class Notes(SilentReporter):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)


def tune(seed: int) -> Tune:
    draw = random.Random(seed)
    return Tune(tidy(Note(step / 2, step / 2 + 0.5, 60 + draw.randrange(12)) for step in range(10)))


def midi_folder(folder: Path, count: int = 8) -> Path:
    (folder / "m" / "inner").mkdir(parents=True)
    for n in range(count):
        tune(n).save(folder / "m" / ("inner" if n % 2 else "") / f"{n}.mid")
    return folder / "m"


def fit(data: object, **options: Any) -> tuple[tt.Run, list[str]]:
    notes = Notes()
    run = tt.fit("generate", data, reporter=notes, **{**SMALL, **options})
    return run, notes.said


def read(data: object, valid: object = None, **options: Any) -> Any:
    given = user_data({"data": data, "valid": valid})
    config = Config.from_mapping(suited({**SMALL, **options}, given))
    return reader_for(config).read(given, known=None, note=lambda _: None)


def test_midi_is_learned_as_events_and_json_of_pitches_as_frames(tmp_path: Path) -> None:
    folder = midi_folder(tmp_path)
    (tmp_path / "c.json").write_text(json.dumps([tune(n).frames for n in range(8)]))
    (tmp_path / "t.json").write_text(json.dumps([{"text": "so"}] * 90))
    for data, unit, steps in (
        (folder, "events", None), (folder / "0.mid", "events", None), (tmp_path / "c.json", "frames", 1),
        ([tune(n) for n in range(8)], "events", None), ([list(tune(n).frames) for n in range(8)], "frames", 1),
        ({"train": [[[60], [62]]]}, "frames", 1),
    ):  # fmt: skip
        chosen = suited({}, user_data({"data": data}))
        assert (chosen["unit"], chosen.get("steps_per_beat")) == (unit, steps)
    assert suited({"unit": "frames"}, user_data({"data": folder})).get("steps_per_beat") is None
    assert suited({}, user_data({"data": tmp_path / "t.json"})) == {}
    run, said = fit(folder)
    assert run.config.unit == "events" and sum("learned as events" in line for line in said) == 1
    assert "unit='frames' is the other way" in " ".join(said)
    assert run.config.epochs == 20 and run.config.hidden == 8  # what was given stays


def test_text_is_learned_as_before(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps([[[60, 64], [62]]] * 60))
    run, _ = fit(tmp_path / "c.json", unit="characters")
    assert isinstance(run.generate(length=5, seed=1), str)
    options = suited({"hidden": 4}, user_data({"data": None}, {"data": ("text", "abc")}))
    assert options == {"hidden": 4}


def test_parts_of_a_file_are_what_they_are_called(tmp_path: Path) -> None:
    parts = {"train": [tune(n).frames for n in range(5)], "valid": [tune(9).frames] * 2, "test": [tune(7).frames]}
    (tmp_path / "c.json").write_text(json.dumps(parts))
    prepared = read(tmp_path / "c.json")
    assert len(prepared.train.lengths) == 5 and len(prepared.valid.lengths) == 2
    run, said = fit(tmp_path / "c.json")
    assert any("5 tunes are learned, 2 are held out" in line for line in said)
    notes: list[str] = []
    assert run.evaluate(tmp_path / "c.json", note=notes.append)["tunes"] == 1 and "not for learning" in notes[0]
    other = read(tmp_path / "c.json", [tune(3).frames])
    assert len(other.train.lengths) == 5 and len(other.valid.lengths) == 1


def test_a_tenth_of_the_tunes_is_held_out_or_the_end_of_the_only_one(tmp_path: Path) -> None:
    prepared = read([tune(n) for n in range(30)])
    assert len(prepared.valid.lengths) == 3 and len(prepared.train.lengths) == 27
    again = read([tune(n) for n in range(30)][::-1])
    assert again.valid.notes == prepared.valid.notes and again.train.predictions == prepared.train.predictions
    one = read([tune_of_frames([[60 + n % 3] for n in range(50)], 0.5).frames])
    assert one.train.frames == 45 and one.valid.frames == 5
    with pytest.raises(DataError, match="one tune of 1 notes is too little to hold out a part; give valid="):
        fit([Tune((Note(0.0, 0.5, 60),))])


def test_each_tune_is_heard_in_so_many_keys(tmp_path: Path) -> None:
    plain, moved = (read([tune(1)] * 3, [tune(2)], transpose=by) for by in (0, 2))
    assert len(moved.train.lengths) == 15 and len(moved.valid.lengths) == 1
    assert moved.pitches.lowest == plain.pitches.lowest - 2 and moved.pitches.highest == plain.pitches.highest + 2
    first, up = plain.train.source[0], moved.train.source[14]
    notes = (first >= ON) & (first < SHIFT)
    assert (up == first + 2 * notes).all() and ((first >= OFF) & notes).any()
    high = tune_of_frames([[107], [108]], 0.5)
    notes_said: list[str] = []
    config = Config.from_mapping({**SMALL, "unit": "frames", "transpose": 1})
    prepared = reader_for(config).read(
        user_data({"data": [high, high], "valid": [high]}), known=None, note=notes_said.append
    )
    assert len(prepared.train.lengths) == 4 and "2 left out that no key is for" in notes_said[-1]


def test_broken_files_are_skipped_and_listed_or_refused(tmp_path: Path) -> None:
    folder = midi_folder(tmp_path)
    (folder / "cut.mid").write_bytes(tune(0).midi()[:-9])
    (folder / "empty.mid").write_bytes(b"")
    (folder / "silent.mid").write_bytes(Tune(()).midi())
    with pytest.raises(DataError, match=r"cut\.mid: is no whole MIDI file: a track is cut short \(skip_bad=True"):
        fit(folder)
    run, said = fit(folder, skip_bad=True)
    listed = (run.path / "skipped.txt").read_text().splitlines()
    assert [line.split(": ")[0].rsplit("/", 1)[1] for line in listed] == ["cut.mid", "empty.mid", "silent.mid"]
    assert any("3 records were skipped; skipped.txt lists them" in line for line in said)
    assert "goes on without" not in " ".join(listed)
    notes: list[str] = []
    scores = run.evaluate(folder, skip_bad=True, note=notes.append)
    assert scores["tunes"] == 8 and "3 records were skipped" in notes[0]
    with pytest.raises(DataError, match=r"there is no tune in the data; 1 could not be read, the first: .*silent\.mid"):
        fit(folder / "silent.mid", skip_bad=True)


def test_what_is_no_midi_in_a_folder_is_left_out_and_said(tmp_path: Path) -> None:
    folder = midi_folder(tmp_path)
    (folder / "README").write_text("so")
    (folder / ".hidden.mid").write_bytes(b"")
    _, said = fit(folder)
    assert any("2 files that are no MIDI, or hidden, are left out" in line for line in said)


def test_a_label_tells_what_is_written(tmp_path: Path) -> None:
    for n in range(16):
        pitches = (60, 62, 64, 65) if n % 2 else (72, 71, 69, 67)
        Tune(tuple(Note(s / 2, s / 2 + 0.5, pitch) for s, pitch in enumerate(pitches))).save(tmp_path / f"{n}.mid")
    rows = "".join(f"{n}.mid,{('down', 'up')[n % 2]}\n" for n in range(16))
    (tmp_path / "t.csv").write_text(f"title,way\n{rows}")
    how = {
        "condition": "way",
        "steps": 200,
        "validate_every": 200,
        "learning_rate": 0.02,
        "hidden": 32,
        "tbptt": 24,
        "rival": False,
        "valid": tmp_path / "t.csv",
    }
    run, _ = fit(tmp_path / "t.csv", **how)
    assert run.config.unit == "events" and run.model.labels.names == ("down", "up")
    assert [n.pitch for n in run.generate(condition="up", temperature=0.0).notes] == [60, 62, 64, 65]
    assert [n.pitch for n in run.generate(condition="down", temperature=0.0).notes] == [72, 71, 69, 67]
    frames, _ = fit(tmp_path / "t.csv", **how, unit="frames", steps_per_beat=1, seed=2)
    assert frames.generate(condition="up", temperature=0.0, length=4).frames == ((60,), (62,), (64,), (65,))
    assert frames.generate(condition="down", temperature=0.0, length=4).frames == ((72,), (71,), (69,), (67,))
    assert tt.load(frames.path).evaluate(tmp_path / "t.csv", note=lambda _: None)["nll_per_frame"] < 0.5
    with pytest.raises(UsageError, match="choose one with condition=: down, up"):
        run.generate()
    with pytest.raises(UsageError, match="names a column of a table in a file"):
        fit([tune(1)] * 3, condition="way")


@pytest.mark.parametrize("unit", ["events", "frames"])
def test_a_run_opens_goes_on_and_begins_others(unit: str, tmp_path: Path) -> None:
    folder = midi_folder(tmp_path)
    run, _ = fit(folder, unit=unit, out=tmp_path / "run")
    assert tt.load(run.path).generate(length=20, seed=1).notes == run.generate(length=20, seed=1).notes
    on = tt.fit("generate", out=tmp_path / "run", resume=True, steps=4, reporter=SilentReporter())
    whole, _ = fit(folder, unit=unit, steps=4, schedule="cosine")
    assert on.metrics["step"] == whole.metrics["step"] == 4
    more, _ = fit([tune(n).transposed(14) for n in range(8)], init_from=run.path)
    assert more.config.unit == unit and more.model.describe()["pitches"] == "C4 to C#6"
    (run.path / "vocabulary.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"vocabulary\.json is damaged"):
        tt.load(run.path)


def test_what_is_of_text_is_refused_for_music_and_the_other_way_round(tmp_path: Path) -> None:
    folder = midi_folder(tmp_path)
    (tmp_path / "a.txt").write_text("so it is. " * 60)
    run, _ = fit(folder)
    text, _ = fit(tmp_path / "a.txt")
    with pytest.raises(UsageError, match=r"prompt is for texts; go on from a tune with primer='tune\.mid'"):
        run.generate("C")
    for ask in (run.generate_stream, lambda: run.generate_texts(2), lambda: run.next("C")):
        with pytest.raises(UsageError, match="writes music and no text; see generate"):
            ask()
    with pytest.raises(UsageError, match="primer is for music"):
        text.generate(primer=tune(0))
    with pytest.raises(UsageError, match="writes no music"):
        text.generate_tune()
    with pytest.raises(UsageError, match=r"m is music and .*a\.txt is text"):
        fit([folder, tmp_path / "a.txt"])
    with pytest.raises(UsageError, match=r"m is music and .*a\.txt is text"):
        fit(folder, valid=tmp_path / "a.txt")
    with pytest.raises(DataError, match=r"a\.txt: is no MIDI file"):
        run.evaluate(tmp_path / "a.txt")
    assert fit(folder / "0.mid", unit="bytes")[0].config.unit == "bytes"  # any bytes can be learned


def test_a_primer_is_a_tune_or_a_file_of_one(tmp_path: Path) -> None:
    folder = midi_folder(tmp_path)
    run, _ = fit(folder)
    by_file, by_tune = (run.generate(primer=primer, length=3, seed=1) for primer in (folder / "0.mid", tune(0)))
    assert by_file.notes == by_tune.notes and by_file.given == pytest.approx(5.0)
    assert [note.pitch for note in by_file.notes][:10] == [note.pitch for note in tune(0).notes]
    (tmp_path / "two.json").write_text(json.dumps([[[60]], [[62]]]))
    with pytest.raises(DataError, match="holds 2 tunes; give a file of one"):
        run.generate(primer=tmp_path / "two.json")
    with pytest.raises(UsageError, match=r"the pitch C8 \(108\) is beyond the range that was learned"):
        run.generate(primer=tune_of_frames([[108]], 0.5))


@pytest.mark.parametrize("unit", ["events", "frames"])
def test_a_tune_of_one_note_is_learned_scored_and_gone_on_from(unit: str, tmp_path: Path) -> None:
    folder = midi_folder(tmp_path)
    Tune((Note(0.0, 0.125, 60),)).save(folder / "one.mid")
    run, said = fit(folder, unit=unit)
    assert any("of 9 examples" in line for line in said)
    scores = run.evaluate(folder / "one.mid", note=lambda _: None)
    assert scores["tunes"] == 1 and scores["scored_events" if unit == "events" else "scored_frames"] == {
        "events": 4, "frames": 1,
    }[unit]  # fmt: skip
    assert run.generate(primer=folder / "one.mid", length=2, seed=1).notes[0].pitch == 60
