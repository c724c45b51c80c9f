"""Halves of surrogate pairs are refused, wherever they stand in a value."""

from __future__ import annotations

import pytest

from throughtime.data.characters import of_whole_characters, refuse_half_pairs
from throughtime.data.reading import Problems
from throughtime.data.record import Record, Sequences
from throughtime.errors import DataError


@pytest.mark.parametrize("value", ["plain", "é \N{GRINNING FACE}", ["a", ("b",)], None, 7, []])
def test_whole_characters_pass(value: object) -> None:
    refuse_half_pairs(value, "it")


@pytest.mark.parametrize("value", ["ab\udc80", ["a", "ab\udc80"], ["a", ("b", "ab\udc80")]])
def test_halves_are_told_with_their_place(value: object) -> None:
    with pytest.raises(DataError, match=r"^it holds half of a surrogate pair \(\\udc80 at character 3\), which is no"):
        refuse_half_pairs(value, "it")


@pytest.mark.parametrize(
    "record",
    [
        Record("so \ud83d", None, "row 1"),
        Record(("so", "\ud83d"), ("x", "y"), "row 1"),
        Record("so", "\ud83d", "row 1"),
        Record("so", ("x", "\ud83d"), "row 1"),
        Record("so", Sequences(("x", "y \ud83d")), "row 1"),
        Record("so", Sequences((("x", "\ud83d"),)), "row 1"),
        Record("so", None, "row 1", beside={"question": "\ud83d"}),
        Record("so", None, "row 1", group="\ud83d"),
    ],
)
def test_a_record_with_a_half_anywhere_is_reported(record: Record) -> None:
    good = Record("só \N{GRINNING FACE}", Sequences(("x",)), "row 2")
    with pytest.raises(DataError, match=r"^row 1: '.*\\ud83d' holds half of a surrogate pair, which is no character"):
        list(of_whole_characters([record], Problems()))
    problems = Problems(skip=True)
    assert list(of_whole_characters([record, good], problems)) == [good]
    assert len(problems.skipped) == 1
