"""``throughtime generate``: text where it is read, music where it is played."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

import throughtime as tt
from throughtime.cli.main import status_of
from throughtime.data.music.midi_reading import read_midi
from throughtime.data.music.tune import tune_of_frames
from throughtime.training.reporter import SilentReporter

TINY = {
    "hidden": 6,
    "embedding": 4,
    "lanes": 1,
    "tbptt": 6,
    "steps": 2,
    "sample_every": 0,
    "reporter": SilentReporter(),
}
CHORDS = [[[60, 64], [62], [], [67, 71]], [[60], [62, 65], [64]]] * 4


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tt.fit("generate", CHORDS, out=tmp_path_factory.mktemp("music") / "run", **TINY).path  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("text") / "run"
    return tt.fit("generate", text="so it is. " * 30, out=out, **TINY).path  # type: ignore[arg-type]


def frames_of(path: Path) -> tuple[tuple[int, ...], ...]:
    return read_midi(path, print, steps_per_beat=1).frames


def test_a_tune_is_written_with_its_picture(music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["generate", str(music), "--length", "9", "--seed", "3"]
    assert status_of([*words, "--out", str(tmp_path / "t.mid"), "--plot", str(tmp_path / "t.svg")]) == 0
    said = capsys.readouterr()
    tune = tt.load(music).generate(length=9, seed=3)
    assert said.out == "" and said.err == f"{len(tune.notes)} notes, {tune.length:,.1f} seconds\n"
    last = max(place for place, frame in enumerate(tune.frames) if frame)
    assert frames_of(tmp_path / "t.mid") == tune.frames[: last + 1]
    assert (tmp_path / "t.svg").read_text().count("<rect") == len(tune.notes)
    assert status_of([*words, "--out", str(tmp_path / "t.json"), "--plot", str(tmp_path / "t.png")]) == 0
    assert tuple(map(tuple, json.loads((tmp_path / "t.json").read_text()))) == tune.frames
    assert (tmp_path / "t.png").read_bytes().startswith(b"\x89PNG")


def test_a_tune_goes_on_from_a_primer(music: Path, tmp_path: Path) -> None:
    tune_of_frames([[60], [64], [62]], 0.5).save(tmp_path / "p.mid")
    words = ["generate", str(music), "--primer", str(tmp_path / "p.mid"), "--length", "40", "--seed", "1"]
    assert status_of([*words, "--out", str(tmp_path / "t.mid")]) == 0
    assert frames_of(tmp_path / "t.mid")[:3] == ((60,), (64,), (62,)) and len(frames_of(tmp_path / "t.mid")) > 3


class Screen(io.TextIOWrapper):
    """Standard output that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("terminal", [True, False])
def test_midi_goes_into_a_pipe_and_never_onto_a_terminal(
    terminal: bool, music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", Screen(raw) if terminal else io.TextIOWrapper(raw))
    status = status_of(["generate", str(music), "--length", "9", "--seed", "3"])
    if terminal:
        assert status == 2 and raw.getvalue() == b""
        assert "name a file with --out tune.mid" in capsys.readouterr().err
        picture = str(tmp_path / "t.svg")  # one may look at it all the same
        assert status_of(["generate", str(music), "--seed", "3", "--plot", picture]) == 0 and raw.getvalue() == b""
    else:
        assert status == 0 and raw.getvalue() == tt.load(music).generate(length=9, seed=3).midi()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--out t.wav", "t.wav: a tune is written as MIDI (.mid), or as JSON of its steps (.json); name it so"),
        ("--out t.mid --plot t.gif", "t.gif: a piano roll is a picture; let its name end in .svg or .png"),
        ("--out none/t.mid", "cannot write none/t.mid"),
        ("--out t.mid --primer none.mid", "no such file: none.mid"),
    ],
)
def test_what_cannot_be_written_or_read_is_refused(
    words: str, says: str, music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert status_of(["generate", str(music), *words.split()]) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_text_goes_into_a_file_too(text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["generate", str(text), "--prompt", "so", "--length", "12", "--seed", "1"]
    assert status_of(words) == 0
    printed = capsys.readouterr().out
    assert status_of([*words, "--out", str(tmp_path / "t.txt")]) == 0
    assert (tmp_path / "t.txt").read_text() == printed and len(printed) == 15
    assert status_of([*words, "--count", "2", "--out", str(tmp_path / "two.txt")]) == 0
    assert len((tmp_path / "two.txt").read_text()) == 30 and capsys.readouterr().out == ""
