"""Sounds of several rates and series with gaps go from files to predictions; the run knows what was done to them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from small_data import sound, sounds

from throughtime.cli.main import status_of
from throughtime.tasks.run_config import read_config

SMALL = ["--hidden", "4", "--embedding", "4", "--steps", "3", "--sample-every", "0"]
FIT = ["fit", "classify", "d", "--out", "run", "--mel-bands", "4", *SMALL]
SERIES = ["s.csv", "--out", "run", "--id-column", "id", "--time-column", "time", *SMALL]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def lines(capsys: pytest.CaptureFixture[str]) -> str:
    """What was said since it was last asked, wherever it went."""
    return " ".join("".join(capsys.readouterr()).split())


def predicted() -> list[dict[str, str]]:
    with Path("p.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def mixed() -> None:
    sounds(Path("d"))
    for number in range(8, 12):
        sound(Path("d/low" if number % 2 else "d/high") / f"{number}.wav", 16000)


def test_mixed_rates_are_refused_and_the_line_names_the_option(capsys: pytest.CaptureFixture[str]) -> None:
    mixed()
    assert status_of(FIT) == 2
    message = lines(capsys)
    assert "--resample " in message and not Path("run").exists()


def test_a_run_with_a_rate_of_its_own_resamples_whatever_comes(capsys: pytest.CaptureFixture[str]) -> None:
    mixed()
    assert status_of([*FIT, "--resample", "8000"]) == 0, lines(capsys)
    assert lines(capsys).count("it is resampled to 8000") == 1
    assert read_config(Path("run"))["options"]["resample"] == 8000
    assert json.loads(Path("run/inputs.json").read_text())["rate"] == 8000
    for rate in (8000, 11025, 16000):
        sound(Path(f"new/{rate}.wav"), rate)
    assert status_of(["predict", "run", "new", "--out", "p.csv"]) == 0, lines(capsys)
    assert lines(capsys).count("it is resampled to 8000") == 2
    shares = [float(row["probability"]) for row in predicted()]
    assert len(shares) == 3 and max(shares) - min(shares) < 2e-3, "one tone, recorded three times"
    assert status_of(["evaluate", "run", "d"]) == 0, lines(capsys)


def test_a_run_without_the_option_refuses_another_rate_unless_predict_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sounds(Path("d"))
    assert status_of(FIT) == 0, lines(capsys)
    sound(Path("new/a.wav"), 16000)
    assert status_of(["predict", "run", "new", "--out", "p.csv"]) == 2
    assert "--resample 8000" in lines(capsys) and not Path("p.csv").exists()
    assert status_of(["predict", "run", "new", "--out", "p.csv", "--resample", "8000"]) == 0, lines(capsys)
    assert len(predicted()) == 1


@pytest.mark.parametrize("rate", ["999", "400000"])
def test_a_rate_must_be_one_of_sound(rate: str, capsys: pytest.CaptureFixture[str]) -> None:
    sounds(Path("d"))
    assert status_of([*FIT, "--resample", rate]) == 2
    assert f"between 1000 and 384000 samples a second, not {rate}" in lines(capsys)


def gappy(task: str) -> None:
    """Twelve series of four steps; a third of x is missing."""
    steps = [(one, time) for one in range(12) for time in range(4)]
    labels = ["ab"[(time if task == "tag" else one) % 2] for one, time in steps]
    values = ["" if (one + time) % 3 == 0 else f"{time / 2}" for one, time in steps]
    rows = [f"s{one},{time},{x},{one % 2},{label}" for (one, time), x, label in zip(steps, values, labels, strict=True)]
    Path("s.csv").write_text("\n".join(["id,time,x,z,label", *rows]) + "\n")


@pytest.mark.parametrize("task", ["classify", "tag"])
def test_gaps_are_refused_then_filled_from_file_to_predictions(task: str, capsys: pytest.CaptureFixture[str]) -> None:
    gappy(task)
    assert status_of(["fit", task, *SERIES]) == 2
    message = lines(capsys)
    assert "line 2 " in message and "'x' is empty" in message and "--fill forward" in message
    assert status_of(["fit", task, *SERIES, "--fill", "forward"]) == 0, lines(capsys)
    assert "of 96 values 16 are missing and filled (forward): 'x' 16" in lines(capsys)
    assert read_config(Path("run"))["options"]["fill"] == "forward"
    assert status_of(["evaluate", "run", "s.csv"]) == 0, lines(capsys)
    Path("new.csv").write_text("id,time,x,z\na,1,,1\na,2,,\na,3,2,1\n")
    capsys.readouterr()
    assert status_of(["predict", "run", "new.csv", "--out", "p.csv"]) == 0, lines(capsys)
    assert "of 6 values 3 are missing and filled (forward): 'x' 2, 'z' 1" in lines(capsys)
    rows = predicted()
    assert len(rows) == (3 if task == "tag" else 1)
    if task == "tag":
        assert [row["x"] for row in rows] == ["", "", "2"], "cells are written back as they stood"


def test_a_run_that_saw_no_gaps_refuses_them(capsys: pytest.CaptureFixture[str]) -> None:
    gappy("tag")
    Path("s.csv").write_text(Path("s.csv").read_text().replace(",,", ",0,"))
    assert status_of(["fit", "tag", *SERIES]) == 0, lines(capsys)
    Path("new.csv").write_text("id,time,x,z\na,1,,1\n")
    assert status_of(["predict", "run", "new.csv", "--out", "p.csv"]) == 2
    assert "'x' is empty (fit --fill" in lines(capsys)


def test_options_that_the_data_cannot_honour_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    gappy("classify")
    assert status_of(["fit", "classify", *SERIES, "--fill", "zero", "--resample", "8000"]) == 2
    assert "resample has no meaning for frames" in lines(capsys)
    Path("t.csv").write_text("text,label\n" + "so good,y\nso bad,n\n" * 9)
    assert status_of(["fit", "classify", "t.csv", "--out", "run", *SMALL, "--fill", "zero"]) == 2
    assert "--fill is for series, and t.csv is read as csv" in lines(capsys)
