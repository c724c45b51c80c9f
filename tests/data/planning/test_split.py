"""What is held out: the same records wherever they stand, a share of every label, and the end of a series or a text."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughtime.data.planning.split import (
    content_hash,
    hold_out,
    hold_out_end,
    hold_out_text,
    lonely,
    require_examples,
    require_labels,
    windows,
)
from throughtime.data.record import Record, Sequences, Span, Spans
from throughtime.data.text import Document, Text
from throughtime.errors import DataError

COUNTS = {"often": 60, "seldom": 15, "twice": 2, "once": 1}


def examples(**counts: int) -> list[Record]:
    labels = [label for label, count in counts.items() for _ in range(count)]
    return [Record(f"text {number}", label, f"row {number}") for number, label in enumerate(labels)]


def held(records: list[Record], share: float = 0.1) -> set[str]:
    return {str(record.content) for record in hold_out(records, share)[1]}


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.8])
def test_every_label_gives_its_share_and_keeps_some(share: float) -> None:
    learned, checked = hold_out(examples(**COUNTS), share)
    numbers = Counter(record.target for record in checked)
    kept = Counter(record.target for record in learned)
    for label, count in COUNTS.items():
        assert kept[label] >= 1
        assert numbers[label] + kept[label] == count
        assert abs(numbers[label] - share * count) <= 1
    assert numbers["twice"] == 1 and numbers["once"] == 0


def test_both_parts_keep_their_order() -> None:
    records = examples(**COUNTS)
    for part in hold_out(records, 0.3):
        assert part == sorted(part, key=records.index)


def test_the_order_of_the_file_does_not_matter() -> None:
    records = examples(**COUNTS)
    shuffled = [records[index] for index in np.random.default_rng(0).permutation(len(records))]
    assert held(shuffled) == held(records)
    moved = [Record(each.content, each.target, "another file") for each in records]
    assert held(moved) == held(records)


def test_other_labels_do_not_move_a_record() -> None:
    records = examples(**COUNTS)
    alone = [record for record in records if record.target == "often"]
    assert held(alone) == held(records) & {str(record.content) for record in alone}


@pytest.mark.parametrize("target", [None, 1.5, ("a", "b"), Spans((Span(0, 1, "x"),))])
def test_without_one_label_each_the_whole_gives_its_share(target: Any) -> None:
    frames = [np.full((2, 1), number, np.float32) for number in range(50)]
    learned, checked = hold_out([Record(each, target, "") for each in frames], 0.2)
    assert (len(learned), len(checked)) == (40, 10)
    assert held([Record(each, target, "") for each in reversed(frames)], 0.2) == {str(each.content) for each in checked}


@pytest.mark.parametrize("count", [0, 1])
def test_too_little_is_refused(count: int) -> None:
    with pytest.raises(DataError, match="too little to hold out 10%"):
        hold_out(examples(a=count), 0.1)


def test_right_sequences_are_no_labels_however_different_they_are() -> None:
    records = [Record(f"text {number}", Sequences((f"Text {number}",)), "") for number in range(40)]
    learned, checked = hold_out(records, 0.1)
    assert (len(learned), len(checked)) == (36, 4)
    assert not [record for record in records if lonely(records)(record)]
    require_examples(records)


def in_groups(sizes: list[int], labels: str = "a") -> list[Record]:
    """Records of groups, those of one group spread over the whole."""
    records = [
        Record(f"text {group} {number}", labels[group % len(labels)], "", group=f"group {group}")
        for group, size in enumerate(sizes)
        for number in range(size)
    ]
    return [records[index] for index in np.random.default_rng(3).permutation(len(records))]


@pytest.mark.parametrize("labels", ["a", "ab"])
def test_a_group_is_never_parted(labels: str) -> None:
    records = in_groups([3, 1, 7, 2, 5, 5, 1, 1, 4, 2] * 3, labels)
    learned, checked = hold_out(records, 0.2)
    sides = [{record.group for record in part} for part in (learned, checked)]
    assert not sides[0] & sides[1]
    assert len(learned) + len(checked) == len(records) and len(sides[1]) == 6
    assert {record.target for record in learned} == {record.target for record in checked} == set(labels)
    assert [{record.group for record in part} for part in hold_out(records[::-1], 0.2)] == sides


def test_one_group_cannot_be_held_out() -> None:
    with pytest.raises(DataError, match="one group of 9 records is too little to hold out 10%"):
        hold_out(in_groups([9]), 0.1)


def test_what_stands_beside_a_content_counts_in_the_draw() -> None:
    records = [Record("one context", "a", "", beside={"question": f"question {number}"}) for number in range(50)]
    held_out = [record.beside["question"] for record in hold_out(records, 0.1)[1]]
    moved = [record.beside["question"] for record in hold_out(records[::-1], 0.1)[1]]
    assert len(held_out) == 5 and set(held_out) == set(moved)


def series(steps: int) -> Record:
    frames = np.arange(2 * steps, dtype=np.float32).reshape(steps, 2)
    return Record(frames, tuple(str(step) for step in range(steps)), "s.csv: series 1", {"a": 1})


def parts_are(parts: list[Record], whole: Record) -> None:
    assert np.array_equal(np.concatenate([part.content for part in parts]), whole.content)  # type: ignore[arg-type]
    assert sum((part.target for part in parts), start=()) == whole.target  # type: ignore[misc,arg-type]
    for part in parts:
        labels = part.target
        assert isinstance(labels, tuple) and part.original is None
        assert part.place == f"s.csv: series 1, steps {int(labels[0]) + 1} to {int(labels[-1]) + 1}"


@pytest.mark.parametrize(("steps", "share", "cut"), [(10, 0.2, 8), (2, 0.1, 1), (3, 0.9, 1)])
def test_of_one_series_the_end_is_held_out(steps: int, share: float, cut: int) -> None:
    parts = hold_out_end(series(steps), share)
    assert len(parts[0].content) == cut
    parts_are(list(parts), series(steps))


def test_one_step_cannot_be_split() -> None:
    with pytest.raises(DataError, match="series 1: 1 step is too little"):
        hold_out_end(series(1), 0.1)


@pytest.mark.parametrize(("steps", "sizes"), [(1, [1]), (4, [4]), (5, [2, 3]), (9, [3, 3, 3]), (11, [3, 4, 4])])
def test_windows_are_about_equal_and_lose_nothing(steps: int, sizes: list[int]) -> None:
    parts = windows(series(steps), 4)
    assert [len(part.content) for part in parts] == sizes
    parts_are(parts, series(steps))


def test_labels_with_one_example_are_listed_with_their_places() -> None:
    with pytest.raises(DataError) as caught:
        require_examples(examples(fine=2, **{f"single {number}": 1 for number in range(7)}))
    message = str(caught.value)
    assert "'single 0' (row 2), " in message and "'single 4' (row 6) and 2 more;" in message
    assert "single 5" not in message and "fine" not in message


def test_one_label_is_nothing_to_tell_apart() -> None:
    with pytest.raises(DataError, match="all 3 examples have the label 'a'"):
        require_labels(examples(a=3))
    require_labels(examples(a=2, b=1))


def test_the_only_example_of_a_label_has_a_reason_to_be_left_out() -> None:
    records = [*examples(pair=2, single=1), Record("t", ("single",), ""), Record("t", 1.0, "")]
    reasons = [lonely(records)(record) for record in records]
    assert [reason is None for reason in reasons] == [True, True, False, True, True]
    assert "only example of the label 'single'" in str(reasons[2])


def test_records_that_hold_the_same_have_the_same_hash_and_no_others() -> None:
    frames = np.arange(6, dtype=np.float32)
    contents: list[Any] = [
        "a b", "a  b", ("a", "b"), ("a b",), frames.reshape(2, 3), frames.reshape(3, 2), frames.reshape(2, 3) + 1,
    ]  # fmt: skip
    records = [Record(content, str(number), f"row {number}") for number, content in enumerate(contents)]
    records += [Record("a b", "x", "", beside={"question": text}) for text in ("why", "how")]
    records += [Record("a b", "x", "", beside={"answer": "why"}), Record("a b\0", "x", "")]
    assert len({content_hash(record) for record in records}) == len(records)
    again = Record(frames.reshape(2, 3).copy(), "another", "elsewhere", group="g")
    assert content_hash(again) == content_hash(records[4])


def texts(*contents: str, gap: int = 0) -> Text:
    return Text(tuple(Document(content, gap) for content in contents))


def test_of_a_text_the_last_part_is_held_out() -> None:
    first, rest = hold_out_text(texts("0123456789" * 10), 0.1)
    assert [document.content for document in rest.documents] == ["0123456789"]
    assert len(first) == 90


def test_the_cut_of_a_text_may_fall_between_documents_or_inside_one() -> None:
    first, rest = hold_out_text(texts("a" * 10, "b" * 10, "c" * 10), 0.5)
    assert [len(document.content) for document in first.documents] == [10, 5]
    assert [len(document.content) for document in rest.documents] == [5, 10]
    first, rest = hold_out_text(texts("a" * 10, "b" * 10), 0.5)
    assert [document.content for document in (*first.documents, *rest.documents)] == ["a" * 10, "b" * 10]


@given(st.lists(st.text(max_size=9), min_size=1, max_size=9), st.integers(0, 3), st.floats(0.05, 0.95))
def test_nothing_of_a_text_is_lost_in_the_cut(contents: list[str], gap: int, share: float) -> None:
    text = texts(*contents, gap=gap)
    try:
        first, rest = hold_out_text(text, share)
    except DataError as error:
        assert "too short" in str(error)
        return
    joined = [document.content for part in (first, rest) for document in part.documents]
    assert "".join(map(str, joined)) == "".join(contents)
    assert len(first) + len(rest) == len(text)


def test_bytes_are_cut_where_a_character_starts() -> None:
    content = ("é" * 50).encode()
    first, rest = hold_out_text(Text((Document(content),)), 0.17)
    pieces = [document.content for part in (first, rest) for document in part.documents]
    assert b"".join(bytes(piece) for piece in pieces if isinstance(piece, bytes)) == content
    assert all(isinstance(piece, bytes) and piece.decode() for piece in pieces)


def test_where_each_label_has_one_group_one_of_them_is_held_out() -> None:
    records = [Record(f"text {n}", "ab"[n % 2], f"row {n}", group="ab"[n % 2]) for n in range(10)]
    train, held_out = hold_out(records, 0.1)
    assert len(train) == len(held_out) == 5, "a group is not parted"
    assert len({record.group for record in held_out}) == 1
