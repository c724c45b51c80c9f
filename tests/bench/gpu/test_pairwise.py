"""The array in which all pairs meet: none is missing that may be there, and what may not stand together does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations, product

import pytest

from throughtime.bench.gpu.pairwise import Pair, pairs_of, pairwise
from throughtime.bench.gpu.variants import FACTORS, Variant, layer_of, variants
from throughtime.bench.gpu.variants import _allowed as allowed  # pyright: ignore[reportPrivateUsage]

SMALL = {"a": ("1", "2", "3"), "b": ("1", "2"), "c": ("1", "2", "3"), "d": ("x", "y")}


def anything(row: Mapping[str, str]) -> bool:
    return True


def odd_and_even(row: Mapping[str, str]) -> bool:
    """Three factors that exclude each other two by two, so that a row may have to be given up half way."""
    if row.get("a") == "3" and row.get("b") == "2":
        return False
    return not (row.get("c") == "3" and (row.get("d") == "x" or row.get("b") == "1"))


def held(rows: list[dict[str, str]]) -> set[Pair]:
    return set[Pair]().union(*map(pairs_of, rows))


@pytest.mark.parametrize("rule", [anything, odd_and_even])
def test_every_pair_of_some_allowed_row_is_there(rule: Callable[[Mapping[str, str]], bool]) -> None:
    every = [dict(zip(SMALL, values, strict=True)) for values in product(*SMALL.values())]
    possible = [row for row in every if rule(row)]
    rows = pairwise(SMALL, rule)
    assert all(rule(row) for row in rows)
    assert held(rows) == held(possible)
    assert len(rows) < len(possible)


def test_no_row_is_there_for_nothing() -> None:
    rows = pairwise(SMALL, anything)
    for number, row in enumerate(rows):
        assert not pairs_of(row) <= held(rows[:number]), f"row {number} covers nothing new"


def test_two_factors_meet_in_all_ways() -> None:
    assert len(pairwise({"a": ("1", "2", "3"), "b": ("1", "2")}, anything)) == 6


def test_what_can_stand_in_no_row_is_left_out() -> None:
    def never(row: Mapping[str, str]) -> bool:
        return row.get("a") != "1"

    rows = pairwise(SMALL, never)
    assert {row["a"] for row in rows} == {"2", "3"}


def test_the_variants_on_a_gpu_are_at_most_sixty_and_hold_every_pair() -> None:
    rows = [{name: str(getattr(variant, name)) for name in FACTORS} for variant in variants()]
    assert len(rows) <= 60
    there = held(rows)
    for one, other in combinations(FACTORS, 2):
        for first, second in product(FACTORS[one], FACTORS[other]):
            pair = {one: first, other: second}
            assert (pairs_of(pair) <= there) == allowed(pair), pair


def test_every_variant_is_a_layer() -> None:
    for variant in variants():
        layer = layer_of(variant, 20)
        assert layer.bidirectional == (variant.directions == "both")
    made = layer_of(Variant("lstm", "learned state", "float32", "1x24", "eager", "one", "full", "none"), 20)
    assert made.get_parameter("h0_l0").abs().min() > 0
