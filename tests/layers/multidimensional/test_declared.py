"""Every option that a layer over more dimensions declares, and every pair of them, against the oracle in float64."""

from __future__ import annotations

from itertools import combinations

import pytest
from cases import Case
from restated import ConvCase, GridCase
from test_table import EXCLUSIVE, IMPOSSIBLE, OPTIONS

from throughtime.errors import UsageError

pytestmark = pytest.mark.filterwarnings("ignore:.*nested tensor.*", "ignore:.*fx_tracing.*")

CASES: dict[str, Case] = {
    "grid": GridCase(cell="grid"),
    "grid tied": GridCase(cell="grid_tied", grid={"tied": True}),
    "grid with priority": GridCase(cell="grid_priority", grid={"priority": True}),
    "grid tied with priority": GridCase(cell="grid_both", depth=3, grid={"tied": True, "priority": True}),
    "grid of one block": GridCase(cell="grid_flat", depth=1),
    "grid of one dimension": GridCase(cell="grid_1d", depth=3, grid={"dimensions": 1}),
    "grid of one dimension, tied": GridCase(cell="grid_1d_tied", depth=3, grid={"dimensions": 1, "tied": True}),
    "conv": ConvCase(),
    "conv of wide kernels": ConvCase(kernel=(5, 3)),
    "conv without peepholes": ConvCase(options={"peepholes": False}),
}
GRID = {"projection", "layer norm", "zoneout", "zoneout in training", "recurrent dropout", "weight dropout"}
DECLINED = {"grid": GRID | {"peepholes"}, "conv": {"projection", "layer norm", "weight dropout"}}
"""What a kind does not declare."""


def declined(name: str) -> set[str]:
    return DECLINED[name.split()[0]]


def combined(name: str, *options: str) -> Case:
    case = CASES[name]
    for option in options:
        case = case.changed(**OPTIONS[option])
    return case


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("option", OPTIONS)
def test_each_option(name: str, option: str) -> None:
    if option in declined(name):
        with pytest.raises((UsageError, TypeError)):
            combined(name, option).layer()
    else:
        combined(name, option).check_kernels()
        combined(name, option).check()


@pytest.mark.parametrize("name", ["grid", "conv"])
@pytest.mark.parametrize("option", OPTIONS)
def test_each_pair_of_options(name: str, option: str) -> None:
    pairs = [pair for pair in combinations(OPTIONS, 2) if pair[0] == option and not set(pair) & declined(name)]
    for pair in pairs:
        if not any(set(pair) <= group for group in EXCLUSIVE) and set(pair) not in IMPOSSIBLE:
            combined(name, *pair).check_kernels()
