"""``throughtime evaluate`` with runs of classify and tag: scores for people and as JSON, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_data import SENTENCE, reviews
from small_runs import Refused, output

from throughtime.cli.main import status_of


def test_evaluate_prints_a_table(classifier: Path, tagger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.csv").write_text("\n".join(["text,label", *reviews(20)]))
    lines = output(capsys, "evaluate", classifier, "new.csv").splitlines()
    assert any(line.split() == ["accuracy", "1"] for line in lines), lines
    head = next(number for number, line in enumerate(lines) if line.split()[:1] == ["label"])
    assert lines[head].split() == ["label", "precision", "recall", "f1", "support"]
    assert [line.split() for line in lines[head + 1 :]] == [["n", "1", "1", "1", "10"], ["p", "1", "1", "1", "10"]]
    Path("new.conll").write_text(SENTENCE.format(1))
    shown = output(capsys, "evaluate", tagger, "new.conll")
    assert "entity_f1" in shown and "per " in shown.splitlines()[-1]


def test_evaluate_as_json_names_its_scores(classifier: Path, tagger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.csv").write_text("\n".join(["text,label", *reviews(20)]))
    Path("new.conll").write_text(SENTENCE.format(1))
    names = {
        classifier: {"accuracy", "f1", "loss", "calibration_error", "examples", "unknown_words", "labels", "rivals"},
        tagger: {
            "accuracy", "sequence_accuracy", "entity_f1", "entity_precision", "entity_recall", "loss", "examples",
            "unknown_words", "labels", "rivals",
        },
    }  # fmt: skip
    for run, data in ((classifier, "new.csv"), (tagger, "new.conll")):
        scores = json.loads(output(capsys, "evaluate", run, data, "--json"))
        assert set(scores) == names[run]
        assert scores["accuracy"] == 1.0


def test_unseen_words_and_labels_are_counted_wrong_and_listed(
    classifier: Path, tagger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("new.csv").write_text("text,label\ngood tea,p\nbad tea,n\ngood zzyzx,meh\nbad tea,so so\n")
    capsys.readouterr()
    assert status_of(["evaluate", str(classifier), "new.csv", "--json"]) == 0
    captured = capsys.readouterr()
    scores = json.loads(captured.out)
    assert scores["accuracy"] == 0.5 and scores["unseen_labels"] == {"meh": 1, "so so": 1}
    assert scores["unknown_words"] == 1
    assert "labels that training never saw, each counted as wrong: 'meh' (1), 'so so' (1)" in captured.err
    Path("new.conll").write_text("Ann\tB-per\nzzyzx\tB-loc\nsaw\tO\nsaw\tO\n")
    scores = json.loads(output(capsys, "evaluate", tagger, "new.conll", "--json"))
    assert scores["accuracy"] <= 0.75 and scores["unseen_labels"] == {"B-loc": 1} and scores["unknown_words"] == 1
    assert "unseen_labels.B-loc" in output(capsys, "evaluate", tagger, "new.conll")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("new.csv", "text,label\ngood tea,\n", ["new.csv: line 2", "'label' is empty"]),
        ("new.csv", "text,stars,id\ngood tea,5,1\n", ["'text', 'stars', 'id'", "--target-column"]),
        ("new.csv", "text,stars\ngood tea,5\n", ["not one label", "known: n, p"]),
        ("new.csv", "text,label\ngood tea,meh\n", ["not one label", "known: n, p"]),
        ("new.csv", "", ["new.csv is empty"]),
        ("new.csv", "text,label\n", ["the data (new.csv) holds no records"]),
    ],
)
def test_what_evaluate_refuses(refused: Refused, classifier: Path, name: str, content: str, words: list[str]) -> None:
    Path(name).write_text(content)
    line = refused("evaluate", classifier, name)
    assert all(word in line for word in words), line
