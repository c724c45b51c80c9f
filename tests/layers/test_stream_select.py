"""A stream goes on with some of its rows, in any order and number, and keeps their states."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from test_stream import FAST, made, parts

from throughtime.errors import ShapeError
from throughtime.kernels import native
from throughtime.kernels.dispatch import use_kernel

KERNELS = ["reference", "torch", *([] if native.unavailable() else ["native"])]
PICKS = [[1], [3, 1], [2, 2, 0, 3, 3, 1, 2], list(range(4)) * 20]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn_tanh"])
@pytest.mark.parametrize("rows", PICKS, ids=len)
def test_the_rows_go_on_as_if_they_were_alone(kernel: str, cell: str, rows: list[int]) -> None:
    layer, x = made(cell, num_layers=2), torch.randn(4, 4, 3, dtype=torch.float64)
    more = torch.randn(70, len(rows), 3, dtype=torch.float64)
    with use_kernel(kernel):
        stream, fresh = layer.stream(4), layer.stream(len(rows))
    assert stream.kernel.kernel == kernel
    stream.feed(x)
    fresh.state = _picked(stream.state, rows)
    stream.select(rows)
    assert stream.batch_size == len(rows)
    for step in (more[0], more[1]):
        assert torch.equal(stream.step(step), fresh.step(step))
    assert np.array_equal(stream.step(more[2].numpy()), fresh.step(more[2].numpy()))
    torch.testing.assert_close(stream.feed(more), fresh.feed(more), rtol=1e-12, atol=1e-12)
    for one, other in zip(parts(stream.state), parts(fresh.state), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", FAST)
def test_every_option_and_what_comes_after(name: str) -> None:
    layer, x = made("lstm", **FAST[name]).eval(), torch.randn(9, 3, 3, dtype=torch.float64)
    stream = layer.stream(3)
    stream.feed(x[:5])
    stream.select(torch.tensor([2, 0]))
    stream.select([1, 1, 0])  # rows 0, 0 and 2 of the first
    told = layer(x[:, [0, 0, 2]])[0]
    torch.testing.assert_close(stream.feed(x[5:, [0, 0, 2]]), told[5:], rtol=1e-12, atol=1e-12)
    stream.reset([1])
    torch.testing.assert_close(stream.step(x[0]), _after_reset(layer, x, [0, 0, 2], 1), rtol=1e-12, atol=1e-12)
    stream.reset()
    torch.testing.assert_close(stream.feed(x), layer(x)[0], rtol=1e-12, atol=1e-12)


def _after_reset(layer: Any, x: torch.Tensor, rows: list[int], cleared: int) -> torch.Tensor:
    """One more step of x[0], where one of the rows starts anew."""
    whole = torch.cat([x[:, rows], x[:1]])
    resets = torch.zeros(len(rows), len(whole), dtype=torch.bool)
    resets[cleared, -1] = True
    with use_kernel("reference"), torch.no_grad():
        return layer(whole, resets=resets)[0][-1]


@pytest.mark.skipif(native.unavailable() is not None, reason=str(native.unavailable()))
def test_narrow_weights_stay() -> None:
    layer, x = made("gru", dtype=torch.float32), torch.randn(6, 3, 3)
    stream, alone = layer.stream(3, weight_dtype=torch.bfloat16), layer.stream(1, weight_dtype=torch.bfloat16)
    stream.feed(x[:4]), alone.feed(x[:4, 1:2])
    stream.select([1])
    assert torch.equal(stream.feed(x[4:, 1:2]), alone.feed(x[4:, 1:2]))


@pytest.mark.parametrize("rows", [[], [3], [-1], [[0]]])
def test_rows_that_are_not_there_are_refused_and_nothing_is_changed(rows: Any) -> None:
    stream, x = made("lstm").stream(3), torch.randn(2, 3, 3, dtype=torch.float64)
    stream.feed(x[:1])
    before = stream.state
    with pytest.raises(ShapeError, match="rows must be"):
        stream.select(rows)
    assert stream.batch_size == 3
    assert all(torch.equal(one, other) for one, other in zip(parts(before), parts(stream.state), strict=True))


def _picked(state: Any, rows: list[int]) -> Any:
    return tuple(part[:, rows] for part in state) if isinstance(state, tuple) else state[:, rows]
