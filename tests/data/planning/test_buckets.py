"""Plans of whole items: nothing is left out or read twice, batches stay small, and any step can be had again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from throughtime.data.planning.buckets import BucketPlan, plan_buckets

LENGTHS = np.random.default_rng(3).integers(1, 60, 500)
EPOCHS = [None, 0, 1, 7]


@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=60),
    rows=st.integers(1, 9),
    most_cost=st.integers(1, 120),
    epoch=st.sampled_from(EPOCHS),
)
@example(lengths=[2, 1] * 30, rows=100, most_cost=12, epoch=0)
def test_every_item_is_read_once_and_batches_keep_their_bounds(
    lengths: list[int], rows: int, most_cost: int, epoch: int | None
) -> None:
    given_lengths = np.array(lengths, np.int64)
    plan = plan_buckets(given_lengths, rows=rows, most_cost=most_cost, epoch=epoch)
    assert sorted(np.concatenate(list(plan)).tolist()) == list(range(len(lengths)))
    for batch in plan:
        assert 1 <= len(batch) <= rows
        assert len(batch) == 1 or len(batch) * given_lengths[batch].max() <= most_cost
    first, second = (plan_buckets(given_lengths, rows=rows, most_cost=most_cost, epoch=each) for each in (0, 1))
    assert len(first) == len(second), "each epoch has as many steps"


def test_without_an_epoch_the_longest_come_first() -> None:
    plan = plan_buckets(LENGTHS, rows=8, most_cost=10_000)
    ordered = np.concatenate(list(plan))
    assert (np.diff(LENGTHS[ordered]) <= 0).all()
    assert [len(batch) for batch in plan] == [8] * 62 + [4]
    same = ordered[LENGTHS[ordered] == 30]
    assert (np.diff(same) > 0).all(), "items of one length keep their order"


def test_one_long_item_is_a_batch_of_its_own() -> None:
    plan = plan_buckets(np.array([3, 50, 3]), rows=4, most_cost=10)
    assert [batch.tolist() for batch in plan] == [[1], [0, 2]]


def test_an_epoch_is_drawn_from_seed_and_number() -> None:
    def batches(seed: int, epoch: int) -> list[list[int]]:
        plan = plan_buckets(LENGTHS, rows=16, most_cost=600, seed=seed, epoch=epoch)
        return [batch.tolist() for batch in plan]

    assert batches(1, 2) == batches(1, 2)
    different = [batches(*drawn) for drawn in ((1, 2), (1, 3), (2, 2), (1, 23), (12, 3), (0, 1))]
    assert len({str(each) for each in different}) == len(different)
    partners = [{frozenset(batch) for batch in each} for each in different]
    assert len(partners[0] & partners[1]) < len(partners[0]) / 10, "another epoch puts other items together"


def test_batches_come_in_no_order_of_length() -> None:
    plan = plan_buckets(LENGTHS, rows=10, most_cost=10_000, epoch=0)
    means = [LENGTHS[batch].mean() for batch in plan]
    assert abs(np.corrcoef(means, range(len(means)))[0, 1]) < 0.5


def test_any_step_can_be_had_without_those_before_it() -> None:
    plan = plan_buckets(LENGTHS, rows=16, most_cost=600, seed=4, epoch=3)
    whole = [batch.tolist() for batch in plan]
    resumed = plan_buckets(LENGTHS, rows=16, most_cost=600, seed=4, epoch=3)
    assert [resumed[step].tolist() for step in range(7, len(resumed))] == whole[7:]


@pytest.mark.parametrize("step", [-1, 63])
def test_a_step_outside_of_the_plan_is_an_error(step: int) -> None:
    with pytest.raises(IndexError, match=f"step {step} of a plan of 63 steps"):
        plan_buckets(LENGTHS, rows=8, most_cost=10_000)[step]


def test_waste_is_the_share_of_padding() -> None:
    plan = BucketPlan(np.array([0, 2, 1]), (0, 2), (2, 3))
    assert plan.waste(np.array([1, 5, 3])) == pytest.approx(2 / 11)
    assert BucketPlan(np.array([0, 1]), (0,), (2,)).waste(np.array([4, 4])) == 0
    assert BucketPlan(np.array([], np.int64), (), ()).waste(np.array([], np.int64)) == 0


def test_items_of_like_length_waste_little() -> None:
    shuffled = BucketPlan(np.arange(500), tuple(range(0, 500, 20)), tuple(range(20, 501, 20))).waste(LENGTHS)
    planned = plan_buckets(LENGTHS, rows=20, most_cost=100_000, epoch=0).waste(LENGTHS)
    assert plan_buckets(LENGTHS, rows=20, most_cost=100_000).waste(LENGTHS) < 0.04
    assert planned < 0.25 < 0.4 < shuffled
