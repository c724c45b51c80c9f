"""A source gives its items back, and its key follows the content."""

from __future__ import annotations

import numpy as np
import pytest

from throughtime.data.planning.batch import NOT_SCORED, next_token_batch
from throughtime.data.planning.lanes import Span, plan_lanes
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


def test_a_batch_predicts_the_next_token_and_the_end_of_an_item() -> None:
    source = TokenSource(np.array([9, 1, 2, 9, 3, 4, 5], np.uint8), [3, 4])
    spans = (
        Span(0, 0, 1, 3, False, True),
        Span(0, 1, 0, 2, True, True),
        Span(1, 1, 0, 3, True, True),
        Span(1, 1, 3, 4, False, False),
    )
    batch = next_token_batch(source, spans, end=9)
    assert batch.inputs.tolist() == [[1, 2, 9, 3], [9, 3, 4, 5]]
    assert batch.targets.tolist() == [[2, 9, 3, 4], [3, 4, 5, NOT_SCORED]]
    assert batch.resets.tolist() == [[False, False, True, False], [True, False, False, False]]


def test_the_batches_of_a_lane_are_the_text_in_order() -> None:
    tokens = np.arange(50, dtype=np.uint8)
    source = TokenSource(tokens, [20, 30])
    plan = plan_lanes(source.lengths, seed=0, epoch=0, token_budget=16, lanes=2)
    batches = [next_token_batch(source, plan[step], end=0) for step in range(len(plan))]
    lane = np.concatenate([batch.inputs[0] for batch in batches])
    target = np.concatenate([batch.targets[0] for batch in batches])
    assert np.array_equal(lane, np.roll(tokens, -int(lane[0]))[:25])
    follows = np.where(lane == 19, 0, np.where(lane == 49, NOT_SCORED, lane + 1))
    assert np.array_equal(target, follows)
