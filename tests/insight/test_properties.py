"""What stands where in a text, read by eye."""

from __future__ import annotations

import numpy as np
import pytest

from throughtime.insight.properties import PROPERTIES, bracket_depth, inside_quotes, position_in_line

TEXT = 'a "b(c)" «d»\n[e]}'


def test_of_characters() -> None:
    marks = list(TEXT)
    assert "".join("x" if inside else "." for inside in inside_quotes(marks)) == "..xxxxx..xx......"
    assert bracket_depth(marks).astype(int).tolist() == [int(d) for d in "00001100000001100"][: len(marks)]
    assert position_in_line(marks).tolist() == [*range(1, 13), 0, 1, 2, 3, 4]


def test_of_tokens_of_several_characters() -> None:
    tokens = ["(ab", "c)", '"', 'x" "y', ""]
    assert bracket_depth(tokens).tolist() == [1, 0, 0, 0, 0]
    assert inside_quotes(tokens).tolist() == [False, False, True, True, True]
    assert position_in_line(["ab\nc", "d"]).tolist() == [1, 2]


@pytest.mark.parametrize("name", PROPERTIES)
def test_of_nothing(name: str) -> None:
    assert PROPERTIES[name]([]).shape == (0,) and PROPERTIES[name]([]).dtype in (np.bool_, np.float64)
