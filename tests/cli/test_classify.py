"""``throughtime fit classify``: what it alone refuses, and what must work."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_data import MANY, clips, image, images, many_series, reviews, sounds, table
from small_runs import SOUNDS, TWO_STEPS, Refused, padding_of, shown_by_fit


def test_nothing_but_bad_records_is_refused_with_skip_bad_too(refused: Refused) -> None:
    table(Path("t.csv"), [",p", ",n"])
    line = refused("fit", "classify", "t.csv", "--out", "run", *TWO_STEPS["classify"], "--skip-bad")
    assert "no records" in line and "2 could not be read" in line and "t.csv: line 2" in line
    assert not Path("run").exists()


def test_training_and_validation_data_must_go_together(refused: Refused) -> None:
    sounds(Path("a"))
    sounds(Path("b"), rate=16000)
    line = refused("fit", "classify", "a", "--valid", "b", "--out", "run", *TWO_STEPS["classify"], *SOUNDS)
    assert "16000 samples a second" in line and "1.wav has 8000" in line and "resample" in line
    table(Path("t.csv"), reviews())
    line = refused("fit", "classify", "a", "--valid", "t.csv", "--out", "run", *TWO_STEPS["classify"], *SOUNDS)
    assert "t.csv: line 2" in line and "text" in line
    table(Path("other.csv"), ["a b,x", "c d,y"])
    line = refused("fit", "classify", "t.csv", "--valid", "other.csv", "--out", "run", *TWO_STEPS["classify"])
    assert "not one label" in line and "known: n, p" in line
    assert not Path("run").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--unit", "words"], "unit has no meaning for frames"),
        (["--vocabulary-size", "9"], "--vocabulary-size has no meaning for frames"),
        (["--text-column", "text"], "--text-column is for conll"),
        (["--time-column", "time"], "--time-column is for series"),
        (["--no-header"], "header is for csv"),
    ],
)
def test_options_without_meaning_for_the_data(refused: Refused, options: list[str], words: str) -> None:
    images(Path("d"))
    assert words in refused("fit", "classify", "d", "--out", "run", *TWO_STEPS["classify"], *options)
    assert not Path("run").exists()


def test_options_with_a_default_that_do_nothing_are_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    table(Path("t.csv"), reviews())
    shown = shown_by_fit(capsys, "classify", "t.csv", "--frame-mask", "0.2", *SOUNDS)
    assert "of no use for this data, which is read as words: --frame-mask, --mel-bands" in shown


def test_without_validation_data_each_label_gives_its_share(capsys: pytest.CaptureFixture[str]) -> None:
    table(Path("t.csv"), [*reviews(40), "so so,meh", "well,meh"])
    shown = shown_by_fit(capsys, "classify", "t.csv")
    assert "5 of 42 examples are held out for it" in shown, "two, two, and one of the two 'meh'"
    assert "training examples 37, validation examples 5" in shown


def test_a_row_of_a_million_characters(capsys: pytest.CaptureFixture[str]) -> None:
    long = "tea " * 250_000
    table(Path("t.csv"), [*reviews(), f"{long},p"])
    assert len(long) == 1_000_000
    small = ("--hidden", "2", "--embedding", "2", "--steps", "1")
    shown = shown_by_fit(capsys, "classify", "t.csv", "--valid", "t.csv", *small)
    assert "longest 250,000" in shown, "nothing is cut off"


def test_very_unequal_lengths_and_their_padding_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    table(Path("t.csv"), [f"{'tea ' * (1 + 400 * (number % 4 == 0))}bad,{'np'[number % 2]}" for number in range(30)])
    shown = shown_by_fit(capsys, "classify", "t.csv", "--batch-size", "20")
    assert padding_of(shown) > 30
    shown = shown_by_fit(capsys, "classify", "t.csv", "--batch-size", "1", "--overwrite")
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
            many_series("classify")
            data, more = "s.csv", list(MANY)
        case "table of files":
            sounds(Path("d"))
            lines = [f"d/{'high' if number % 2 else 'low'}/{number}.wav,{number % 2}" for number in range(8)]
            table(Path("t.csv"), lines, "path,label")
            data, more = "t.csv", ["--file-column", "path", *SOUNDS]
        case _:
            Path("d").mkdir()
            for name in ("a", "b"):
                Path("d", f"{name}.fa").write_text("".join(f">{name}{n}\nACGT{'A' * n}\n" for n in range(6)))
    shown = shown_by_fit(capsys, "classify", data, *more)
    assert "finished after 2 steps" in shown and "accuracy" in shown
    assert Path("run/confusion.svg").exists()
