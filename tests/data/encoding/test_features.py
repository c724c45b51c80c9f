"""What a network reads of a record: spans of words, the choice of a unit, statistics, and the way to disk and back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from throughtime.data.encoding.building import build_features, load_features, natural_unit
from throughtime.data.encoding.features import FrameFeatures, TokenFeatures, WordFeatures, unlike, words_of
from throughtime.data.encoding.units import BPE, Bytes, Characters, Words
from throughtime.data.encoding.word_vocabulary import WordVocabulary
from throughtime.data.record import Record

HOW: dict[str, Any] = {"unit": None, "spelled": False, "per_word": False}
SENTENCE = ("Ein", "Fuß", "a", "don't")


def record(content: Any, target: Any = None) -> Record:
    return Record(content, target, "data: row 1")


def frames(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(3.0, 5.0, shape).astype(np.float32)


def letters() -> Characters:
    return Characters("".join(sorted(set(" ".join(SENTENCE)))))


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize(
    ("vocabulary", "spans"),
    [
        (letters(), [(0, 2), (4, 6), (8, 8), (10, 14)]),
        (Bytes(), [(0, 2), (4, 7), (9, 9), (11, 15)]),  # ß is two bytes
        (Words(["Ein", " Fuß"]), [(0, 0), (1, 1), (2, 2), (3, 5)]),  # don ' t
    ],
    ids=["characters", "bytes", "words"],
)
def test_spans_are_the_words_without_their_spaces(vocabulary: Any, spans: list[tuple[int, int]], marked: bool) -> None:
    features = TokenFeatures(vocabulary, per_word=True, marked=marked)
    batch = features.items([record(SENTENCE)]).batch([0])
    found = np.stack([batch["firsts"][0], batch["lasts"][0]], 1) - int(marked)
    assert found.tolist() == [list(span) for span in spans]
    ids = vocabulary.encode(" ".join(SENTENCE)).tolist()
    assert batch["tokens"][0].tolist() == [vocabulary.document] * marked + ids


@pytest.mark.parametrize("marked", [False, True])
def test_spans_of_pieces_hold_the_letters_of_their_word(marked: bool) -> None:
    vocabulary = BPE.build(["the cat sat on the mat " * 30], 265)
    words = ("the", "caterpillar", "sat", "über")
    batch = TokenFeatures(vocabulary, per_word=True, marked=marked).items([record(words)]).batch([0])
    for word, first, last in zip(words, batch["firsts"][0], batch["lasts"][0], strict=True):
        decode = vocabulary.decoder()
        pieces = batch["tokens"][0, first : last + 1].tolist()
        assert "".join(decode(piece) for piece in pieces).strip() == word
    assert batch["lasts"][0, -1] == batch["lengths"][0] - 1
    assert (batch["firsts"][0, 1:] == batch["lasts"][0, :-1] + 1).all(), "a piece holds the space before its word"


def test_a_text_is_read_whole_where_words_do_not_matter() -> None:
    features = TokenFeatures(letters())
    batch = features.items([record("a  Fuß"), record(("a", "Fuß"))]).batch([0, 1])
    assert set(batch) == {"tokens", "lengths"}
    assert batch["lengths"].tolist() == [6, 5]
    assert batch["tokens"][1, :5].tolist() == letters().encode("a Fuß").tolist()


def test_a_text_is_cut_into_words_and_words_are_left_alone() -> None:
    assert words_of(record("Don't go!")) == ("Don't", "go", "!")
    assert words_of(record(("Don't go", "!"))) == ("Don't go", "!")


@pytest.mark.parametrize(
    ("contents", "unit"),
    [
        (["Anna", "Bert"], "characters"),
        ([" ACGT\n", "GATT"], "characters"),
        (["a b"] + ["ab"] * 10, "characters"),
        (["a b"] + ["ab"] * 9, "words"),
        ([("Anna",), ("Bert",)], "words"),
        (["今天 天气 很好", "我 喜欢 喝 茶"], "characters"),
        (["映画は とても 面白い", "二度と 見たくない"], "characters"),
        (["ร้านนี้ อร่อย มาก", "บริการ แย่"], "characters"),
        (["이 영화는 좋다", "다시는 안 본다"], "words"),
        (["I drink 茶 every day", "no 茶 today"], "words"),
        (["12 34", "56 78"], "words"),
    ],
)
def test_texts_without_spaces_are_read_by_characters(contents: list[Any], unit: str) -> None:
    records = [record(content) for content in contents]
    assert natural_unit(records) == unit
    assert build_features(records, **HOW).kind == ("words" if unit == "words" else "tokens")


def test_what_is_asked_for_is_built() -> None:
    records = [record("b a b"), record("b A c d")]
    built = build_features(records, **HOW | {"spelled": True}, at_least=2, extra_words=["Z", "a"])
    assert isinstance(built, WordFeatures) and built.spelled
    assert built.vocabulary.words == ("b", "a", "z")
    few = build_features(records, **HOW, vocabulary_size=1)
    assert isinstance(few, WordFeatures) and few.vocabulary.words == ("b",)
    for unit in ("characters", "bytes", "bpe"):
        tokens = build_features(records, **{**HOW, "unit": unit, "per_word": True})
        assert isinstance(tokens, TokenFeatures) and tokens.per_word
        assert tokens.vocabulary.unit == unit
        assert tokens.describe() == {"unit": unit, "vocabulary": len(tokens.vocabulary)}


def test_frames_have_the_mean_and_deviation_of_all_steps() -> None:
    parts = [frames(4, 3), frames(9, 3, seed=1), frames(1, 3, seed=2)]
    for part in parts:
        part[:, 1] = 7.0
    built = build_features([record(part) for part in parts], **HOW)
    assert isinstance(built, FrameFeatures)
    together = np.concatenate(parts).astype(np.float64)
    assert built.mean == pytest.approx(together.mean(0))
    assert built.scale == pytest.approx([together[:, 0].std(), 1.0, together[:, 2].std()])
    assert built.describe() == {"features": 3}


@pytest.mark.parametrize(
    ("features", "content", "problem"),
    [
        (WordFeatures(WordVocabulary(["a"], "a"), spelled=False), "  \n", "has no word in it"),
        (WordFeatures(WordVocabulary(["a"], "a"), spelled=False), frames(2, 3), "holds numbers"),
        (TokenFeatures(Bytes()), frames(2, 3), "holds numbers"),
        (FrameFeatures([0.0, 0.0], [1.0, 1.0]), "a text", "holds text, but the network reads 2 numbers"),
        (FrameFeatures([0.0, 0.0], [1.0, 1.0]), frames(4, 3), "3 numbers at each step, not 2"),
    ],
)
def test_what_cannot_be_read_has_a_reason(features: Any, content: Any, problem: str) -> None:
    assert problem in features.problem(record(content))


@pytest.mark.parametrize(
    ("features", "content"),
    [
        (WordFeatures(WordVocabulary(["a"], "a"), spelled=False), "..."),
        (TokenFeatures(Bytes()), " "),
        (FrameFeatures([0.0], [1.0]), frames(1, 1)),
    ],
)
def test_what_can_be_read_has_none(features: Any, content: Any) -> None:
    assert features.problem(record(content)) is None


def test_records_that_are_not_alike_have_a_reason() -> None:
    assert unlike(record("a"), record(("b",))) is None
    assert unlike(record(frames(2, 3)), record(frames(5, 3))) is None
    assert "not 3" in str(unlike(record(frames(2, 3)), record(frames(2, 4))))
    assert "holds text" in str(unlike(record(frames(2, 3)), record("a")))
    assert "holds numbers" in str(unlike(record("a"), record(frames(2, 3))))
    small, large, coloured = (record(np.zeros(shape, np.float32)) for shape in ((2, 3, 1), (9, 5, 1), (2, 3, 3)))
    assert unlike(small, large) is None, "pictures may differ in size"
    assert unlike(small, coloured) == "it has 3 channels, not 1"
    assert unlike(small, record(frames(2, 3))) == "it is no picture, but others are"


EXAMPLES = {
    "words": WordFeatures(WordVocabulary(["the", "cat"], "acht", [7, 2]), spelled=True),
    "unspelled": WordFeatures(WordVocabulary(["the"], ""), spelled=False),
    "characters": TokenFeatures(Characters("abc \ud83d")),
    "bytes": TokenFeatures(Bytes(), per_word=True),
    "pieces": TokenFeatures(Words(["a", " b"]), per_word=True, marked=True),
    "bpe": TokenFeatures(BPE.build(["the cat the cat"], 262), marked=True),
    "frames": FrameFeatures([1.5, -2.0], [0.1, 3.0]),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_was_written_is_loaded_the_same(name: str) -> None:
    features = EXAMPLES[name]
    written = json.dumps(features.to_mapping())
    loaded = load_features(json.loads(written))
    assert type(loaded) is type(features)
    assert json.dumps(loaded.to_mapping()) == written
    content = frames(3, 2) if name == "frames" else ("the", "cat", "a")
    ours, theirs = (each.items([record(content)]).batch([0]) for each in (features, loaded))
    assert {key: array.tolist() for key, array in ours.items()} == {k: a.tolist() for k, a in theirs.items()}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_mapping_with_a_part_missing_is_refused(name: str) -> None:
    saved = json.loads(json.dumps(EXAMPLES[name].to_mapping()))
    for part in saved:
        with pytest.raises(ValueError, match=r"."):
            load_features({key: value for key, value in saved.items() if key != part})


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("words", {"kind": "word"}),
        ("words", {"words": 3}),
        ("words", {"words": [1, 2]}),
        ("words", {"counts": [1]}),
        ("words", {"counts": ["x", "y"]}),
        ("characters", {"unit": "words"}),
        ("characters", {"vocabulary": None}),
        ("bpe", {"vocabulary": {}}),
        ("frames", {"mean": None}),
        ("frames", {"mean": "ab"}),
        ("frames", {"mean": [1.0]}),
        ("frames", {"scale": [1.0, 0.0]}),
    ],
)
def test_a_damaged_mapping_is_refused(name: str, damage: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        load_features({**EXAMPLES[name].to_mapping(), **damage})
