"""Simple models beside a network from end to end: learned, scored by plain counts, kept, and scored on new data."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import throughtime as tt
from throughtime.errors import CheckpointError
from throughtime.tasks.rivals import keeping
from throughtime.tasks.rivals.ngram import NGram
from throughtime.training.pages.report import write_report
from throughtime.training.reporter import SilentReporter
from throughtime.training.seal import signed

SMALL: dict[str, Any] = {"hidden": 4, "embedding": 4, "steps": 2, "sample_every": 0, "device": "cpu"}
RANDOM = np.random.default_rng(7)


class Notes(SilentReporter):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


def fit(task: str, data: Any, valid: Any, out: Path | None = None, **options: Any) -> tuple[tt.Run, list[str]]:
    notes = Notes()
    run = tt.fit(task, data, valid=valid, out=out, reporter=notes, **{**SMALL, **options})
    return run, notes.notes


def reviews(count: int, start: int = 0) -> list[tuple[str, str]]:
    """A word tells the label of nine in ten; of three labels one is the commonest."""
    words = {"a": "good", "b": "bad", "c": "odd"}
    labels = ["aaabbc"[(start + number) % 6] for number in range(count)]
    return [
        (f"{words[label] if number % 10 else 'plain'} thing{number % 7} no{number + start}", label)
        for number, label in enumerate(labels)
    ]


def test_a_classifier_stands_beside_the_commonest_label_and_a_linear_model(tmp_path: Path) -> None:
    train, valid, new = reviews(150), reviews(45, 1000), reviews(20, 2003)
    run, notes = fit("classify", train, valid, tmp_path / "run")
    commonest = Counter(label for _, label in train).most_common(1)[0][0]
    share = sum(label == commonest for _, label in valid) / 45
    majority, linear = run.rivals["majority"], run.rivals["linear"]
    assert majority["scores"]["accuracy"] == pytest.approx(share)
    assert majority["scores"]["f1"] == pytest.approx(2 * share / (1 + share) / 3)  # recall 1, precision share; 2 are 0
    assert linear["scores"]["accuracy"] >= 0.9 and linear["learned_from"] == "all 150 examples"
    (line,) = [note for note in notes if note.startswith("validation accuracy")]
    assert (
        f"the commonest label alone: {share:.3f}, a linear model on the words: {linear['scores']['accuracy']:.3f}"
        in line
    )
    assert "the network is worse than a linear model on the words: try training with word vectors" in line
    told: list[str] = []
    beside = tt.load(run.path).evaluate(new, note=told.append)["rivals"]
    assert beside["majority"]["accuracy"] == pytest.approx(sum(label == commonest for _, label in new) / 20)
    assert beside["linear"]["accuracy"] >= 0.8 and beside["linear"]["on"] == "this data"
    assert any(note.startswith("on this data: accuracy") for note in told)
    same = tt.load(run.path).evaluate(valid, note=told.append)["rivals"]
    assert {name: same["linear"][name] for name in linear["scores"]} == linear["scores"]
    json.dumps(run.describe()["rivals"])


def test_the_report_has_a_line_for_each(whole: Path, tmp_path: Path) -> None:
    run = tt.load(shutil.copytree(whole, tmp_path / "run"))
    page = write_report(run.path).read_text()
    for rival in run.rivals.values():
        assert f"<td>{rival['is']}</td><td>{rival['scores']['accuracy']:.3f}</td>" in page
    assert f"<td>the network</td><td>{run.metrics['accuracy']:.3f}</td>" in page
    assert "Beside simple models: accuracy" in page
    (run.path / "rivals.json").unlink()
    assert "Beside simple models" not in write_report(run.path).read_text()


def test_few_examples_have_the_commonest_label_alone() -> None:
    run, _ = fit("classify", reviews(99), reviews(20, 1000))
    assert list(run.rivals) == ["majority"]
    assert list(fit("classify", reviews(100), reviews(20, 1000))[0].rivals) == ["majority", "linear"]


def test_numbers_stand_beside_their_mean_and_ridge_regression() -> None:
    def rows(count: int) -> list[tuple[Any, float]]:
        frames = [RANDOM.normal(size=(3, 2)).astype(np.float32) for _ in range(count)]
        return [(each, 100 + 5 * float(each[:, 0].mean())) for each in frames]

    train, valid = rows(150), rows(40)
    run, notes = fit("classify", train, valid, target_type="number")
    mean = np.mean([number for _, number in train])
    error = np.sqrt(np.mean([(number - mean) ** 2 for _, number in valid]))
    assert run.rivals["mean"]["scores"]["rmse"] == pytest.approx(error, rel=1e-6)
    assert run.rivals["linear"]["scores"]["rmse"] < 0.1 * error
    assert any("validation root mean squared error" in note and "the mean alone" in note for note in notes)


def test_several_labels_stand_beside_those_that_are_best_said_always() -> None:
    def rows(count: int, start: int) -> list[tuple[str, tuple[str, ...]]]:
        labels = ["xy", "x", "xz", "y"]
        return [(f"has {' '.join(labels[n % 4])} no{n}", tuple(labels[n % 4])) for n in range(start, start + count)]

    run, _ = fit("classify", rows(160, 0), rows(40, 1000), target_type="labels")
    # x in 3 of 4, y in 2, z in 1: saying x has F1 6/10, x and y 10/14, all three 12/18 (hits 6, said 12, there 6)
    assert run.rivals["majority"]["is"] == "the commonest labels alone"
    assert run.rivals["majority"]["scores"]["f1"] == pytest.approx(10 / 14)
    assert run.rivals["linear"]["scores"]["f1"] == pytest.approx(1)


def test_a_tagger_stands_beside_the_commonest_label_of_each_word() -> None:
    def rows(count: int) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        def label(word: str) -> str:
            return {"the": "D", "dog": "N", "runs": "V" if RANDOM.random() < 0.7 else "N"}[word]

        texts = [RANDOM.choice(["the", "dog", "runs"], 4).tolist() for _ in range(count)]
        return [(tuple(text), tuple(map(label, text))) for text in texts]

    train, valid = rows(60), rows(30)
    run, notes = fit("tag", train, valid, spelling=0)
    pairs = [pair for words, labels in train for pair in zip(words, labels, strict=True)]
    commonest = Counter(label for _, label in pairs).most_common(1)[0][0]
    best = {word: Counter(l for w, l in pairs if w == word).most_common(1)[0][0] for word in ("the", "dog", "runs")}
    checked = [pair for words, labels in valid for pair in zip(words, labels, strict=True)]
    scores = {name: rival["scores"] for name, rival in run.rivals.items()}
    assert scores["majority"]["accuracy"] == pytest.approx(np.mean([label == commonest for _, label in checked]))
    assert scores["words"]["accuracy"] == pytest.approx(np.mean([best[word] == label for word, label in checked]))
    assert "f1" in run.metrics and scores["words"]["f1"] > scores["majority"]["f1"]
    assert any("the commonest label of each word" in note for note in notes)
    assert run.evaluate(valid, note=notes.append)["rivals"]["words"]["accuracy"] == scores["words"]["accuracy"]


def test_entities_are_scored_as_the_network_is() -> None:
    sentence = (("Ann", "Lee", "saw", "it"), ("B-per", "I-per", "O", "O"))
    new = (("Ann", "saw", "Lee", "."), ("B-per", "O", "B-per", "O"))
    run, _ = fit("tag", [sentence] * 20, [sentence, new], spelling=0)
    # the words alone: Ann Lee is right, Ann is right, and Lee after saw is I-per, which begins an entity too
    assert run.rivals["words"]["scores"]["entity_f1"] == pytest.approx(1)
    assert run.rivals["words"]["scores"]["accuracy"] == pytest.approx(7 / 8)
    assert run.rivals["majority"]["scores"]["entity_f1"] == 0


def test_frames_that_are_tagged_stand_beside_a_linear_model_on_each() -> None:
    def rows(count: int) -> list[tuple[Any, tuple[str, ...]]]:
        frames = [RANDOM.normal(size=(20, 2)).astype(np.float32) for _ in range(count)]
        return [(each, tuple("up" if value > 0 else "down" for value in each[:, 0])) for each in frames]

    run, _ = fit("tag", rows(50), rows(10))
    assert run.rivals["linear"]["scores"]["accuracy"] > 0.95
    assert list(fit("tag", rows(49), rows(10))[0].rivals) == ["majority"]


NEW = "It was the worst of times."
TEXT = "It was the best of times, it was the worst of times. " * 30


@pytest.mark.parametrize("unit", ["characters", "bytes", "words", "bpe"])
def test_a_language_model_stands_beside_counts(unit: str) -> None:
    notes = Notes()
    how: dict[str, Any] = {"lanes": 2, "tbptt": 8, "reporter": notes, "unit": unit, **SMALL}
    run = tt.fit("generate", text=TEXT, valid_text=NEW, **how)
    scores = {name: rival["scores"]["bits_per_character"] for name, rival in run.rivals.items()}
    few = unit == "words"  # too few to learn from: no model is better than another
    assert few or scores["ngram"] < scores["unigram"] < run.metrics["bits_per_character"]
    vocabulary = run.model.vocabulary
    ids, new = ([vocabulary.document, *vocabulary.encode(text)] for text in (TEXT, NEW))
    order = 6 if unit in ("characters", "bytes") else 3
    nats = NGram.learn(np.array(ids), len(vocabulary), order).nats(np.array(new))
    assert scores["ngram"] == pytest.approx(nats / np.log(2) / len(NEW))
    (line,) = [note for note in notes.notes if note.startswith("validation bits per character")]
    assert few or ("the network is worse than an n-gram model" in line and "more units" in line)
    found = run.evaluate(text=NEW, note=notes.note)["rivals"]
    assert (
        found["ngram"]["bits_per_character"] == pytest.approx(scores["ngram"]) and found["ngram"]["on"] == "this data"
    )


def test_of_a_long_text_the_end_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("throughtime.tasks.generate.text.rivals.TOKENS", 100)
    notes = Notes()
    run = tt.fit("generate", text=TEXT, lanes=2, tbptt=8, reporter=notes, **SMALL)
    assert run.rivals["ngram"]["learned_from"] == "100 of 1,432 tokens"  # nine tenths of the text, and its mark
    assert any("(learned from 100 of 1,432 tokens)" in note for note in notes.notes)


def test_a_large_model_keeps_its_scores_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "KEPT", 100)
    run, _ = fit("classify", reviews(150), reviews(45, 1000), tmp_path / "run")
    assert run.rivals["majority"]["kept"] and not run.rivals["linear"]["kept"]
    notes: list[str] = []
    beside = run.evaluate(reviews(20, 2003), note=notes.append)["rivals"]
    assert beside["linear"]["on"] == "the validation data"
    assert beside["linear"]["accuracy"] == run.rivals["linear"]["scores"]["accuracy"]
    (line,) = [note for note in notes if "linear" in note]
    assert line.startswith("a linear model on the words was too large") and "the validation data" in line


def test_without_rivals_there_are_none(tmp_path: Path) -> None:
    run, notes = fit("classify", reviews(150), reviews(45, 1000), tmp_path / "run", rival=False)
    assert run.rivals == {} and not list(run.path.glob("rivals*"))
    assert not any("commonest" in note for note in notes)
    assert "rivals" not in run.evaluate(reviews(20, 2003), note=notes.append)
    again = tt.fit("classify", reviews(150), valid=reviews(45, 1000), out=run.path, resume=True, steps=3, rival=True,
                   reporter=SilentReporter())  # fmt: skip
    first = again.rivals
    assert set(first) == {"majority", "linear"}
    more = {"out": run.path, "resume": True, "reporter": SilentReporter()}
    # What is learned again for more steps of the same network is the same, and goes where it is not wanted any more.
    assert tt.fit("classify", reviews(150), valid=reviews(45, 1000), steps=4, **more).rivals == first
    assert not tt.fit("classify", reviews(150), valid=reviews(45, 1000), steps=5, rival=False, **more).rivals
    assert not list(run.path.glob("rivals*"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fit("classify", reviews(150), reviews(45, 1000), tmp_path_factory.mktemp("whole") / "run")[0].path


@pytest.mark.parametrize("damage", ["empty", "other", "bit", "missing"])
def test_damaged_models_are_told_of(damage: str, whole: Path, tmp_path: Path) -> None:
    path = shutil.copytree(whole, tmp_path / "run") / "rivals.safetensors"
    content = path.read_bytes()
    contents = {"empty": b"", "other": b"what is this?" * 9, "bit": content[:-1] + bytes([content[-1] ^ 1])}
    path.unlink() if damage == "missing" else path.write_bytes(contents[damage])
    with pytest.raises(CheckpointError, match=r"rivals\.safetensors is (damaged|missing)"):
        tt.load(path.parent).evaluate(reviews(20, 2003), note=lambda _: None)
    assert tt.load(path.parent).predict(["good thing1"])


def test_edited_scores_are_told_of(whole: Path, tmp_path: Path) -> None:
    path = shutil.copytree(whole, tmp_path / "run") / "rivals.json"
    content = json.loads(path.read_text())
    opened, run = tt.load(path.parent), content["run"]
    nothing = signed({"run": run, "rivals": [], "models": ""})
    for edited in ({**content, "run": "0" * 32}, {**content, "rivals": {}}, nothing, []):
        path.write_text(json.dumps(edited))
        with pytest.raises(CheckpointError, match=r"rivals\.json"):
            opened.describe()
        with pytest.raises(CheckpointError, match=r"rivals\.json"):
            opened.evaluate(reviews(20, 2003), note=lambda _: None)


def test_a_run_that_never_had_rivals_is_scored_alone(whole: Path, tmp_path: Path) -> None:
    old, notes = shutil.copytree(whole, tmp_path / "run"), list[str]()
    for path in old.glob("rivals*"):
        path.unlink()
    assert tt.load(old).rivals == {} and not tt.load(old).describe()["rivals"]
    scores = tt.load(old).evaluate(reviews(20, 2003), note=notes.append)
    assert "rivals" not in scores and scores["examples"] == 20 and not any("network" in note for note in notes)
