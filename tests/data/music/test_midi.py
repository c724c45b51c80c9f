"""MIDI files are read as players hear them, or refused in one line; what is written is read again."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest
from small_midi import meta, midi, off, on, pedal, tempo, track

from throughtime.data.music.midi_reading import read_midi
from throughtime.data.music.notes import Note, tidy
from throughtime.data.music.tune import Tune
from throughtime.errors import DataError, UsageError


def notes_of(
    raw: bytes, folder: Path, told: list[str] | None = None, beats: int | None = None
) -> list[tuple[float, ...]]:
    """(start, end, pitch, velocity) of each note."""
    (folder / "a.mid").write_bytes(raw)
    read = read_midi(folder / "a.mid", (told if told is not None else []).append, steps_per_beat=beats)
    return [(round(note.start, 9), round(note.end, 9), note.pitch, note.velocity) for note in read.notes]


def test_changes_of_tempo_and_meter_count_in_all_tracks(tmp_path: Path) -> None:
    conductor = track(
        meta(0, 0x58, bytes([4, 2, 24, 8])), tempo(0, 600_000), meta(96, 0x58, bytes([3, 2, 24, 8])), tempo(48, 300_000)
    )
    right = track(on(0, 72, 90), off(96, 72), on(96, 74, 50), off(96, 74))
    left = track(on(144, 48, 30), off(192, 48))
    # a quarter note of 96 ticks lasts 0.6 s until tick 144, then 0.3 s
    assert notes_of(midi(conductor, right, left), tmp_path) == [
        (0.0, 0.6, 72, 90), (0.9, 1.5, 48, 30), (1.05, 1.35, 74, 50)
    ]  # fmt: skip
    # in beats of half a second the tempo is of no matter
    assert notes_of(midi(conductor, right, left), tmp_path, beats=4) == [
        (0.0, 0.5, 72, 90), (0.75, 1.75, 48, 30), (1.0, 1.5, 74, 50)
    ]  # fmt: skip


def test_running_status_goes_on_and_a_velocity_of_zero_ends_a_note(tmp_path: Path) -> None:
    # the status stands once; a meta event between does not end it
    events = on(0, 60) + b"\x60\x3c\x00" + meta(0, 0x01, b"so") + b"\x00\x3e\x40" + b"\x60\x3e\x00"
    assert notes_of(midi(track(events), form=0), tmp_path) == [(0.0, 0.5, 60, 64), (0.5, 1.0, 62, 64)]


def test_notes_that_never_end_do_so_with_their_track_and_it_is_said(tmp_path: Path) -> None:
    told: list[str] = []
    assert notes_of(midi(track(on(0, 60), on(0, 64), off(192, 64))), tmp_path, told) == [
        (0.0, 1.0, 60, 64), (0.0, 1.0, 64, 64)
    ]  # fmt: skip
    assert len(told) == 1 and "never end: 1" in told[0]
    # nothing comes after it: it lasts a quarter note
    assert notes_of(midi(track(on(0, 60))), tmp_path) == [(0.0, 0.5, 60, 64)]


def test_a_note_struck_again_begins_anew(tmp_path: Path) -> None:
    struck = track(on(0, 60, 50), on(96, 60, 70), off(96, 60))
    assert notes_of(midi(struck), tmp_path) == [(0.0, 0.5, 60, 50), (0.5, 1.0, 60, 70)]


def test_two_voices_on_one_pitch_are_one_after_the_other(tmp_path: Path) -> None:
    one, other = track(on(0, 60), off(192, 60)), track(on(96, 60, channel=1), off(192, 60, channel=1))
    assert notes_of(midi(one, other), tmp_path) == [(0.0, 0.5, 60, 64), (0.5, 1.5, 60, 64)]
    together = track(on(0, 60, 90, channel=1), off(96, 60, channel=1))
    assert notes_of(midi(one, together), tmp_path) == [(0.0, 1.0, 60, 90)]


def test_the_pedal_holds_what_is_let_go(tmp_path: Path) -> None:
    held = track(on(0, 60), pedal(24, 127), off(72, 60), on(0, 64), off(48, 64), on(0, 64), pedal(48, 0), off(96, 64))
    # 60 is let go at 96 and held to 192; 64 is struck again at 144, so it is not let go when the pedal rises
    assert notes_of(midi(held), tmp_path) == [
        (0.0, 1.0, 60, 64), (0.5, 0.75, 64, 64), (0.75, 1.5, 64, 64)
    ]  # fmt: skip


def test_drums_are_left_out_and_it_is_said(tmp_path: Path) -> None:
    told: list[str] = []
    drums = track(on(0, 36, channel=9), off(96, 36, channel=9))
    assert notes_of(midi(drums, track(on(0, 60), off(96, 60))), tmp_path, told) == [(0.0, 0.5, 60, 64)]
    assert "drums" in told[0] and "1 notes" in told[0]
    with pytest.raises(DataError, match=r"has no notes but those of drums \(1\)"):
        notes_of(midi(drums), tmp_path)


def test_time_in_frames_of_film(tmp_path: Path) -> None:
    # 25 frames a second of 40 ticks each: a tick is a millisecond
    raw = midi(track(on(500, 60), off(250, 60)), division=(256 - 25 << 8) | 40)
    assert notes_of(raw, tmp_path) == [(0.5, 0.75, 60, 64)]


def test_a_packed_file_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a.mid.gz").write_bytes(gzip.compress(midi(track(on(0, 60), off(96, 60)))))
    assert len(read_midi(tmp_path / "a.mid.gz", print).notes) == 1


def test_every_file_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    whole = midi(
        track(tempo(0, 500_000), on(0, 60), off(96, 60)), track(on(0, 64), b"\x60\x40\x00", on(0, 67), off(9, 67))
    )
    assert len(notes_of(whole, tmp_path)) == 3
    for size in range(len(whole)):
        with pytest.raises(DataError, match=r"a\.mid"):
            notes_of(whole[:size], tmp_path)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"RIFF" + bytes(40), "is no MIDI file"),
        (midi(track(b"\x00\x3c\x40", off(96, 60))), "running status without last_status"),
        (midi(track(on(0, 60) + b"\x60\xf5\x00", off(96, 60))), "no whole MIDI file"),
        (midi(track(b"\x00\x90\x3c\xc8", off(96, 60))), "data byte must be in range"),
        (
            midi(track(on(0, 60), off(96, 60)), track(on(0, 62), off(96, 62)), count=1),
            "counts 1 tracks, and 2 are there",
        ),
        (midi(track(on(0, 60), off(96, 60)), form=2), "independent of each other"),
        (midi(track(on(0, 60), off(96, 60)), division=0), "no ticks"),
        (midi(track(tempo(0, 500_000))), "has no notes; leave it out"),
        (midi(track(on(0, 60, 0), off(96, 60))), "has no notes; leave it out"),
        (midi(track(meta(0, 0x59, bytes([60, 5])), on(0, 60), off(96, 60))), "no whole MIDI file"),
    ],
)
def test_files_that_are_broken_or_hold_no_tune_are_refused(raw: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=words) as refused:
        notes_of(raw, tmp_path)
    assert "\n" not in str(refused.value)


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_midi(tmp_path / "none.mid", print)
    monkeypatch.setitem(__import__("sys").modules, "mido", None)
    with pytest.raises(UsageError, match=r"pip install 'throughtime\[music\]'"):
        notes_of(midi(track(on(0, 60), off(96, 60))), tmp_path)


@pytest.mark.parametrize("seed", range(8))
def test_what_was_written_is_read(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    ticks = sorted(draw.sample(range(4000), 60))
    drawn = [
        Note(tick / 960, (tick + draw.randint(1, 700)) / 960, draw.randint(0, 127), draw.randint(1, 127))
        for tick in ticks
    ]
    tune = Tune(tidy(drawn))
    tune.save(tmp_path / "w.mid")
    read = read_midi(tmp_path / "w.mid", print).notes
    expected = [(round(n.start * 960), round(n.end * 960), n.pitch, n.velocity) for n in tune.notes]
    assert [(round(n.start * 960), round(n.end * 960), n.pitch, n.velocity) for n in read] == expected


def test_the_bytes_are_those_of_the_standard() -> None:
    raw = Tune((Note(0.0, 0.5, 60, 80),), step=0.5, steps=2).midi()
    # 480 ticks to a quarter note; the end stands a second after the beginning
    content = tempo(0, 500_000) + b"\x00\xc0\x00" + on(0, 60, 80) + off(480, 60) + b"\x83\x60\xff\x2f\x00"
    assert raw == b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x01\xe0MTrk" + len(content).to_bytes(4, "big") + content
