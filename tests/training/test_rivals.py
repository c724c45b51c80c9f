"""What is said of a network beside simple models."""

from __future__ import annotations

import pytest

from throughtime.training.rivals import comparison, describe_rivals

SIMPLE = {"majority": ("the commonest label alone", 0.5), "linear": ("a linear model", 0.8)}


@pytest.mark.parametrize(
    ("name", "network", "ending"),
    [
        ("accuracy", 0.81, "a linear model: 0.800"),
        ("accuracy", 0.8, "no better than a linear model: try it"),
        ("accuracy", 0.79, "worse than a linear model: try it"),
        ("accuracy", 0.4, "worse than a linear model: try it"),
        ("rmse", 0.4, "a linear model: 0.800"),
        ("rmse", 0.6, "worse than the commonest label alone: try it"),
        ("rmse", 0.9, "worse than the commonest label alone: try it"),
    ],
)
def test_where_the_network_is_not_better_that_is_said(name: str, network: float, ending: str) -> None:
    line = comparison(name, network, SIMPLE, data="validation", advice="try it")
    assert line.endswith(ending), line
    assert ("the network is" in line) == ending.endswith("try it")
    assert f"{network:.3f}; the commonest label alone: 0.500, a linear model: 0.800" in line


def test_what_is_perfect_needs_no_advice() -> None:
    line = comparison("accuracy", 1.0, {"linear": ("a linear model", 1.0)}, data="validation", advice="try it")
    assert line == "validation accuracy 1.000; a linear model: 1.000"


def test_a_model_that_learned_from_a_part_says_so() -> None:
    about = {"is": "a linear model", "learned_from": "5 of 9 examples", "kept": True, "scores": {"rmse": 1234.5}}
    whole = {"is": "the mean alone", "learned_from": "all 9 examples", "kept": True, "scores": {"rmse": 0.00123}}
    line = describe_rivals("rmse", {"rmse": 0.001}, {"mean": whole, "linear": about}, "try it")
    assert line == (
        "validation root mean squared error 0.001; the mean alone: 0.00123, "
        "a linear model (learned from 5 of 9 examples): 1,234"
    )
