"""``throughtime fit classify``: what is refused in one line, what can be skipped, and what must work."""

from __future__ import annotations

import gzip
import json
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from throughtime.cli.main import status_of

Refused = Callable[..., str]
TINY = ["--hidden", "4", "--embedding", "4", "--steps", "2", "--batch-size", "4", "--device", "cpu"]
SOUNDS = ["--mel-bands", "4"]


def reviews(count: int = 24) -> list[str]:
    """Rows of a table: a text, a comma, a label."""
    return [f"{'good' if number % 2 else 'bad'} tea number {number},{'np'[number % 2]}" for number in range(count)]


def table(path: Path, rows: list[str], header: str = "text,label") -> None:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def series(path: Path, *, change: dict[int, str] | None = None) -> None:
    """Twelve series of three steps; ``change`` replaces lines, from 1."""
    lines = ["id,time,x,label"]
    lines += [f"s{one},{time},{one % 2 + time / 10},{'ab'[one % 2]}" for one in range(12) for time in range(3)]
    for number, line in (change or {}).items():
        lines[number - 1] = line
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def sound(path: Path, rate: int = 8000, seconds: float = 0.1, tone: float = 440.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = 9000 * np.sin(2 * np.pi * tone * np.arange(int(rate * seconds)) / rate)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())


def sounds(folder: Path, count: int = 8, rate: int = 8000) -> None:
    for number in range(count):
        sound(folder / ("high" if number % 2 else "low") / f"{number}.wav", rate, tone=1500 if number % 2 else 300)


def image(path: Path, width: int = 4) -> None:
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    level = 200 if path.parent.name == "light" else 20
    Image.fromarray(np.full((3, width), level, np.uint8)).save(path)


def images(folder: Path) -> None:
    for number in range(8):
        image(folder / ("light" if number % 2 else "dark") / f"{number}.png")


def clips(folder: Path) -> None:
    for number in range(8):
        path = folder / ("up" if number % 2 else "down") / f"{number}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, frames=np.arange(6.0).reshape(3, 2) * (1 if number % 2 else -1))


@dataclass(frozen=True)
class Bad:
    """Data that must be refused."""

    make: Callable[[], object]
    """Writes it below the current folder."""
    data: str
    """What to learn from."""
    words: tuple[str, ...]
    """What the line says: where it is, what is wrong, how to mend it."""
    more: tuple[str, ...] = ()
    """Options."""
    skips: int = 0
    """How many records --skip-bad leaves out; 0 where nothing can be left out."""


def rows(*bad: str, header: str = "text,label") -> Callable[[], None]:
    return lambda: table(Path("t.csv"), [*reviews(), *bad], header)


def raw(name: str, content: bytes) -> Callable[[], object]:
    return lambda: Path(name).write_bytes(content)


def after(*steps: Callable[[], object]) -> Callable[[], None]:
    def make() -> None:
        for step in steps:
            step()

    return make


def cut(path: str, size: int) -> None:
    Path(path).write_bytes(Path(path).read_bytes()[:size])


def numbers(*bad: str) -> Callable[[], None]:
    return lambda: table(Path("t.csv"), [*(f"word {number},{number / 2}" for number in range(20)), *bad])


