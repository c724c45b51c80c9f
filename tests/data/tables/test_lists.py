"""Lists that were written as text come back as they were; other texts stay; broken lists are refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from throughtime.data.tables.lists import read_list
from throughtime.errors import DataError

LISTS = [["a", "b"], ["it's", 'say "no"'], ["New York", "is"], ["[", "]", ",", "'"], ["a\\b", "é", "\t"], ["a"], []]


@pytest.mark.parametrize("items", LISTS)
def test_what_is_written_comes_back(items: list[str]) -> None:
    for text in (str(items), json.dumps(items), json.dumps(items, ensure_ascii=False), str(np.array(items, object))):
        assert read_list(text, "c") == items, text
    if items:
        assert read_list(repr(np.array(items, object)), "c") == items
        assert read_list(str([np.str_(item) for item in items]), "c") == items
        assert read_list(str(tuple(items)), "c") == items


def test_long_arrays_are_written_in_several_lines() -> None:
    items = [f"word{number}" for number in range(90)]
    assert read_list(str(np.array(items)), "c") == items


@pytest.mark.parametrize("numbers", [[0, 3, 0], [-100], [0.5, 2.0]])
def test_numbers(numbers: list[float]) -> None:
    for text in (str(numbers), str(np.array(numbers)), str([np.float64(number) for number in numbers])):
        assert read_list(text, "c") == numbers


def test_other_values() -> None:
    assert read_list("[True, False, None, 'a']", "c") == [True, False, None, "a"]
    assert read_list('[["a"], {"b": 1}]', "c") == [["a"], {"b": 1}]


@pytest.mark.parametrize(
    "text",
    ["", "a b", "[ laughter ]", "[1] a ref [2]", "(see below)", "('so' he said)", "(3)", "[a, b]", "['so", 
     "a ['b', 'c']", '[ "So , " he said ]', "[[", "[" * 9999 + "]" * 9999],
)  # fmt: skip
def test_texts_are_no_lists(text: str) -> None:
    assert read_list(text, "c") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("['a' ... 'z']", "; NumPy has left items out of it ('...')"),
        ("['a', 'b", "; it has no end: has it been cut off?"),
        ("['a', 'b' 'c']", ""),
        ("['a', x]", ""),
        ("['a', open('b')]", ""),
        ("['don't', 'a']", ""),
    ],
)
def test_broken_lists(text: str, why: str) -> None:
    with pytest.raises(DataError) as caught:
        read_list(text, "c")
    assert str(caught.value) == (
        f"column 'c' holds {text!r}, a list that cannot be read{why}; write it as JSON (json.dumps), or separate the "
        "items by spaces"
    )
