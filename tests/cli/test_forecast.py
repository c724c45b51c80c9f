"""``throughtime forecast``: a table and a picture of what comes after a file, which may have grown."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from small_runs import Refused, output, rows_of

from throughtime.cli.main import status_of

DAYS = [date(2024, 1, 1) + timedelta(days=day) for day in range(90)]
FIT = ["--hidden", "4", "--embedding", "4", "--layers", "1", "--steps", "3", "--device", "cpu", "--no-rival"]


def table(days: int = 60, names: str = "") -> str:
    """A table of days: a value that goes up and down each week, of one series or of several."""
    head = "shop,date,sold\n" if names else "date,sold\n"
    rows = [
        (f"{name}," if names else "") + f"{DAYS[day]},{10 + day % 7}\n" for name in names or " " for day in range(days)
    ]
    return head + "".join(rows)


@pytest.fixture(scope="module")
def forecaster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has hardly learned a table of 60 days."""
    folder = tmp_path_factory.mktemp("forecaster")
    (folder / "sold.csv").write_text(table())
    assert (
        status_of(["fit", "forecast", str(folder / "sold.csv"), "--horizon", "3", "--out", str(folder / "run"), *FIT])
        == 0
    )
    return folder / "run"


def test_a_file_that_has_grown_is_gone_on_from(forecaster: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.csv").write_text(table(80))
    rows = rows_of(output(capsys, "forecast", forecaster, "new.csv"))
    assert [row["date"] for row in rows] == [str(day) for day in DAYS[80:83]]
    assert list(rows[0]) == ["date", "median", "0.1", "0.9"]
    assert all(float(row["0.1"]) < float(row["median"]) < float(row["0.9"]) for row in rows)


def test_how_far_which_quantiles_and_where_to(forecaster: Path) -> None:
    Path("new.csv").write_text(table(80))
    asked = ["--horizon", "5", "--quantiles", "0.9,0.25", "--out", "o.jsonl"]
    assert status_of(["forecast", str(forecaster), "new.csv", *asked]) == 0
    rows = [json.loads(line) for line in Path("o.jsonl").read_text().splitlines()]
    assert [row["date"] for row in rows] == [str(day) for day in DAYS[80:85]]
    assert list(rows[0]) == ["date", "median", "0.25", "0.9"]


def test_paths_depend_on_the_seed_alone(forecaster: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.csv").write_text(table(80))
    one, again, other = (
        output(capsys, "forecast", forecaster, "new.csv", "--paths", 4, "--seed", seed) for seed in (1, 1, 2)
    )
    assert one == again != other
    rows = rows_of(one)
    assert list(rows[0]) == ["date", "path 1", "path 2", "path 3", "path 4"]
    assert len(set(rows[0].values())) == 5, "each path is its own"


def test_a_picture(forecaster: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.csv").write_text(table(80))
    output(capsys, "forecast", forecaster, "new.csv", "--plot", "sold.svg")
    picture = Path("sold.svg").read_text("utf-8")
    assert "sold" in picture and "80 % interval" in picture and f"forecast after {DAYS[79]}" in picture
    Path("two.csv").write_text(table(80, "ab"))
    output(capsys, "forecast", forecaster, "two.csv", "--id-column", "shop", "--plot", "sold.html", "--paths", 5)
    assert Path("sold.html").read_text("utf-8").count("5 drawn paths") == 2


def test_each_row_of_standard_input_is_answered(
    forecaster: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("new.csv").write_text(table(80))
    expected = output(capsys, "forecast", forecaster, "new.csv")
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(table(80).encode())))
    header, *ahead = expected.splitlines()
    answered = output(capsys, "forecast", forecaster, "-").splitlines()
    assert answered[0] == header
    assert answered[-len(ahead) :] == ahead, "the last row is the end of the file"
    assert len(answered) == 1 + len(ahead) * (80 - 2)


def test_a_header_alone_is_no_series(
    forecaster: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"date,sold\n")))
    assert status_of(["forecast", str(forecaster), "-"]) == 2
    assert "no rows under its header" in capsys.readouterr().err


def test_a_file_that_goes_on_from_a_history(forecaster: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("all.csv").write_text(table(80))
    Path("old.csv").write_text(table(60))
    Path("more.csv").write_text("date,sold\n" + "".join(table(80).splitlines(keepends=True)[61:]))
    expected = output(capsys, "forecast", forecaster, "all.csv")
    assert output(capsys, "forecast", forecaster, "more.csv", "--history", "old.csv") == expected


def test_notes_go_to_standard_error_and_the_table_to_standard_output(
    forecaster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("new.csv").write_text(table(80))
    assert status_of(["forecast", str(forecaster), "new.csv"]) == 0
    shown, told = capsys.readouterr()
    assert "a step is a day" in told
    assert len(list(csv.reader(shown.splitlines()))) == 4


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["new.csv", "--horizon", "0"], "horizon must be at least 1"),
        (["new.csv", "--horizon", "x"], "'x' is not a whole number"),
        (["new.csv", "--quantiles", "0.1,9"], "numbers between 0 and 1"),
        (["new.csv", "--plot", "sold.png"], "ends in .svg"),
        (["no.csv"], "no such file"),
        (["bad.csv"], "bad.csv: line 4"),
        ([], "nothing to forecast"),
    ],
)
def test_what_cannot_be_done_is_one_line(options: list[str], words: str, forecaster: Path, refused: Refused) -> None:
    Path("new.csv").write_text(table(80))
    Path("bad.csv").write_text(table(80).replace("2024-01-03,12", "2024-01-03,many"))
    assert words in refused("forecast", forecaster, *options)
    assert not Path("sold.png").exists()


def test_a_run_that_forecasts_nothing_says_what_it_does(classifier: Path, refused: Refused) -> None:
    Path("new.csv").write_text(table(80))
    assert "a run of the task classify, which forecasts nothing; see predict" in refused(
        "forecast", classifier, "new.csv"
    )


def test_its_help_has_what_series_need_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    flags = set(re.findall(r"--[a-z-]+", output(capsys, "forecast", "--help")))
    assert flags >= {"--horizon", "--quantiles", "--paths", "--draws", "--plot", "--history", "--seed", "--time-zone"}
    assert not flags & {"--text-column", "--beam", "--probabilities", "--source", "--mel-bands"}


def test_predict_says_of_an_option_that_tasks_share_what_each_means_by_it(capsys: pytest.CaptureFixture[str]) -> None:
    shown = " ".join(re.sub("[│\n]", " ", output(capsys, "predict", "--help")).split())
    assert "translate, caption: Folder for a picture of each text" in shown
    assert "answer: Folder for a picture of each context" in shown
    assert "forecast: File" in shown and "its median and bands" in shown
    assert "forecast: Steps to look ahead" not in shown, "where one task has it alone, there is nothing to tell apart"