GOOD = ("\n".join(["text,label", *reviews()]) + "\n").encode()
BY_STEP = ("--id-column", "id", "--time-column", "time")
NUMBER = ("--target-type", "number")
CASES: dict[str, Bad] = {
    "column": Bad(
        rows(header="plot,label"), "t.csv", ("t.csv", "'title'", "'plot', 'label'", "--text-column"),
        ("--text-column", "title"),
    ),
    "no usual column": Bad(rows(header="plot,stars"), "t.csv", ("t.csv", "'plot', 'stars'", "--text-column")),
    "empty text": Bad(rows(" ,p"), "t.csv", ("t.csv: line 26", "'text' is empty"), skips=1),
    "empty label": Bad(rows("fine,"), "t.csv", ("t.csv: line 26", "'label' is empty"), skips=1),
    "too many cells": Bad(rows("so, so,p"), "t.csv", ("t.csv: line 26", "3 cells", "double quotes"), skips=1),
    "open quote": Bad(rows('"so,p'), "t.csv", ("t.csv: line 26", "never closed"), skips=1),
    "single class": Bad(rows("so so,meh"), "t.csv", ("'meh'", "t.csv: line 26", "two examples"), skips=1),
    "one class": Bad(
        lambda: table(Path("t.csv"), ["a b,p", "c d,p"]), "t.csv", ("label 'p'", "two labels or more")
    ),
    "header alone": Bad(raw("t.csv", b"text,label\n"), "t.csv", ("the training data (t.csv) holds no records",)),
    "empty file": Bad(raw("t.csv", b""), "t.csv", ("t.csv is empty",)),
    "no file": Bad(lambda: None, "t.csv", ("no such file: t.csv",)),
    "unknown name": Bad(raw("t.doc", b"x"), "t.doc", ("t.doc", "does not tell", ".csv")),
    "not UTF-8": Bad(
        raw("t.csv", GOOD + b"caf\xe9 noir,p\n"), "t.csv", ("t.csv: line 26", "byte offset", "--encoding")
    ),
    "broken gz": Bad(raw("t.csv.gz", gzip.compress(GOOD)[:-9]), "t.csv.gz", ("t.csv.gz", "no whole .gz")),
    "packed under a plain name": Bad(raw("t.csv", gzip.compress(GOOD)), "t.csv", ("t.csv is packed", ".gz")),
    "broken JSON": Bad(
        raw("t.jsonl", b'{"text": "a b", "label": "p"}\n{"text": "c d", "label": "n"}\n' * 9 + b'{"text": \n'),
        "t.jsonl", ("t.jsonl: line 19", "no JSON", "one object a line"), skips=1,
    ),
    "text as number": Bad(numbers("so good,lots"), "t.csv", ("t.csv: line 22", "'label'", "'lots'"), NUMBER, 1),
    "NaN as number": Bad(numbers("so good,nan"), "t.csv", ("t.csv: line 22", "'label'", "'nan'"), NUMBER, 1),
    "one number": Bad(
        lambda: table(Path("t.csv"), ["a,1", "b,1", "c,1"]), "t.csv", ("the number 1", "nothing to learn"), NUMBER
    ),
    "NaN in a series": Bad(
        lambda: series(Path("s.csv"), change={6: "s1,1,nan,b"}), "s.csv", ("s.csv: line 6", "'s1'", "'x'", "'nan'"),
        BY_STEP, 1,
    ),
    "text in a series": Bad(
        lambda: series(Path("s.csv"), change={6: "s1,1,high,b"}), "s.csv", ("s.csv: line 6", "'x'", "'high'"),
        BY_STEP, 1,
    ),
    "time twice": Bad(
        lambda: series(Path("s.csv"), change={6: "s1,0,0.5,b"}), "s.csv", ("s.csv: line 6", "time 0 again", "line 5"),
        BY_STEP, 1,
    ),
    "two labels in a series": Bad(
        lambda: series(Path("s.csv"), change={6: "s1,1,0.5,a"}), "s.csv", ("s.csv: line 6", "'a'", "'b'", "tag"),
        BY_STEP, 1,
    ),
    "mixed rates": Bad(
        after(lambda: sounds(Path("d")), lambda: sound(Path("d/low/9.wav"), 16000)), "d",
        ("9.wav: 16000 samples", "1.wav has 8000", "resample"), tuple(SOUNDS), 1,
    ),
    "cut off WAV": Bad(
        after(lambda: sounds(Path("d")), lambda: cut("d/high/1.wav", 300)), "d", ("1.wav: cut off", "whole file"),
        tuple(SOUNDS), 1,
    ),
    "no WAV": Bad(
        after(lambda: sounds(Path("d")), raw("d/high/1.wav", b"not a sound")), "d",
        ("1.wav", "not a sound file", "WAV or FLAC"), tuple(SOUNDS), 1,
    ),
    "broken PNG": Bad(
        after(lambda: images(Path("d")), lambda: cut("d/light/1.png", 40)), "d", ("1.png", "not an image", "again"),
        skips=1,
    ),
    "unequal images": Bad(
        after(lambda: images(Path("d")), lambda: image(Path("d/light/9.png"), 5)), "d",
        ("9.png: 5 pixels wide", "0.png is 4", "--image-steps pixels"), skips=1,
    ),
    "broken npz": Bad(
        after(lambda: clips(Path("d")), lambda: cut("d/up/1.npz", 60)), "d", ("1.npz", "broken", "save it again"),
        skips=1,
    ),
    "array of objects": Bad(
        after(lambda: clips(Path("d")), lambda: np.savez("d/up/1.npz", frames=np.array([{}], dtype=object))), "d",
        ("1.npz", "objects", "could hold code"), skips=1,
    ),
    "array without frames": Bad(
        after(lambda: clips(Path("d")), lambda: np.savez("d/up/1.npz", x=np.ones((3, 2)))), "d",
        ("1.npz", "no array 'frames'", "'x'", "np.savez"), skips=1,
    ),
    "foreign file": Bad(
        after(lambda: clips(Path("d")), raw("d/up/readme.md", b"x")), "d", ("readme.md", "'.md'", "remove"), skips=1
    ),
    "file without a label": Bad(
        after(lambda: images(Path("d")), lambda: image(Path("d/9.png"))), "d", ("9.png", "no label", "d/LABEL"),
        skips=1,
    ),
    "several kinds": Bad(
        after(lambda: images(Path("d")), lambda: sounds(Path("d"))), "d", ("several kinds", "0.png", "1.wav")
    ),
    "splits as classes": Bad(
        after(lambda: image(Path("d/train/1.png")), lambda: image(Path("d/test/1.png"))), "d",
        ("test, train", "no classes", "--valid"),
    ),
    "named file is missing": Bad(
        after(
            lambda: clips(Path("d")),
            lambda: table(
                Path("t.csv"), [f"d/{'up' if n % 2 else 'down'}/{n}.npz,{n % 2}" for n in range(9)], "path,label"
            ),
        ),
        "t.csv", ("t.csv: line 10", "down/8.npz", "no such file"), ("--file-column", "path"), 1,
    ),
    "foreign letter": Bad(
        after(
            raw("a.fa", b"".join(b">a%d\nACGT\n" % n for n in range(9)) + b">bad\nAC1T\n"),
            lambda: Path("d").mkdir(), lambda: Path("a.fa").rename("d/a.fa"),
            raw("d/b.fa", b"".join(b">b%d\nTTTT\n" % n for n in range(9))),
        ),
        "d", ("a.fa", "line 19", "(bad)", "'1'", "IUPAC"), skips=1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_bad_data_gets_one_line_and_leaves_nothing(refused: Refused, name: str) -> None:
    case = CASES[name]
    case.make()
    line = refused("fit", "classify", case.data, "--out", "run", *TINY, *case.more)
    assert all(word in line for word in case.words), line
    assert not Path("run").exists()


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.skips])
def test_bad_records_are_skipped_counted_and_listed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    case = CASES[name]
    case.make()
    assert status_of(["fit", "classify", case.data, "--out", "run", *TINY, *case.more, "--skip-bad"]) == 0
    shown = capsys.readouterr().out
    listed = Path("run/skipped.txt").read_text(encoding="utf-8").splitlines()
    assert len(listed) == case.skips
    assert "1 record was skipped; skipped.txt lists them, the first: " + listed[0] in shown
    place = next(word for word in case.words if any(letter.isdigit() for letter in word) or "." in word)
    assert place.partition(":")[0] in listed[0]


