"""The arithmetic of ratios and goals, and rows from end to end."""

from __future__ import annotations

import math

import pytest
from tiny_rows import CELLS, LAYER, ROWS, contender

from throughtime.bench.measure import Effort, Entrant, Spread, goal_outcome, measure, spread_of, worth_timing
from throughtime.bench.pool import Pool
from throughtime.bench.results import means, share_of_peak
from throughtime.bench.row import Goal

BRIEF = Effort(rounds=2, turn=0.0005, pauses=3)
BY_NAME = {row.name: row for row in ROWS}
FAST, MIDDLING, FAR = (Entrant(contender(name, "torch_layers.layer"), 1) for name in ("fast", "middling", "far"))


def test_a_ratio_is_the_median_of_the_rounds_and_not_the_ratio_of_medians() -> None:
    theirs, ours = [1.0, 8.0, 9.0], [1.0, 2.0, 9.0]
    assert spread_of(theirs, ours) == Spread(1.0, 1.0, 4.0)


def test_quartiles() -> None:
    spread = spread_of([float(n) for n in range(1, 10)], [1.0] * 9)
    assert spread == Spread(5.0, 3.0, 7.0)
    assert spread.inverse == Spread(1 / 5, 1 / 7, 1 / 3)


def test_the_pilot_drops_who_is_far_from_the_fastest_of_every_goal() -> None:
    pilot = {FAST: 1.0, MIDDLING: 1.4, FAR: 9.0}
    assert worth_timing(pilot, [Goal(ratio=1.0)]) == [FAST, MIDDLING]
    assert worth_timing(pilot, [Goal(ratio=1.0), Goal(ratio=1.0, of=("far",))]) == [FAST, MIDDLING, FAR]
    assert worth_timing({}, [Goal(ratio=1.0)]) == []


def test_a_goal_is_held_against_the_fastest_of_its_peers() -> None:
    spreads = {FAST: Spread(1.2, 1.1, 1.3), FAR: Spread(4.0, 3.0, 5.0)}
    best = goal_outcome(Goal(ratio=1.3), spreads)
    assert (best["reached"], best["ratio"], best["peer"]) == (False, 1.2, "fast")
    far = goal_outcome(Goal(ratio=4.0, of=("far",)), spreads)
    assert (far["reached"], far["ratio"], far["peer"]) == (True, 4.0, "far")
    assert goal_outcome(Goal(ratio=1.0, of=("gone",)), spreads)["reached"] is None


@pytest.mark.parametrize(("limit", "reached"), [(1.1, True), (1.04, False)])
def test_a_cost_is_ours_over_theirs(limit: float, reached: bool) -> None:
    outcome = goal_outcome(Goal(ratio=limit, cost=True), {FAST: Spread(1 / 1.05, 0.9, 1.0)})
    assert outcome["reached"] is reached
    assert outcome["ratio"] == pytest.approx(1.05)


def test_the_share_of_the_peak() -> None:
    row = {"name": "inference/x", "operations": 5e6, "ours_ms": 1.0}
    assert share_of_peak(row, {"float32": 10e9}) == pytest.approx(0.5)
    assert share_of_peak(row | {"name": "bfloat16/x"}, {"float32": 10e9, "bfloat16": 20e9}) == pytest.approx(0.25)
    assert share_of_peak(row, {}) is None
    assert share_of_peak(row | {"operations": None}, {"float32": 10e9}) is None


def test_the_geometric_mean_needs_all_its_rows() -> None:
    names = [f"inference/lstm/b{batch}/h{hidden}" for batch in (32, 64) for hidden in (128, 256, 512)]
    ratios = [1.0, 1.1, 1.2, 1.0, 1.1, 1.2]
    rows = [
        {"name": name, "state": "measured", "goals": [{"ratio": ratio}]}
        for name, ratio in zip(names, ratios, strict=True)
    ]
    (mean,) = means(rows)
    assert mean["ratio"] == pytest.approx(math.prod(ratios) ** (1 / 6))
    assert mean["reached"]
    assert means(rows[1:]) == []


def test_a_row_from_end_to_end(pool: Pool) -> None:
    told = measure(BY_NAME["tiny/sure"], pool, BRIEF)
    assert told["state"] == "measured"
    assert [goal["reached"] for goal in told["goals"]] == [True, False]
    assert told["goals"][1]["peer"] == CELLS.name
    assert told["ours_ms"] > 0
    assert set(told["peers"]) == {LAYER.name, CELLS.name}
    assert told["paused"]["throughtime"]["p50_us"] <= told["paused"]["throughtime"]["p99_us"]


def test_a_peer_that_is_missing_is_named_and_leaves_its_goal_open(pool: Pool) -> None:
    told = measure(BY_NAME["tiny/missing"], pool, BRIEF)
    assert told["peers"]["nowhere"] == {"missing": "not installed: throughtime.bench.peers.nowhere"}
    assert told["goals"][0]["reached"] is None


def test_a_peer_that_fails_does_not_stop_the_row(pool: Pool) -> None:
    told = measure(BY_NAME["tiny/cost"], pool, BRIEF)
    assert "no_such_form" in told["peers"]["broken"]["missing"]
    assert told["goals"][0]["cost"] and told["goals"][0]["reached"] is True


def test_a_row_that_we_cannot_do_says_why(pool: Pool) -> None:
    told = measure(BY_NAME["tiny/failing"], pool, BRIEF)
    assert told["state"].startswith("AttributeError")
    assert "goals" not in told


def test_quick_rows_are_shorter() -> None:
    assert BY_NAME["tiny/sure"].shortened(2).workload.steps == 2
    assert BY_NAME["tiny/sure"].shortened(9).workload.steps == 4
