"""A source gives its items back, and its key follows the content."""

from __future__ import annotations

import numpy as np
import pytest

from throughtime.data.source import TokenSource


def test_items_are_the_pieces_that_were_laid_end_to_end() -> None:
    source = TokenSource(np.arange(6, dtype=np.uint16), [2, 0, 4])
    assert len(source) == 3
    assert [list(source[index]) for index in range(3)] == [[0, 1], [], [2, 3, 4, 5]]
    assert source.lengths.tolist() == [2, 0, 4]


def test_lengths_must_fit() -> None:
    with pytest.raises(ValueError, match="lengths sum to 3, but there are 2 tokens"):
        TokenSource(np.zeros(2, np.uint8), [3])


def test_the_key_follows_content_and_cuts_but_not_the_type() -> None:
    tokens = np.array([1, 2, 3, 4], np.uint8)
    key = TokenSource(tokens, [2, 2]).content_key
    assert key == TokenSource(tokens.astype(np.uint32), [2, 2]).content_key
    assert key != TokenSource(tokens, [1, 3]).content_key
    assert key != TokenSource(tokens[::-1].copy(), [2, 2]).content_key