def test_nothing_but_bad_records_is_refused_with_skip_bad_too(refused: Refused) -> None:
    table(Path("t.csv"), [",p", ",n"])
    line = refused("fit", "classify", "t.csv", "--out", "run", *TINY, "--skip-bad")
    assert "no records" in line and "2 could not be read" in line and "t.csv: line 2" in line
    assert not Path("run").exists()


def test_training_and_validation_data_must_go_together(refused: Refused) -> None:
    sounds(Path("a"))
    sounds(Path("b"), rate=16000)
    line = refused("fit", "classify", "a", "--valid", "b", "--out", "run", *TINY, *SOUNDS)
    assert "16000 samples a second" in line and "1.wav has 8000" in line and "resample" in line
    table(Path("t.csv"), reviews())
    line = refused("fit", "classify", "a", "--valid", "t.csv", "--out", "run", *TINY, *SOUNDS)
    assert "t.csv: line 2" in line and "text" in line
    table(Path("other.csv"), ["a b,x", "c d,y"])
    line = refused("fit", "classify", "t.csv", "--valid", "other.csv", "--out", "run", *TINY)
    assert "not one label" in line and "known: n, p" in line
    assert not Path("run").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--label-smoothing", "0.2", *NUMBER], "label_smoothing is for the target_type label"),
        (["--class-weights", "balanced", *NUMBER], "class_weights is for the target_type label"),
        (["--label-separator", ";"], "label_separator is for the target_type labels"),
        (["--unit", "characters", "--vocabulary-size", "9"], "vocabulary_size is for the units words and bpe"),
        (["--id-column", "id", "--file-column", "path"], "one row per file"),
        (["--frame-mask", "0.7"], "frame_mask must be between 0 and 0.5"),
        (["--pooling", "men"], "did you mean 'mean'"),
    ],
)
def test_options_that_cannot_be_honoured(refused: Refused, options: list[str], words: str) -> None:
    table(Path("t.csv"), reviews())
    assert words in refused("fit", "classify", "t.csv", "--out", "run", *TINY, *options)
    assert not Path("run").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--unit", "words"], "unit has no meaning for frames"),
        (["--vocabulary-size", "9"], "vocabulary_size has no meaning for frames"),
        (["--text-column", "text"], "text_column is for conll"),
        (["--time-column", "time"], "time_column is for series"),
        (["--no-header"], "header is for csv"),
    ],
)
def test_options_without_meaning_for_the_data(refused: Refused, options: list[str], words: str) -> None:
    images(Path("d"))
    assert words in refused("fit", "classify", "d", "--out", "run", *TINY, *options)
    assert not Path("run").exists()


