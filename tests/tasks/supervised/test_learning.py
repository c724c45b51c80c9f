"""Classify and tag: they learn small problems, refuse bad data in one line, and write predictions back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import throughtime as tt
from throughtime.errors import DataError, UsageError
from throughtime.training.reporter import SilentReporter

TINY: dict[str, Any] = {
    "hidden": 16, "embedding": 16, "epochs": 12, "learning_rate": 0.01, "warmup": 5, "dropout": 0.1, "min_count": 1,
    "sample_every": 0, "word_dropout": 0.05, "average": 0.9,
}  # fmt: skip
WORDS = ["tea", "milk", "bread", "salt", "rice", "soup"]


def reviews(count: int) -> list[tuple[str, str]]:
    """Texts whose label is in one word of them, at any place."""
    random = np.random.default_rng(1)
    rows: list[tuple[str, str]] = []
    for number in range(count):
        words = random.choice(WORDS, random.integers(2, 7)).tolist()
        words.insert(random.integers(len(words) + 1), "good" if number % 2 else "bad")
        rows.append((" ".join(words), "pos" if number % 2 else "neg"))
    return rows


def sentences(count: int) -> list[tuple[list[str], list[str]]]:
    """A word is a thing after "the", and else an act: its own form does not tell."""
    random = np.random.default_rng(2)
    rows: list[tuple[list[str], list[str]]] = []
    for _ in range(count):
        words: list[str] = []
        labels: list[str] = []
        for word in random.choice(WORDS, random.integers(2, 6)).tolist():
            thing = bool(random.integers(2))
            words += ["the", word] if thing else [word]
            labels += ["det", "thing"] if thing else ["act"]
        rows.append((words, labels))
    return rows


def fit(task: str, data: Any, **options: Any) -> tt.Run:
    return tt.fit(task, data, reporter=SilentReporter(), **{**TINY, **options})


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "attention"])
def test_texts_are_classified_with_every_pooling(pooling: str) -> None:
    run = fit("classify", reviews(240), pooling=pooling, epochs=25)
    assert run.metrics["accuracy"] > 0.9
    found = run.predict(["milk good tea", "milk bad tea"])
    assert [each.value for each in found] == ["pos", "neg"]
    for each in found:
        assert each.probabilities is not None
        assert sum(each.probabilities.values()) == pytest.approx(1)
        assert each.probability == max(each.probabilities.values())


@pytest.mark.parametrize("unit", ["characters", "bytes", "bpe"])
def test_texts_are_read_in_every_unit(unit: str) -> None:
    run = fit("classify", reviews(240), unit=unit, epochs=25, vocabulary_size=300 if unit == "bpe" else None)
    assert run.metrics["accuracy"] > 0.8


def test_numbers_are_predicted() -> None:
    random = np.random.default_rng(0)
    rows = [(random.normal(size=(3 + index % 5, 2)), float(index % 7)) for index in range(200)]
    rows = [(frames + number, number * 10) for frames, number in rows]
    run = fit("classify", rows, target_type="number", pooling="mean", frame_mask=0.0)
    assert run.metrics["rmse"] < 10 < np.std([number for _, number in rows])
    assert run.metrics["r2"] > 0.7


def test_several_labels_are_predicted() -> None:
    rows = [(text, ("sweet", label) if "milk" in text else (label,)) for text, label in reviews(300)]
    run = fit("classify", rows, target_type="labels", epochs=20)
    assert run.metrics["f1"] > 0.9
    assert set(run.predict(["good milk"])[0].value) == {"pos", "sweet"}  # type: ignore[arg-type]


@pytest.mark.parametrize("crf", [False, True])
def test_words_are_tagged_by_what_stands_before_them(crf: bool) -> None:
    run = fit("tag", sentences(240), crf=crf, spelling=8)
    assert run.metrics["accuracy"] > 0.95
    assert run.predict(["the tea tea"])[0].value == ("det", "thing", "act")


def test_words_are_tagged_by_their_letters_alone() -> None:
    run = fit("tag", sentences(240), unit="characters", epochs=25)
    assert run.metrics["accuracy"] > 0.9


def test_predictions_go_back_into_the_columns_they_came_from(tmp_path: Path) -> None:
    lines = "".join("".join(f"{w}\t{t}\n" for w, t in zip(*row, strict=True)) + "\n" for row in sentences(240))
    (tmp_path / "train.conll").write_text(lines)
    run = fit("tag", tmp_path / "train.conll", out=tmp_path / "run", epochs=30)
    run.predict_files(tmp_path / "train.conll", tmp_path / "out.conll", note=lambda line: None)
    written = (tmp_path / "out.conll").read_text().splitlines()
    assert [line.rpartition("\t")[0] if line else "" for line in written] == lines.splitlines()
    right = [line.split("\t")[1] == line.split("\t")[2] for line in written if line]
    assert np.mean(right) > 0.95


def test_a_table_keeps_its_columns_and_order(tmp_path: Path) -> None:
    rows = "".join(f'{number},"{text}",{label}\r\n' for number, (text, label) in enumerate(reviews(200)))
    (tmp_path / "t.csv").write_bytes(b"id,text,label\r\n" + rows.encode())
    run = fit("classify", tmp_path / "t.csv", out=tmp_path / "run")
    assert run.predict_files(tmp_path / "t.csv", tmp_path / "out.csv", note=lambda line: None) == 200
    written = (tmp_path / "out.csv").read_text().splitlines()
    assert written[0] == "id,text,label,predicted,probability"
    assert [int(line.split(",")[0]) for line in written[1:]] == list(range(200))
    assert sum(line.split(",")[2] == line.split(",")[3] for line in written[1:]) > 190
    scores = run.evaluate(tmp_path / "t.csv", note=lambda line: None)
    assert set(scores["labels"]) == {"pos", "neg"} and scores["examples"] == 200
    json.dumps(scores)


def test_unseen_labels_are_wrong_and_listed() -> None:
    notes: list[str] = []
    run = fit("classify", reviews(200))
    scores = run.evaluate([("good tea", "pos"), ("bad tea", "meh")], note=notes.append)
    assert scores["accuracy"] == 0.5
    assert any("'meh' (1)" in note for note in notes)
    with pytest.raises(DataError, match="not one label of the data was seen"):
        run.evaluate([("good tea", "meh"), ("bad tea", "so so")], note=notes.append)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([("a b", "x"), ("c d", "x"), ("e f", "y")], "a label needs at least two examples; with one: 'y'"),
        ([("a b", "x"), ("c d", "x")], "have the label 'x'; give two labels or more"),
        ([("a b", "x"), ("...", "x"), ("", "y"), ("a", "y")], "row 3 of the data"),
        ([(np.ones((3, 2)), "x"), (np.ones((3, 4)), "y")] * 2, "4 numbers at each step, not 2"),
    ],
)
def test_bad_data_is_refused(data: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit("classify", data)


def test_bad_records_are_skipped_and_listed_if_asked(tmp_path: Path) -> None:
    rows = "".join(f"{text},{label}\n" for text, label in reviews(100))
    (tmp_path / "t.csv").write_text("text,label\n" + rows + ",pos\nonly one cell\n")
    with pytest.raises(DataError, match=r"line 102"):
        fit("classify", tmp_path / "t.csv", out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    run = fit("classify", tmp_path / "t.csv", out=tmp_path / "run", skip_bad=True)
    listed = (run.path / "skipped.txt").read_text().splitlines()
    assert len(listed) == 2 and "line 102" in listed[0] and "line 103" in listed[1]


def test_a_language_model_becomes_the_encoder(tmp_path: Path) -> None:
    text = "\n".join(text for text, _ in reviews(300))
    tt.fit("generate", text=text, out=tmp_path / "lm", reporter=SilentReporter(), hidden=16, embedding=8, lanes=2,
           tbptt=16, steps=20, sample_every=0)  # fmt: skip
    options = {name: value for name, value in TINY.items() if name not in ("hidden", "embedding")}
    quiet = SilentReporter()
    run = tt.fit("classify", reviews(240), out=tmp_path / "a", init_from=tmp_path / "lm", reporter=quiet, **options)
    assert run.config.to_mapping()["hidden"] == 16 and run.config.to_mapping()["bidirectional"] is False
    tagger = tt.fit("tag", sentences(100), out=tmp_path / "b", init_from=tmp_path / "lm", reporter=quiet, **options)
    assert len(tagger.predict([["the", "tea"]])[0].value) == 2  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="bidirectional False, not True"):
        tt.fit("classify", reviews(9), init_from=tmp_path / "lm", bidirectional=True)


def test_word_vectors_are_the_start(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("good 1 0 0\nbad 0 1 0\nTea 0 0 1\n")
    run = fit("classify", reviews(100), embeddings=str(tmp_path / "v.txt"), steps=1, learning_rate=1e-9, average=0.0)
    features = run.model.inputs.features
    number = features.vocabulary.numbers(["good"])[0]
    assert run.model.model.read.embedding.weight[number].tolist() == pytest.approx([1, 0, 0], abs=1e-6)
    with pytest.raises(DataError, match="line 2"):
        (tmp_path / "v.txt").write_text("good 1 0 0\nbad 0 1\n")
        fit("classify", reviews(100), embeddings=str(tmp_path / "v.txt"))


def test_a_run_without_predictions_says_so(tmp_path: Path) -> None:
    run = fit("classify", reviews(40), steps=1)
    with pytest.raises(UsageError, match="writes no text"):
        run.generate()
