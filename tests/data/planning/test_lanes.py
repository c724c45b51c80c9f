"""The plan is pure, covers everything it says, and shares lanes out to ranks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughtime.data.planning.lanes import LanePlan, Span, plan_evaluation, plan_lanes
from throughtime.errors import DataError, UsageError

LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=12)


def positions(lengths: list[int], spans: tuple[Span, ...], *, scored: bool | None = None) -> list[int]:
    """The places on the circle which the spans read."""
    first = np.concatenate([[0], np.cumsum(lengths)])
    chosen = [span for span in spans if scored is None or span.scored == scored]
    return [int(first[span.item]) + at for span in chosen for at in range(span.start, span.stop)]


def row(plan: LanePlan, number: int, step: int) -> tuple[Span, ...]:
    return tuple(span for span in plan[step] if span.row == number)


@given(LENGTHS, st.integers(1, 4), st.integers(1, 20), st.integers(0, 9))
def test_an_epoch_reads_each_token_once_but_for_the_few_that_do_not_fit(
    lengths: list[int], lanes: int, window: int, epoch: int
) -> None:
    total = sum(lengths)
    if total // lanes < window:
        with pytest.raises(DataError, match="one window takes"):
            plan_lanes(np.array(lengths), seed=3, epoch=epoch, token_budget=lanes * window, lanes=lanes)
        return
    plan = plan_lanes(np.array(lengths), seed=3, epoch=epoch, token_budget=lanes * window, lanes=lanes)
    read = [at for step in range(len(plan)) for at in positions(lengths, plan[step])]
    assert len(set(read)) == len(read) == total // lanes * lanes
    for lane in range(lanes):
        way = [at for step in range(len(plan)) for at in positions(lengths, row(plan, lane, step))]
        assert all(after == (before + 1) % total for before, after in pairwise(way)), "a lane is unbroken"


@given(LENGTHS, st.integers(1, 4), st.integers(1, 20))
def test_the_count_of_a_step_is_that_of_its_scored_spans(lengths: list[int], lanes: int, window: int) -> None:
    if sum(lengths) < 2:
        return
    plans = [plan_evaluation(np.array(lengths), token_budget=lanes * window, lanes=lanes)]
    if sum(lengths) // lanes >= window:
        plans.append(plan_lanes(np.array(lengths), seed=0, epoch=1, token_budget=lanes * window, lanes=lanes))
    for plan in plans:
        for step in range(len(plan)):
            assert plan.tokens(step) == len(positions(lengths, plan[step], scored=True))


@given(LENGTHS, st.integers(1, 4), st.integers(1, 20))
def test_an_evaluation_scores_every_prediction_exactly_once(lengths: list[int], lanes: int, window: int) -> None:
    total = sum(lengths)
    if total < 2:
        with pytest.raises(DataError, match="nothing to score"):
            plan_evaluation(np.array(lengths), token_budget=lanes * window, lanes=lanes)
        return
    plan = plan_evaluation(np.array(lengths), token_budget=lanes * window, lanes=lanes)
    scored = [at for step in range(len(plan)) for at in positions(lengths, plan[step], scored=True)]
    assert sorted(scored) == list(range(total - 1))


def test_an_evaluation_warms_each_lane_up_with_the_window_before_it() -> None:
    plan = plan_evaluation(np.array([100]), token_budget=20, lanes=2)
    assert not any(span.scored for span in plan[0])
    assert positions([100], row(plan, 1, 0)) == list(range(40, 50))
    assert positions([100], row(plan, 1, 1))[0] == 50


def test_the_state_is_cleared_where_an_item_starts_and_where_a_lane_starts() -> None:
    lengths = [5, 7, 30]
    plan = plan_lanes(np.array(lengths), seed=0, epoch=0, token_budget=20, lanes=2)
    for step in range(len(plan)):
        for lane in range(2):
            spans = row(plan, lane, step)
            for place, span in enumerate(spans):
                assert span.reset == (span.start == 0 or (step == 0 and place == 0))


def test_the_same_arguments_give_the_same_plan_and_each_epoch_starts_elsewhere() -> None:
    def first(seed: int, epoch: int) -> Span:
        return plan_lanes(np.array([5000]), seed=seed, epoch=epoch, token_budget=2000, lanes=2)[0][0]

    assert first(1, 0) == first(1, 0)
    assert len({first(seed, epoch) for seed in range(3) for epoch in range(3)}) == 9


def test_the_offset_is_the_same_on_every_machine() -> None:
    plan = plan_lanes(np.array([5000]), seed=7, epoch=2, token_budget=20, lanes=2)
    assert [lane.start for lane in plan.lanes] == [7, 2507]


@pytest.mark.parametrize("world", [1, 2, 4])
def test_ranks_share_the_lanes_of_one_process(world: int) -> None:
    lengths = np.array([37, 100, 263])

    def planned(rank: int, world: int) -> LanePlan:
        return plan_lanes(lengths, seed=5, epoch=1, rank=rank, world=world, token_budget=40, lanes=4)

    whole, parts = planned(0, 1), [planned(rank, world) for rank in range(world)]
    for step in range(len(whole)):
        together = [
            span._replace(row=span.row + rank * 4 // world) for rank, part in enumerate(parts) for span in part[step]
        ]
        assert tuple(together) == whole[step]
        assert {part.tokens(step) for part in parts} == {whole.tokens(step)}


@pytest.mark.parametrize(
    "wrong", [{"world": 3}, {"rank": 2, "world": 2}, {"token_budget": 41}], ids=["world", "rank", "budget"]
)
def test_lanes_that_cannot_be_shared_out_are_refused(wrong: dict[str, int]) -> None:
    arguments = {"seed": 0, "epoch": 0, "token_budget": 40, "lanes": 4, **wrong}
    with pytest.raises(UsageError, match="cannot be shared out"):
        plan_lanes(np.array([400]), **arguments)  # type: ignore[arg-type]


def test_a_text_shorter_than_one_window_says_what_would_fit() -> None:
    with pytest.raises(DataError, match="lower lanes to 7 or tbptt to 28"):
        plan_lanes(np.array([900]), seed=0, epoch=0, token_budget=32 * 128, lanes=32)
    plan_lanes(np.array([900]), seed=0, epoch=0, token_budget=7 * 128, lanes=7)
    plan_lanes(np.array([900]), seed=0, epoch=0, token_budget=32 * 28, lanes=32)
    with pytest.raises(DataError, match=r"or lower tbptt to 3$"):
        plan_lanes(np.array([100]), seed=0, epoch=0, token_budget=32 * 128, lanes=32)
    with pytest.raises(DataError, match=r"or lower both lanes and tbptt$"):
        plan_lanes(np.array([5]), seed=0, epoch=0, token_budget=32 * 128, lanes=32)


def test_there_is_no_step_beyond_the_last() -> None:
    plan = plan_lanes(np.array([100]), seed=0, epoch=0, token_budget=20, lanes=2)
    assert len(list(plan)) == len(plan) == 5  # type: ignore[call-overload]
    for step in (-1, 5):
        with pytest.raises(IndexError):
            plan[step]
