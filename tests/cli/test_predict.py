"""``throughtime predict`` with runs of classify and tag: what goes in, what comes out, and how."""

from __future__ import annotations

import csv
import gzip
import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from peak_memory import peak_memory
from small_data import MANY, sound
from small_runs import WELL, fitted, predicted, rows_of

from throughtime.cli.main import status_of


def feed(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))


@pytest.mark.parametrize("name", ["new.csv", "new.csv.gz"])
def test_rows_keep_their_order_and_columns(name: str, classifier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "id,text,note\r\n" + "".join(f'{n},{"good" if n % 3 else "bad"} tea,"a, ""b"""\r\n' for n in range(30))
    Path(name).write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    rows = rows_of(predicted(capsys, classifier, name))
    assert list(rows[0]) == ["id", "text", "note", "predicted", "probability"]
    assert [int(row["id"]) for row in rows] == list(range(30))
    assert all(row["note"] == 'a, "b"' for row in rows)
    assert [row["predicted"] for row in rows] == ["p" if number % 3 else "n" for number in range(30)]
    assert all(0.5 <= float(row["probability"]) <= 1 for row in rows)


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl", "parquet"])
def test_the_name_of_the_output_chooses_its_form(form: str, classifier: Path) -> None:
    Path("new.csv").write_text("text\ngood tea\nbad tea\n")
    assert status_of(["predict", str(classifier), "new.csv", "--out", f"out.{form}", "--probabilities"]) == 0
    if form == "parquet":
        import polars

        rows = polars.read_parquet("out.parquet").to_dicts()
    elif form == "jsonl":
        rows = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    else:
        lines = Path(f"out.{form}").read_text().splitlines()
        rows = list(csv.DictReader(lines, delimiter="\t" if form == "tsv" else ","))
    assert [row["predicted"] for row in rows] == ["p", "n"]
    assert list(rows[0]) == ["text", "predicted", "probability", "probability of n", "probability of p"]


def test_standard_input_is_lines_or_what_is_said(
    classifier: Path, tagger: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(monkeypatch, b"good tea\nbad tea")
    assert [row["predicted"] for row in rows_of(predicted(capsys, classifier, "-"))] == ["p", "n"]
    feed(monkeypatch, b'{"text": "bad tea", "id": 7}\n')
    row = json.loads(predicted(capsys, classifier, "-", "--format", "jsonl"))
    assert (row["id"], row["predicted"]) == (7, "n")
    feed(monkeypatch, b"Ann\nLee\nsaw\n\nsaw\n")
    assert predicted(capsys, tagger, "-") == "Ann B-per\nLee I-per\nsaw O\n\nsaw O\n"
    feed(monkeypatch, b"Ann Lee saw\n")
    assert rows_of(predicted(capsys, tagger, "-", "--format", "lines")) == [
        {"text": "Ann Lee saw", "predicted": "B-per I-per O"}
    ]


def test_a_directory(listener: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in (10, 9, 2):
        sound(Path(f"d/deep/{number}.wav"))
    sound(Path("d/1.wav"))
    rows = rows_of(predicted(capsys, listener, "d"))
    assert [row["file"] for row in rows] == ["1.wav", "deep/2.wav", "deep/9.wav", "deep/10.wav"]
    assert {row["predicted"] for row in rows} <= {"high", "low"}
    assert rows_of(predicted(capsys, listener, "d/1.wav"))[0]["predicted"] == rows[0]["predicted"]


def test_columns_of_words_get_one_more(tagger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "-DOCSTART-\tO\n\nAnn\tO\nLee\tO\n\n\nsaw\tB-per\n"
    Path("new.conll").write_text(text)
    assert predicted(capsys, tagger, "new.conll") == (
        "-DOCSTART-\tO\n\nAnn\tO\tB-per\nLee\tO\tI-per\n\n\nsaw\tB-per\tO\n"
    )
    shown = predicted(capsys, tagger, "new.conll", "--probabilities")
    assert shown.splitlines()[2].startswith("Ann\tO\tB-per\t0.")


def test_labels_of_words_in_a_table_are_separated_by_spaces(tagger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.jsonl").write_text('{"tokens": ["Ann", "Lee", "saw"], "id": 1}\n')
    assert json.loads(predicted(capsys, tagger, "new.jsonl"))["predicted"] == ["B-per", "I-per", "O"]
    predicted(capsys, tagger, "new.jsonl", "--out", "out.csv")
    assert Path("out.csv").read_text() == "tokens,id,predicted\nAnn Lee saw,1,B-per I-per O\n"


def test_no_rows_are_no_predictions_which_is_said(classifier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.csv").write_text("text\n")
    capsys.readouterr()
    assert status_of(["predict", str(classifier), "new.csv"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "" and "nothing was predicted" in captured.err


def test_several_labels_are_separated_as_they_were_read(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{'good' if n % 2 else 'bad'} tea {n},{'p;x' if n % 2 else 'n'}" for n in range(40)]
    Path("t.csv").write_text("\n".join(["text,labels", *rows]))
    run = fitted("classify", Path("t.csv"), *WELL, "--target-type", "labels", "--label-separator", ";")
    Path("new.csv").write_text("text\ngood tea\nbad tea\n")
    found = [row["predicted"] for row in rows_of(predicted(capsys, run, "new.csv"))]
    assert found == ["p;x", "n"]


def test_numbers_are_predicted(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.csv").write_text("text,score\n" + "".join(f"word{n} tea,{n}\n" for n in range(20)))
    run = fitted("classify", Path("t.csv"), "--steps", "2", "--target-type", "number")
    rows = rows_of(predicted(capsys, run, "t.csv"))
    assert list(rows[0]) == ["text", "score", "predicted"]
    assert all(np.isfinite(float(row["predicted"])) for row in rows)


class Slow(io.RawIOBase):
    """A long input that comes piece by piece, and what had been written when each piece was asked for."""

    def __init__(self, pieces: Iterator[bytes], written: Callable[[], int]) -> None:
        self.pieces, self.written = pieces, written
        self.behind = 0
        self.given = 0
        self.rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:
        piece = self.rest or next(self.pieces, b"")
        given, self.rest = piece[: len(buffer)], piece[len(buffer) :]
        buffer[: len(given)] = given
        self.given += given.count(b"\n")
        self.behind = max(self.behind, self.given - self.written())
        return len(given)


@pytest.mark.parametrize("task", ["classify", "tag"])
def test_predictions_appear_before_the_input_ends(
    task: str, classifier: Path, tagger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.BytesIO()
    line = b"good tea\n" if task == "classify" else b"Ann\n\n"
    slow = Slow((line * 500 for _ in range(16)), lambda: out.getvalue().count(b"\n"))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=slow))
    monkeypatch.setattr("sys.stdout", SimpleNamespace(buffer=out, flush=lambda: None, isatty=lambda: False))
    assert status_of(["predict", str(classifier if task == "classify" else tagger), "-"]) == 0
    monkeypatch.undo()
    assert out.getvalue().count(b"\n") >= slow.given == 500 * 16 * line.count(b"\n")
    assert slow.behind < 3 * 1024, "no more than a chunk is held back"


def test_who_waits_for_an_answer_gets_it(classifier: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()

    def typed() -> Iterator[bytes]:
        for number in range(4):
            time.sleep(0.2)
            yield f"good tea {number}\n".encode()

    slow = Slow(typed(), lambda: out.getvalue().count(b"\n"))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=slow))
    monkeypatch.setattr("sys.stdout", SimpleNamespace(buffer=out, flush=lambda: None))
    assert status_of(["predict", str(classifier), "-", "--format", "lines"]) == 0
    monkeypatch.undo()
    assert slow.behind <= 1, "a line is answered before the next one is read"


def test_a_huge_file_is_not_loaded_whole(classifier: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("throughtime.tasks.supervised.learner.CHUNK_RECORDS", 100)
    filler = "x" * 32_000
    with Path("huge.csv").open("w") as file:
        file.write("text,filler\n")
        for number in range(1_000):
            file.write(f"good tea {number},{filler}\n")

    def predict() -> None:
        assert status_of(["predict", str(classifier), "huge.csv", "--out", "out.csv"]) == 0

    peak = peak_memory(predict)
    assert Path("huge.csv").stat().st_size > 32e6 > 2 * peak, f"{peak:,} bytes at once"
    assert Path("out.csv").read_bytes().count(b"\n") == 1_001


def test_a_generator_is_read_as_it_is_written_out(classifier: Path) -> None:
    import throughtime as tt
    from throughtime.data.record import Record

    asked = 0

    def records() -> Iterator[Record]:
        nonlocal asked
        for number in range(5000):
            asked += 1
            yield Record("good tea", None, f"row {number}")

    found = tt.load(classifier).model.predict(records())
    assert next(found)[1].value == "p"
    assert asked <= 1024
    assert sum(1 for _ in found) == 4999


def test_series_get_a_label_in_each_row_in_the_order_of_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"s{n % 4},{100 - n},{n % 2},{'ab'[n % 2]}" for n in range(40)]
    Path("s.csv").write_text("\n".join(["id,time,x,label", *rows]))
    run = fitted("tag", Path("s.csv"), "--steps", "2", *MANY)
    found = rows_of(predicted(capsys, run, "s.csv"))
    assert sorted(",".join(list(row.values())[:4]) for row in found) == sorted(rows)
    assert {row["predicted"] for row in found} <= {"a", "b"}
    times = [int(row["time"]) for row in found if row["id"] == "s1"]
    assert times == sorted(times, reverse=True)
