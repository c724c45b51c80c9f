"""A batch of a lane is the text in order, each token beside the one that follows it."""

from __future__ import annotations

import numpy as np

from throughtime.data.planning.batch import NOT_SCORED, next_token_batch, of_each_token
from throughtime.data.planning.lanes import Span, plan_lanes
from throughtime.data.source import TokenSource


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


def test_what_belongs_to_an_item_stands_beside_each_of_its_tokens() -> None:
    lengths = [20, 1, 13, 16]
    source = TokenSource(np.repeat(np.arange(4, dtype=np.uint8), lengths), lengths)  # each token is its item's number
    plan = plan_lanes(source.lengths, seed=0, epoch=0, token_budget=21, lanes=3)
    for step in range(len(plan)):
        inputs = next_token_batch(source, plan[step], end=0).inputs
        assert np.array_equal(of_each_token(np.array([7, 5, 9, 5]), plan[step]), np.array([7, 5, 9, 5])[inputs])
