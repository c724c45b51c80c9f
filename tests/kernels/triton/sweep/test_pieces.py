"""The masks of the programs, bit for bit those of the reference; the layout of weights, there and back."""

from __future__ import annotations

from typing import Any

import pytest
import torch

pytest.importorskip("triton", reason="the sweep on a GPU needs triton")

import triton
import triton.language as tl

from throughtime.kernels.reference.noise import Purpose, dropped
from throughtime.kernels.triton.sweep.kernel import _last, _signed
from throughtime.kernels.triton.sweep.layout import (
    X_PLACES,
    Z_PLACES,
    gather,
    gather_columns,
    spread,
    spread_columns,
)
from throughtime.kernels.triton.sweep.pieces import falls
from throughtime.kernels.triton.sweep.plan import COLUMNS, GATES, X_COLUMNS


@triton.jit
def draw(
    out: Any, row_ids: Any, step: Any, place: Any, key: Any, key_high: Any, last: Any, UNITS: tl.constexpr
) -> None:
    rows, unit = tl.arange(0, 4), 16 * tl.program_id(0) + tl.arange(0, 16)
    drawn = falls((tl.load(row_ids + rows), place, key, key_high), step, unit, 0, last)
    tl.store(out + rows[:, None] * UNITS + unit[None, :], drawn.to(tl.int32))


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32, 1234567890123456789, 2**63 - 2])
@pytest.mark.parametrize(("purpose", "layer", "direction"), [(0, 0, 0), (1, 3, 1), (2, 7, 0)])
@pytest.mark.parametrize("p", [2**-32, 0.1, 0.5, 0.999])
def test_masks_are_the_references_bit_for_bit(seed: int, purpose: int, layer: int, direction: int, p: float) -> None:
    ids, step, out = torch.tensor([5, 0, 2**31, 77]), 12, torch.zeros(4, 32, dtype=torch.int32)
    place = purpose + 8 * (direction + 2 * layer)
    draw[(2,)](out, ids, step, place, _signed(seed), _signed(seed >> 32), _last(p), 32)
    told = dropped(p, torch.tensor(seed), Purpose(purpose), layer, direction, ids, torch.full((4,), step), 32)
    assert out.bool().equal(told)


def test_a_probability_of_no_word_draws_no_mask() -> None:
    assert _last(2.0**-33) is None and _last(2.0**-32) == 0 and _last(1.0) == -1


@pytest.mark.parametrize("cell", GATES)
@pytest.mark.parametrize(("hidden", "pad"), [(16, 16), (5, 16), (37, 48)])
def test_weights_there_and_back(cell: str, hidden: int, pad: int) -> None:
    """Each gate is in its column of each unit, all else 0, and gathering finds it again."""
    for places, columns in ((X_PLACES[cell], X_COLUMNS[cell]), (Z_PLACES[cell], COLUMNS[cell])):
        block = torch.randn(len(places) * hidden, 3)
        wide = spread(block, places, columns, pad, 16)
        assert wide.shape == (pad * columns, 16) and wide.count_nonzero() == block.count_nonzero()
        for gate, place in enumerate(places):
            for unit in (0, hidden - 1):
                assert wide[unit * columns + place, :3].equal(block[gate * hidden + unit])
        assert gather(wide, places, columns, hidden, 3).equal(block)
        assert gather(spread(block[:, 0], places, columns, pad), places, columns, hidden).equal(block[:, 0])
        out = torch.full((3, pad, columns), torch.nan)
        spread_columns(block.t(), places, out)
        assert out.flatten(1).equal(spread(block, places, columns, pad).t())
        assert gather_columns(out.flatten(1), places, columns, hidden).equal(block.t())
