"""Linear models: what a row is, and what is learned where the answer is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from throughtime.data.record import Record
from throughtime.tasks.rivals import linear
from throughtime.tasks.rivals.drawing import draw, share_of
from throughtime.tasks.rivals.grams import Grams, grams_of
from throughtime.tasks.rivals.linear import FrameColumns, Linear

RANDOM = np.random.default_rng(5)


def record(content: Any, target: Any = None) -> Record:
    return Record(content, target, "here")


def test_pieces_are_words_and_pairs_or_letters() -> None:
    assert grams_of(record("So good, so so"), by_words=True) == [
        "so", "good", ",", "so", "so", "so good", "good ,", ", so", "so so",
    ]  # fmt: skip
    assert grams_of(record(("It's", "A")), by_words=True) == ["it's", "a", "it's a"]
    assert grams_of(record("AcG"), by_words=False) == ["a", "c", "g", "ac", "cg", "acg"]


def test_a_row_is_tf_idf_of_length_one() -> None:
    texts = [["a", "b"], ["a"], ["a", "c", "c"]]
    grams = Grams.learn(texts, 10, by_words=True)
    assert grams.known == ("a", "b", "c")
    np.testing.assert_allclose(grams.idf, [1, 1 + np.log(2), 1 + np.log(2)], rtol=1e-6)
    columns, weights = grams.row(["c", "a", "c", "new"])
    raw = np.array([(1 + np.log(2)) * (1 + np.log(2)), 1.0])
    assert columns.tolist() == [2, 0]
    np.testing.assert_allclose(weights, raw / np.sqrt((raw**2).sum()), rtol=1e-6)
    assert grams.row(["new"])[1].tolist() == []
    assert Grams.learn(texts, 2, by_words=True).known == ("a", "b")


def labelled(records: Sequence[Record]) -> Any:
    return np.stack([np.eye(3)[each.target] for each in records])  # type: ignore[index]


def test_words_that_tell_the_label_are_learned() -> None:
    words = ["good", "bad", "odd"]
    texts = [
        record(f"w{RANDOM.integers(20)} {words[number % 3]} w{RANDOM.integers(20)}", number % 3)
        for number in range(150)
    ]
    model = Linear.learn(texts, "words", 3, labelled)
    assert model is not None and model.learned_from == "all 150 examples"
    assert model.title == "a linear model on the words"
    new = [record(f"{word} thing") for word in words]
    assert [int(row.argmax()) for row in model.scores(new)] == [0, 1, 2]
    again = Linear.from_parts(*model.to_parts())
    for one, other in zip(model.scores(new), again.scores(new), strict=True):
        assert (one == other).all()
    table = model.columns.table(new)  # type: ignore[attr-defined]
    np.testing.assert_allclose(table @ model.weights + model.bias, list(model.scores(new)), rtol=1e-5, atol=1e-6)


def test_an_answer_that_all_or_none_have_is_always_or_never_given() -> None:
    texts = [record(f"{'good' if number % 2 else 'bad'} tea", None) for number in range(40)]
    right = np.array([[1, 0, number % 2] for number in range(40)])
    model = Linear.learn(texts, "words", 3, lambda _: right)
    assert model is not None
    assert [(row > 0).tolist() for row in model.scores([record("good tea"), record("bad tea")])] == [
        [True, False, True], [True, False, False],
    ]  # fmt: skip


def test_two_labels_need_one_regression() -> None:
    texts = [record(f"{'good' if number % 2 else 'bad'} tea", None) for number in range(40)]
    model = Linear.learn(texts, "words", 2, lambda _: np.eye(2)[np.arange(40) % 2])
    assert model is not None
    for row in model.scores(texts[:2]):
        assert row[0] == pytest.approx(-row[1])


def test_frames_are_their_mean_their_maximum_and_their_number() -> None:
    frames = [record(np.array([[1.0, -2.0], [3.0, 0.0]])), record(np.array([[5.0, 5.0]]))]
    columns = FrameColumns.learn(frames, per_step=False)
    raw = np.array([[2, -1, 3, 0, np.log(2)], [5, 5, 5, 5, 0]])
    np.testing.assert_allclose(columns.table(frames) * columns.scale + columns.mean, raw)
    np.testing.assert_allclose(columns.table(frames), [[-1, -1, -1, -1, 1], [1, 1, 1, 1, -1]])


def test_a_number_that_is_linear_is_learned() -> None:
    frames = [record(RANDOM.normal(size=(4, 2))) for _ in range(300)]
    right = np.array([[2 * each.content[:, 0].mean() + 1] for each in frames])  # type: ignore[index]
    model = Linear.learn(frames, "summary", 1, lambda _: right, numbers=True)
    assert model is not None and model.title == "a linear model on mean and maximum of the frames"
    np.testing.assert_allclose(list(model.scores(frames[:9])), right[:9], atol=0.02)  # what ridge regression shrinks


def test_each_frame_is_answered_by_itself() -> None:
    frames = [record(RANDOM.normal(size=(5, 1))) for _ in range(60)]
    right = np.concatenate([np.stack([each.content[:, 0] > 0, each.content[:, 0] <= 0], 1) for each in frames])  # type: ignore[index]
    model = Linear.learn(frames, "steps", 2, lambda _: right.astype(float))
    assert model is not None and model.title == "a linear model on each frame"
    (scores,) = Linear.from_parts(*model.to_parts()).scores([record(np.array([[3.0], [-3.0]]))])
    assert scores.argmax(1).tolist() == [0, 1]


def test_a_part_is_drawn_where_the_whole_would_take_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "CHARACTERS", 1000)
    texts = [record(f"{'good' if number % 2 else 'bad!'} tea", number % 2) for number in range(500)]
    drawn: list[Record] = []

    def wanted(records: Sequence[Record]) -> Any:
        drawn.extend(records)
        return np.eye(2)[[each.target for each in records]]  # type: ignore[misc]

    model = Linear.learn(texts, "words", 2, wanted)
    assert model is not None and len(drawn) == 46  # 1000 * 10 / (10 + 2 answers) / (10 + 8 characters of each)
    assert model.learned_from == "46 of 500 examples"
    by_letters = Linear.learn(texts, "characters", 2, lambda records: np.eye(2)[[each.target for each in records]])
    assert by_letters is not None and by_letters.learned_from == "24 of 500 examples"  # / (10 + 3 * 8)
    assert Linear.learn(texts, "words", 60, lambda records: np.zeros((len(records), 60))) is None


def test_draw_keeps_to_its_cost_and_is_the_same_each_time() -> None:
    records = [record("a" * (1 + number % 7)) for number in range(100)]
    drawn = draw(records, 50, lambda each: len(each.content))
    assert sum(len(each.content) for each in drawn) <= 50 < sum(len(each.content) for each in drawn) + 7
    assert drawn == draw(records, 50, lambda each: len(each.content))
    assert {id(each) for each in drawn} < {id(each) for each in records}
    assert len(draw(records, 0, lambda each: 5)) == 1
    assert share_of(1, 2, "sentences") == "1 of 2 sentences"


@pytest.mark.parametrize("missing", ["weights", "idf", "bias"])
def test_a_damaged_model_is_refused(missing: str) -> None:
    texts = [record(f"{'good' if number % 2 else 'bad'} tea") for number in range(20)]
    model = Linear.learn(texts, "words", 2, lambda _: np.eye(2)[np.arange(20) % 2])
    assert model is not None
    arrays, plain = model.to_parts()
    with pytest.raises((ValueError, KeyError)):
        Linear.from_parts({name: array for name, array in arrays.items() if name != missing}, plain)
    with pytest.raises(ValueError, match="weights of the shape"):
        Linear.from_parts({**arrays, "bias": arrays["bias"][:1]}, plain)
