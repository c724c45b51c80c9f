"""Every option, and every pair of options, of every cell, against the oracle: outputs, final states, all gradients."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from cases import Case
from makers import DECLINED, DENSE, LINEAR, MAKERS

from throughtime.errors import UsageError

pytestmark = pytest.mark.filterwarnings("ignore:.*nested tensor.*", "ignore:.*fx_tracing.*")

OPTIONS: dict[str, dict[str, Any]] = {
    "two layers": {"options": {"num_layers": 2}},
    "bidirectional": {"options": {"bidirectional": True}},
    "no bias": {"options": {"bias": False}},
    "projection": {"options": {"proj_size": 2}},
    "peepholes": {"options": {"peepholes": True}},
    "layer norm": {"options": {"layer_norm": True}},
    "zoneout": {"options": {"zoneout": 0.3}},
    "zoneout in training": {"options": {"zoneout": 0.3}, "training": True},
    "recurrent dropout": {"options": {"recurrent_dropout": 0.4}, "training": True},
    "weight dropout": {"options": {"weight_dropout": 0.4}, "training": True},
    "input dropout": {"options": {"input_dropout": 0.4}, "training": True},
    "variational dropout": {"options": {"num_layers": 2, "variational_dropout": 0.4}, "training": True},
    "learned state": {"options": {"initial_state": "learned"}},
    "residual": {"options": {"num_layers": 2, "residual": True}},
    "pre-norm": {"options": {"pre_norm": True}},
    "feed-forward": {"options": {"feed_forward": 3}},
    "sizes": {"hidden": (4, 6)},
    "batch first": {"batch_first": True},
    "given state": {"state": True},
    "resets": {"resets": True},
    "ragged": {"lengths": (2, 5, 0, 3), "steps": 5},
    "packed": {"form": "packed", "lengths": (2, 4, 1)},
    "nested": {"form": "nested", "lengths": (2, 4, 1)},
    "unbatched": {"form": "unbatched"},
    "one step": {"lengths": (1, 1), "steps": 1},
    "one row": {"lengths": (4,)},
}
"""What is asked -> how it changes the plain case."""

IMPOSSIBLE = [
    {"residual", "sizes"},  # a sum of two widths
    {"pre-norm", "projection"},  # a norm of two numbers
    {"feed-forward", "projection"},
]
EXCLUSIVE = [  # two forms or sizes of the same batch: not a pair, but one or the other
    {"packed", "nested", "unbatched", "ragged", "one step", "one row"},
    {"zoneout", "zoneout in training"},
]
ONLY = {"peepholes": {"lstm"}, "projection": {"lstm", "gru"}}
"""Options that some cells have, and which."""


def has(cell: str, *names: str) -> bool:
    asked = {option for name in names for option in OPTIONS[name].get("options", {})}
    return all(cell in ONLY.get(name, MAKERS) for name in names) and not asked & DECLINED.get(cell, set())


def pairs() -> list[tuple[str, str]]:
    return [
        pair
        for pair in combinations(OPTIONS, 2)
        if not any(set(pair) <= group for group in EXCLUSIVE) and set(pair) not in IMPOSSIBLE
    ]


def turns() -> dict[str, list[tuple[str, str]]]:
    """Cell -> its pairs: all of them where units meet; the others share them out, two cells of two kinds for each."""
    found = {cell: [pair for pair in pairs() if cell in DENSE and has(cell, *pair)] for cell in MAKERS}
    for kind in (LINEAR, [cell for cell in MAKERS if cell not in (*DENSE, *LINEAR)]):
        for number, pair in enumerate(pairs()):
            able = [cell for cell in kind if has(cell, *pair)]
            if able:
                found[able[number % len(able)]].append(pair)
    return found


TURNS = turns()


def combined(cell: str, *names: str) -> Case:
    case = Case(cell=cell, seed=len("".join(names)))
    for name in names:
        case = case.changed(**OPTIONS[name])
    return case


@pytest.mark.parametrize("cell", MAKERS)
def test_plain(cell: str) -> None:
    combined(cell).check_kernels()
    combined(cell).check()


@pytest.mark.parametrize("cell", MAKERS)
@pytest.mark.parametrize("name", OPTIONS)
def test_each_option(cell: str, name: str) -> None:
    if has(cell, name):
        combined(cell, name).check_kernels()
        combined(cell, name).check()
    else:
        with pytest.raises((UsageError, TypeError)):
            combined(cell, name).layer()


@pytest.mark.parametrize("cell", MAKERS)
@pytest.mark.parametrize("name", OPTIONS)
def test_each_pair_of_options(cell: str, name: str) -> None:
    for first, second in TURNS[cell]:
        if first == name:
            combined(cell, first, second).check_kernels()
