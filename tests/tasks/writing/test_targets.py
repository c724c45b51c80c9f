"""Texts to write as numbers, how many tokens there is room for, and what a run keeps of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np
import pytest

from throughtime.data.encoding.building import Unit
from throughtime.data.encoding.features import TokenFeatures
from throughtime.data.record import Record, Sequences
from throughtime.errors import CheckpointError, DataError
from throughtime.tasks.supervised.examples import INPUTS_FILE, SavedInputs, read_saved
from throughtime.tasks.writing.targets import WrittenTargets, all_right, right_of
from throughtime.tasks.writing.vocabularies import build_side

UNITS: tuple[Unit, ...] = get_args(Unit)


def pair(source: str, *right: str) -> Record:
    return Record(source, Sequences(right), f"row {source}")


def of(*texts: str, unit: Unit = "characters") -> WrittenTargets:
    return WrittenTargets(build_side(unit, [*texts, *texts], None))


def numbers(*counts: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array(counts, np.int64)


def test_a_text_is_its_tokens_and_an_end() -> None:
    targets = of("abc")
    first, second = targets.encode(pair("x", "cab", "z"))
    assert first.tolist() == [4, 2, 3, 0] and first.dtype == np.int64
    assert second.tolist() == [1, 0], "what is not known is one token"
    assert targets.scored((first, second)) == 4, "of several right texts the first is scored"


def test_every_unit_has_its_end() -> None:
    for unit in UNITS:
        targets = of("a cat sat", unit=unit)
        assert targets.ids("a cat")[-1] == targets.vocabulary.document
        assert (targets.ids("a cat") == targets.vocabulary.document).sum() == 1


def test_the_right_texts_are_those_of_the_record_and_of_others_with_its_source() -> None:
    records = [pair("read", "R EH D", "R IY D"), pair("red", "R EH D"), pair("read", "R IY D", "R AE D")]
    assert right_of(records[0]) == ("R EH D", "R IY D")
    assert all_right(records) == [("R EH D", "R IY D", "R AE D"), ("R EH D",), ("R EH D", "R IY D", "R AE D")]
    with pytest.raises(DataError, match="row 7: there is no target"):
        right_of(Record("read", None, "row 7"))


def test_there_is_room_for_the_source_times_the_ratio_and_ten() -> None:
    targets = WrittenTargets(build_side("bytes", [], None), 1.5)
    assert targets.most(numbers(1, 2, 7)).tolist() == [2 + 10, 3 + 10, 11 + 10]
    assert WrittenTargets(targets.vocabulary).most(numbers(3)).tolist() == [13]


def test_the_ratio_is_told_from_what_is_learned_from() -> None:
    targets = of("a")
    lengths = numbers(2, 4, 8)
    short = [pair("ab", "a" * 9), pair("abcd", "a"), pair("abcdefgh", "a" * 17)]
    assert targets.fitted(lengths, short).ratio == 1.0, "ten tokens, their end among them, have room anyway"
    long = [pair("ab", "a" * 16), pair("abcd", "a"), pair("abcdefgh", "a" * 17)]
    # (16 + 1 - 10) / 2 = 3.5 tokens for one of the source; of three examples 0.999 stands 0.998 between the last two,
    # 8 / 8 and that: 1 + 0.998 * 2.5 = 3.495, rounded up to a hundredth
    assert targets.fitted(lengths, long).ratio == 3.5
    several = [pair("ab", "a", "a" * 16), *long[1:]]
    assert targets.fitted(lengths, several).ratio == 3.5, "the longest of several right texts counts"
    usual = [pair("abcd", "a" * 17) for _ in range(3000)]
    rare = [pair("abcd", "a" * 200) for _ in range(2)]
    found = targets.fitted(np.full(3002, 4), [*usual, *rare]).ratio
    assert found == 2.0, "(18 - 10) / 4; fewer than one in a thousand get no more room"


@pytest.mark.parametrize(
    ("texts", "unit", "sentences"),
    [
        (["one two three four", "one two three four five", "one"], "bpe", True),
        (["one two three", "one two three four", "one"], "bpe", False),
        (["one two three four"], "characters", True),
        (["今天很好"], "characters", False),
        (["K AE1 T S AH0"], "words", False),  # signs, not words
    ],
)
def test_bleu_is_for_texts_of_four_words_and_a_language(texts: list[str], unit: Unit, sentences: bool) -> None:
    targets = of(*texts, unit=unit)
    records = [pair("x", text) for text in texts]
    assert targets.fitted(np.ones(len(texts), np.int64), records).sentences is sentences


@pytest.mark.parametrize("unit", UNITS)
def test_what_is_kept_makes_the_same_again(unit: Unit) -> None:
    targets = of("a naïve cat 🙂 sat", unit=unit).fitted(numbers(2), [pair("ab", "a naïve cat sat down there")])
    kept = json.loads(json.dumps(targets.to_mapping()))
    again = WrittenTargets.from_mapping(kept)
    text = "a naïve cat 🙂"
    assert again.ids(text).tolist() == targets.ids(text).tolist()
    assert again.text(again.tokens(again.ids(text)[:-1].tolist())) == text
    assert (again.ratio, again.sentences, again.spaced) == (targets.ratio, targets.sentences, targets.spaced)
    assert again.to_mapping() == kept


def without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda kept: kept.__delitem__(name)


def with_value(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda kept: kept.__setitem__(name, value)


DAMAGES: dict[str, Callable[[dict[str, Any]], None]] = {
    **{f"no {name}": without(name) for name in ("unit", "vocabulary", "ratio", "sentences")},
    "another unit": with_value("unit", "words"),
    "a unit that is none": with_value("unit", "letters"),
    "no list of tokens": with_value("vocabulary", {"unit": "characters"}),
    "tokens that are numbers": with_value("vocabulary", {"unit": "characters", "tokens": [1, 2]}),
    "a token of two characters": with_value("vocabulary", {"unit": "characters", "tokens": ["ab"]}),
    "no pieces": with_value("vocabulary", None),
    "a ratio of 0": with_value("ratio", 0),
    "a ratio below 0": with_value("ratio", -1.5),
    "a ratio without end": with_value("ratio", float("inf")),
    "a ratio that is no number": with_value("ratio", float("nan")),
    "a ratio in words": with_value("ratio", "much"),
    "no ratio at all": with_value("ratio", None),
    "sentences that are neither": with_value("sentences", "perhaps"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_damaged_is_said_with_the_file(name: str, tmp_path: Path) -> None:
    targets = of("a cat")
    inputs = SavedInputs(TokenFeatures(targets.vocabulary), 4, targets)
    path = tmp_path / INPUTS_FILE
    path.write_text(inputs.to_json())
    assert read_saved(tmp_path, WrittenTargets.from_mapping).targets.to_mapping() == targets.to_mapping()
    content = json.loads(path.read_text())
    DAMAGES[name](cast("dict[str, Any]", content["answers"]))
    path.write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=r"inputs\.json is damaged: .*nothing was changed"):
        read_saved(tmp_path, WrittenTargets.from_mapping)
