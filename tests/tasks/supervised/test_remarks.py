"""What is said of data whose scores mean less than they seem: copies, imbalance, unknown words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from throughtime.data.record import Record
from throughtime.data.user_data import Given, UserData, user_data
from throughtime.errors import DataError
from throughtime.tasks import task_named
from throughtime.tasks.supervised.examples import Examples
from throughtime.tasks.supervised.remarks import note_copies


def notes_of(task: str, train: Any, valid: Any = None, **options: Any) -> list[str]:
    """Read data as fit does, and give what is said of it."""
    notes: list[str] = []
    read(task, user_data({"data": train, "valid": valid}), notes, **options)
    return notes


def read(task: str, data: UserData, notes: list[str], **options: Any) -> Any:
    known = task_named(task)
    reader = known.load_reader()(known.load_options().from_mapping(options))
    return reader.read(data, known=None, note=notes.append)


def pairs(count: int, start: int = 0) -> list[tuple[str, str]]:
    """Different texts, each with one of two labels."""
    return [(f"text {number} of many", "ab"[number % 2]) for number in range(start, start + count)]


def said(notes: list[str], words: str) -> list[str]:
    return [note for note in notes if words in note]


def test_copies_of_what_is_learned_are_counted() -> None:
    train = pairs(40)
    valid = [*pairs(6, 100), ("text 3 of many", "a"), ("text 4 of many", "a")]  # the second has another label now
    (line,) = said(notes_of("classify", train, valid), "also stand in the training data")
    assert line.startswith("2 of the 8 validation examples (25.0%)") and "one of the two" in line
    assert not said(notes_of("classify", train, pairs(8, 100)), "validation examples")


def test_what_stands_beside_a_content_counts() -> None:
    def examples(question: str) -> Any:
        records = [Record("a text", "x", "row 1", beside={"question": question}), Record("another", "x", "row 2")]
        return Examples(records, *[None] * 4)  # type: ignore[arg-type]  # nothing else is looked at

    for question, count in (("why", 2), ("how", 1)):
        notes: list[str] = []
        note_copies(examples("why"), examples(question), notes.append, given=True)
        assert said(notes, f"{count} of the 2 validation examples")


def test_copies_may_fall_on_both_sides_where_a_part_is_held_out() -> None:
    notes = notes_of("classify", [("good tea", "a")] * 20 + [("bad tea", "b")] * 20)
    (line,) = said(notes, "also stand in the training data")
    assert line.startswith("4 of the 4 validation examples (100.0%)") and "--valid" in line
    (line,) = said(notes, "are copies")
    assert line.startswith("the 4 validation examples are copies: only 2 of them are different")


@pytest.mark.parametrize(("different", "told"), [(1, True), (3, True), (4, False), (6, False)])
def test_a_hold_out_of_few_different_records_is_said(different: int, told: bool) -> None:
    valid = (pairs(different, 100) * 6)[:6]
    assert bool(said(notes_of("classify", pairs(40), valid), "are copies")) == told


def test_copies_of_sentences_and_frames() -> None:
    sentences = [((f"w{number}", "x", "y"), ("A", "B", "A")) for number in range(20)]
    assert said(notes_of("tag", sentences, sentences[:2]), "2 of the 2 validation examples")
    frames = [(np.full((3, 2), number, np.float32), "ab"[number % 2]) for number in range(20)]
    assert said(notes_of("classify", frames, [*frames[:3], (np.full((4, 2), 1.0, np.float32), "a")]), "3 of the 4")


@pytest.mark.parametrize(("rare", "told"), [(1, True), (2, True), (3, False)])
def test_a_label_that_is_nearly_all_is_said(rare: int, told: bool) -> None:
    valid = [(f"new text {number}", "b" if number < rare else "a") for number in range(10)]
    lines = said(notes_of("classify", pairs(40), valid), "have the label 'a'")
    assert bool(lines) == told
    if told:
        assert lines[0].startswith(f"{(10 - rare) / 10:.1%} of the examples to score")
        assert f"accuracy of {(10 - rare) / 10:.3f}" in lines[0] and "balanced class_weights" in lines[0]
    balanced = notes_of("classify", pairs(40), valid, class_weights="balanced")
    assert not said(balanced, "class_weights")


def test_steps_are_counted_for_tag_and_entities_are_left_alone() -> None:
    def sentences(rare: str, often: str) -> list[Any]:
        return [((f"w{number}", *"abcdefghi"), (rare, *[often] * 9)) for number in range(20)]

    (line,) = said(notes_of("tag", sentences("NOUN", "VERB")), "of the steps to score")
    assert line.startswith("90.0% of the steps to score have the label 'VERB'") and "f1" in line
    assert not said(notes_of("tag", sentences("B-per", "O")), "of the steps to score")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, ["18 of the 30 words", "(60%)", "--min-count 1", "--unit characters"]),
        ({"min_count": 1, "vocabulary_size": 2}, ["a larger --vocabulary-size"]),
    ],
)
def test_validation_data_of_unknown_words_is_said(options: dict[str, Any], words: list[str]) -> None:
    valid = [(f"tea {'x' * number}q z{number}", "ab"[number % 2]) for number in range(1, 10)]
    valid += [("tea tea tea", "a")]
    train = [(f"tea tea {'ab'[number % 2] * (number + 2)}", "ab"[number % 2]) for number in range(40)]
    (line,) = said(notes_of("classify", train, valid, **options), "are unknown")
    assert all(word in line for word in words) and "cannot tell them apart" in line, line
    (line,) = said(notes_of("classify", train, valid, **options, spelling=8), "are unknown")
    assert "their spelling alone" in line
    assert not said(notes_of("classify", train, [("tea tea zzz", "a"), ("tea tea yyy", "b")]), "are unknown")


def test_unknown_characters_are_read_as_bytes() -> None:
    train = [("abc", "x"), ("cab", "y")] * 10
    (line,) = said(notes_of("classify", train, [("xyz", "x"), ("zyxa", "y")]), "are unknown")
    assert line.startswith("6 of the 7 characters") and line.endswith("try --unit bytes")


def test_documents_that_are_learned_from_too_are_counted() -> None:
    notes, others = list[str](), list[str]()
    train, valid = Given(memory="one;two;three;two"), Given(memory="two;four;two;;one")
    read("generate", UserData({"data": train, "valid": valid}), notes, separator=";")
    (line,) = said(notes, "also stand in the training text")
    assert line.startswith("3 of the 4 validation documents (75.0%)")
    read("generate", UserData({"data": train, "valid": Given(memory="four;tw")}), others, separator=";")
    assert not said(others, "also stand")


def test_a_text_of_unknown_tokens_says_what_to_try() -> None:
    notes: list[str] = []
    read("generate", UserData({"data": Given(memory="abc " * 50), "valid": Given(memory="xyz a")}), notes)
    assert said(notes, "3 of 5 characters") and "--unit bytes" in notes[0]
    read("generate", UserData({"data": Given(memory="abc " * 50), "valid": Given(memory="xy abc")}), notes)
    assert "2 of 6 characters" in notes[1] and "--unit" not in notes[1]


def test_a_label_with_one_example_is_learned_where_validation_data_is_given(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("text,label\n" + "good tea,a\nbad tea,b\n" * 3 + "odd tea,c\n")
    (tmp_path / "dev.csv").write_text("text,label\nnice tea,a\nred tea,b\n")
    both = user_data({"data": tmp_path / "train.csv", "valid": tmp_path / "dev.csv"})
    for skip in (False, True):
        prepared = read("classify", both, [], skip_bad=skip)
        assert prepared.inputs.targets.labels.names == ("a", "b", "c")
        assert len(prepared.train.records) == 7
    with pytest.raises(DataError, match=r"with one: 'c' \(.*line 8\).*--valid"):
        read("classify", user_data({"data": tmp_path / "train.csv"}), [])
    (tmp_path / "one.csv").write_text("text,label\ngood tea,a\n")
    with pytest.raises(DataError, match="give two labels or more"):
        read("classify", user_data({"data": tmp_path / "one.csv", "valid": tmp_path / "dev.csv"}), [])
