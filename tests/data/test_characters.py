"""Halves of surrogate pairs are refused, wherever they stand in a value."""

from __future__ import annotations

import pytest

from throughtime.data.characters import refuse_half_pairs
from throughtime.errors import DataError


@pytest.mark.parametrize("value", ["plain", "é \N{GRINNING FACE}", ["a", ("b",)], None, 7, []])
def test_whole_characters_pass(value: object) -> None:
    refuse_half_pairs(value, "it")


@pytest.mark.parametrize("value", ["ab\udc80", ["a", "ab\udc80"], ["a", ("b", "ab\udc80")]])
def test_halves_are_told_with_their_place(value: object) -> None:
    with pytest.raises(DataError, match=r"^it holds half of a surrogate pair \(\\udc80 at character 3\), which is no"):
        refuse_half_pairs(value, "it")