def test_options_with_a_default_that_do_nothing_are_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    table(Path("t.csv"), reviews())
    assert status_of(["fit", "classify", "t.csv", "--out", "run", *TINY, "--frame-mask", "0.2", *SOUNDS]) == 0
    assert "of no use for this data, which is read as words: frame_mask, mel_bands" in capsys.readouterr().out


def fitted(capsys: pytest.CaptureFixture[str], data: str, *more: str) -> str:
    assert status_of(["fit", "classify", data, "--out", "run", *TINY, *more]) == 0
    return capsys.readouterr().out


def test_help_says_what_is_held_out(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    said = {"classify": "of each label its share", "tag": "the last 10 % of its time", "generate": "of the text"}
    for task, words in said.items():
        assert status_of(["fit", task, "--help"]) == 0
        line = next(line for line in capsys.readouterr().out.splitlines() if " --valid " in line)
        assert "without it this is held out" in line and words in line


def test_without_validation_data_each_label_gives_its_share(capsys: pytest.CaptureFixture[str]) -> None:
    table(Path("t.csv"), [*reviews(40), "so so,meh", "well,meh"])
    shown = fitted(capsys, "t.csv")
    assert "5 of 42 examples are held out for it" in shown, "two, two, and one of the two 'meh'"
    assert "training examples 37, validation examples 5" in shown


@pytest.mark.parametrize("ends", ["\n", "\r\n", "mixed"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_line_ends_and_packing_make_no_difference(ends: str, packed: bool, capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["text,label", *reviews()]
    text = "".join(line + (("\n", "\r\n", "\r")[i % 3] if ends == "mixed" else ends) for i, line in enumerate(lines))
    name = "t.csv.gz" if packed else "t.csv"
    Path(name).write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    shown = fitted(capsys, name)
    assert "training examples 22, validation examples 2" in shown and "longest 4" in shown
    assert ("Windows line ends" in shown) == (ends != "\n")
    assert json.loads(Path("run/inputs.json").read_text())["answers"]["labels"] == ["n", "p"]


def test_a_row_of_a_million_characters(capsys: pytest.CaptureFixture[str]) -> None:
    long = "tea " * 250_000
    table(Path("t.csv"), [*reviews(), f"{long},p"])
    assert len(long) == 1_000_000
    shown = fitted(capsys, "t.csv", "--valid", "t.csv", "--hidden", "2", "--embedding", "2")
    assert "longest 250,000" in shown, "nothing is cut off"


def test_very_unequal_lengths_and_their_padding_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    table(Path("t.csv"), [f"{'tea ' * (1 + 400 * (number % 4 == 0))}bad,{'np'[number % 2]}" for number in range(30)])
    shown = fitted(capsys, "t.csv", "--batch-size", "20")
    padding = next(part for part in shown.split(", ") if part.startswith("padding "))
    assert int(padding.split()[1].removesuffix("%")) > 30, padding
    shown = fitted(capsys, "t.csv", "--batch-size", "1", "--overwrite")
    assert "padding 0% of the batches" in shown


@pytest.mark.parametrize("kind", ["texts", "sounds", "images", "arrays", "clips", "series", "table of files", "DNA"])
def test_everything_that_can_be_classified(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    data, more = "d", []
    match kind:
        case "texts":
            for number in range(8):
                path = Path("d", "pn"[number % 2], f"{number}.txt")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"word {number}")
        case "sounds":
            sounds(Path("d"))
            more = SOUNDS
        case "images":
            images(Path("d"))
        case "arrays":
            clips(Path("d"))
        case "clips":
            for number in range(8):
                for frame in range(3):
                    image(Path("d", "ab"[number % 2], f"clip{number}", f"{frame}.png"))
        case "series":
            series(Path("s.csv"))
            data, more = "s.csv", list(BY_STEP)
        case "table of files":
            sounds(Path("d"))
            lines = [f"d/{'high' if number % 2 else 'low'}/{number}.wav,{number % 2}" for number in range(8)]
            table(Path("t.csv"), lines, "path,label")
            data, more = "t.csv", ["--file-column", "path", *SOUNDS]
        case _:
            Path("d").mkdir()
            for name in ("a", "b"):
                Path("d", f"{name}.fa").write_text("".join(f">{name}{n}\nACGT{'A' * n}\n" for n in range(6)))
    shown = fitted(capsys, data, *more)
    assert "finished after 2 steps" in shown and "accuracy" in shown
    assert Path("run/confusion.svg").exists()
