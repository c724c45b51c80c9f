"""``throughtime fit tag``: what it alone refuses, and what must work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_data import BY_STEP, GOOD, MANY, many_series, one_series
from small_runs import TWO_STEPS, Refused, padding_of, shown_by_fit

from throughtime.cli.main import status_of


def test_training_and_validation_data_must_go_together(refused: Refused) -> None:
    one_series(Path("s.csv"))
    Path("other.csv").write_text("time,x,label\n" + "".join(f"{time},1,a\n" for time in range(9)))
    line = refused("fit", "tag", "s.csv", "--valid", "other.csv", "--out", "run", *TWO_STEPS["tag"], *BY_STEP)
    assert "other.csv has no column 'y', a feature of what was learned from" in line
    Path("t.conll").write_text(GOOD["tag"])
    Path("v.conll").write_text("So\tX\nit\tY\n")
    line = refused("fit", "tag", "t.conll", "--valid", "v.conll", "--out", "run", *TWO_STEPS["tag"])
    assert "not one label" in line and "known: B-per, I-per, O" in line
    assert not Path("run").exists()


def test_a_sentence_of_very_many_words_is_not_cut_and_padding_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.conll").write_text(GOOD["tag"] + "word\tO\n" * 20_000)
    shown = shown_by_fit(capsys, "tag", "t.conll", "--batch-steps", "100000")
    assert "longest 20,000" in shown
    assert padding_of(shown) > 30


def test_a_word_of_a_million_characters(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.conll").write_text(GOOD["tag"] + "a" * 1_000_000 + "\tO\nLee\tO\n")
    assert "training examples" in shown_by_fit(capsys, "tag", "t.conll")


def test_one_series_holds_out_its_end_and_is_learned_in_windows(capsys: pytest.CaptureFixture[str]) -> None:
    one_series(Path("s.csv"), steps=1000)
    shown = shown_by_fit(capsys, "tag", "s.csv", *BY_STEP)
    assert "of the one series the last 10% of the time is held out for it (100 steps)" in shown
    assert "the 900 steps to learn from are cut into 4 windows of up to 225" in shown
    assert "training examples 4, validation examples 1" in shown
    assert status_of(["predict", "run", "s.csv", "--out", "out.csv"]) == 0
    rows = Path("out.csv").read_text().splitlines()
    assert rows[0] == "time,x,y,label,predicted" and len(rows) == 1001, "one row for each step, in one piece"


def test_the_end_of_a_series_is_the_latest_time_whatever_the_order_of_the_file() -> None:
    from throughtime.data.user_data import user_data
    from throughtime.tasks.tag.options import Config
    from throughtime.tasks.tag.targets import TagReader

    one_series(Path("s.csv"), steps=100)
    head, *rows = Path("s.csv").read_text().splitlines()
    Path("s.csv").write_text("\n".join([head, *rows[::-1]]) + "\n")
    config = Config(time_column="time", hidden=4, embedding=4)
    read = TagReader(config).read(user_data({"data": "s.csv"}), known=None, note=lambda _: None)
    train, held_out = (np.concatenate([each.content for each in part.records]) for part in (read.train, read.valid))
    assert np.array_equal(train[:, 0], (np.arange(90) // 5) % 2)
    assert np.array_equal(held_out[:, 0], (np.arange(90, 100) // 5) % 2)


def test_one_series_with_validation_data_is_learned_in_windows_too(capsys: pytest.CaptureFixture[str]) -> None:
    one_series(Path("s.csv"), steps=600)
    one_series(Path("v.csv"), steps=50)
    shown = shown_by_fit(capsys, "tag", "s.csv", "--valid", "v.csv", *BY_STEP)
    assert "the 600 steps to learn from are cut into 3 windows of up to 200" in shown
    assert "held out" not in shown and "training examples 3, validation examples 1" in shown


def test_many_series_are_held_out_whole(capsys: pytest.CaptureFixture[str]) -> None:
    many_series("tag")
    shown = shown_by_fit(capsys, "tag", "s.csv", *MANY)
    assert "1 of 12 examples are held out for it, chosen by a hash of their content" in shown
    assert "training examples 11, validation examples 1" in shown


def test_entities_are_scored_as_spans(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.conll").write_text(GOOD["tag"])
    assert "validation 0.000 entity F1" in shown_by_fit(capsys, "tag", "t.conll", "--crf")
    Path("t.csv").write_text("text,tags\n" + "".join(f"so it is{n},x y x\n" for n in range(12)))
    shown = shown_by_fit(capsys, "tag", "t.csv", "--overwrite")
    assert "entity F1" not in shown and "accuracy" in shown
