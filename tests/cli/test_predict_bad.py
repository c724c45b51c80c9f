"""``throughtime predict``: what is refused in one line and leaves nothing, and what can be skipped."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from small_data import MANY, image, sound, sounds
from small_runs import SOUNDS, TINY, Refused, fitted, predicted, rows_of

from throughtime.cli.main import status_of

BAD_ROWS = {
    "empty": (b"text\ngood tea\n \nbad tea\n", "line 3", "'text' is empty"),
    "cells": (b"text,id\ngood tea,1\nbad\nbad tea,2\n", "line 3", "1 cell where"),
    "quote": (b'text,id\ngood tea,1\n"bad,2\nbad tea,3\n', "line 3", "never closed"),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_a_bad_row_ends_it_or_is_skipped_and_listed(
    name: str, refused: Refused, classifier: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, place, words = BAD_ROWS[name]
    Path("new.csv").write_bytes(content)
    Path("out.csv").write_text("what was there")
    line = refused("predict", classifier, "new.csv", "--out", "out.csv")
    assert f"new.csv: {place}" in line and words in line
    assert Path("out.csv").read_text() == "what was there", "nothing half-written"
    assert sorted(path.name for path in Path().iterdir()) == ["new.csv", "out.csv"]
    assert status_of(["predict", str(classifier), "new.csv", "--out", "out.csv", "--skip-bad"]) == 0
    assert [row["predicted"] for row in rows_of(Path("out.csv").read_text())] == ["p", "n"]
    listed = Path("out.csv.skipped.txt").read_text().splitlines()
    assert len(listed) == 1 and place in listed[0]
    assert "1 record was skipped" in capsys.readouterr().err


def test_bad_sentences_are_skipped_and_listed(refused: Refused, tagger: Path) -> None:
    Path("new.conll").write_text("Ann\tO\n\nLee\n\nsaw\tO\n")
    assert "new.conll: line 3: 1 column where 2" in refused("predict", tagger, "new.conll")
    assert status_of(["predict", str(tagger), "new.conll", "--out", "out.conll", "--skip-bad"]) == 0
    assert Path("out.conll").read_text() == "Ann\tO\tB-per\n\nsaw\tO\tO\n"
    assert "line 3" in Path("out.conll.skipped.txt").read_text()


def clip(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, frames=np.full((3, 2), len(path.parent.name)))


BROKEN: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "sound": (sound, "wav", "cut off"),
    "image": (image, "png", "not an image"),
    "array": (clip, "npz", "broken"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_in_a_folder_ends_it_or_is_skipped(
    kind: str, refused: Refused, capsys: pytest.CaptureFixture[str]
) -> None:
    make, suffix, words = BROKEN[kind]
    for number in range(8):
        make(Path("d", "light" if number % 2 else "dark", f"{number}.{suffix}"))
    run = fitted("classify", Path("d"), "--steps", "2", *(SOUNDS if kind == "sound" else []))
    for number in range(3):
        make(Path("new", f"{number}.{suffix}"))
    broken = Path("new", f"1.{suffix}")
    broken.write_bytes(broken.read_bytes()[:40])
    capsys.readouterr()
    line = refused("predict", run, "new", "--out", "out.csv")
    assert str(broken) in line and words in line and not Path("out.csv").exists()
    assert status_of(["predict", str(run), "new", "--out", "out.csv", "--skip-bad"]) == 0
    assert [row["file"] for row in rows_of(Path("out.csv").read_text())] == [f"0.{suffix}", f"2.{suffix}"]
    assert str(broken) in Path("out.csv.skipped.txt").read_text()


@pytest.mark.parametrize("bad", ["s1,1,nan", "s1,1,high", "s1,0,1"], ids=["NaN", "text", "time twice"])
def test_a_bad_series_ends_it_or_is_skipped(bad: str, refused: Refused, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"s{one},{time},{one % 2 + time / 10}" for one in range(8) for time in range(3)]
    Path("s.csv").write_text("\n".join(["id,time,x,label", *(f"{line},{'ab'[n % 2]}" for n, line in enumerate(lines))]))
    run = fitted("tag", Path("s.csv"), "--steps", "2", *MANY)
    Path("new.csv").write_text("\n".join(["id,time,x", *lines[:4], bad, *lines[5:]]) + "\n")
    capsys.readouterr()
    line = refused("predict", run, "new.csv", "--out", "out.csv")
    assert "new.csv: line 6" in line and "'s1'" in line and not Path("out.csv").exists()
    assert status_of(["predict", str(run), "new.csv", "--out", "out.csv", "--skip-bad"]) == 0
    rows = rows_of(Path("out.csv").read_text())
    assert list(rows[0]) == ["id", "time", "x", "predicted"]
    assert [row["id"] for row in rows] == [line.split(",")[0] for line in lines if not line.startswith("s1")]
    assert "new.csv: line 6" in Path("out.csv.skipped.txt").read_text()


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_sounds_of_another_rate_are_refused(command: str, refused: Refused, listener: Path) -> None:
    for name in ("high", "low"):
        sound(Path(f"d/{name}/1.wav"), rate=16000)
    line = refused(command, listener, "d")
    assert "1.wav: 16000 samples a second, the data that was learned from has 8000" in line and "resample" in line


def test_sounds_of_another_rate_are_skipped_the_others_are_not(
    listener: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sound(Path("d/1.wav"), rate=16000)
    sound(Path("d/2.wav"))
    Path("d/3.wav").write_bytes(Path("d/2.wav").read_bytes()[:99])
    rows = rows_of(predicted(capsys, listener, "d", "--skip-bad"))
    assert [row["file"] for row in rows] == ["2.wav"], "the first file does not set the rate for the others"


def test_a_run_that_is_started_from_sets_the_rate(refused: Refused, listener: Path) -> None:
    sounds(Path("d"), count=4, rate=16000)
    options = [option for option in TINY if option not in ("--hidden", "--embedding", "6")]
    line = refused("fit", "classify", "d", "--out", "new", "--init-from", listener, *options, *SOUNDS)
    assert "16000 samples a second, the data that was learned from has 8000" in line
    assert not Path("new").exists()
    assert json.loads((listener / "inputs.json").read_text())["rate"] == 8000


def test_what_the_network_cannot_read_is_refused(refused: Refused, classifier: Path, listener: Path) -> None:
    Path("new.csv").write_text("text\ngood tea\n")
    assert "it holds text, but the network reads 4 numbers" in refused("predict", listener, "new.csv")
    sound(Path("d/1.wav"))
    assert "it holds numbers, but the network reads text" in refused("predict", classifier, "d")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.csv"], "no such file: nothing.csv"),
        (["new.doc"], "neither its name nor its lines tell"),
        (["plot.csv"], "'plot', 'story', 'id'"),
        (["latin.csv"], "--encoding"),
        (["new.csv", "--format", "cvs"], "did you mean 'csv'?"),
        (["new.csv", "--out", "out.doc"], "cannot be written to out.doc"),
        (["new.csv", "--out", "no/folder/out.csv"], "cannot write no/folder/out.csv"),
        (["new.csv", "--out", "out.conll"], "no lines of CoNLL"),
    ],
)
def test_what_predict_refuses(refused: Refused, classifier: Path, arguments: list[str], words: str) -> None:
    Path("new.csv").write_text("text\ngood tea\n")
    Path("plot.csv").write_text("plot,story,id\ngood tea,bad bread,1\n")
    Path("latin.csv").write_bytes(b"text\ncaf\xe9\n")
    Path("new.doc").touch()
    before = sorted(Path().rglob("*"))
    assert words in refused("predict", classifier, *arguments)
    assert sorted(Path().rglob("*")) == before


def test_a_run_that_makes_no_predictions(refused: Refused, trained: Path) -> None:
    Path("new.csv").write_text("text\ngood tea\n")
    assert "makes no predictions; see generate" in refused("predict", trained, "new.csv")
