"""Batched calls of the ops equal a loop over their samples, for autograd's batches and for torch.func's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from calls import VARIANTS, call
from torch import Tensor
from torch._vmap_internals import _vmap
from torch.func import vmap

from throughtime.errors import KernelError
from throughtime.kernels.batching import batched, one_by_one
from throughtime.kernels.sweep import _flat

OPS = torch.ops.throughtime
KERNELS = ("native", "torch", "reference")


def told(function: Callable[..., Any], samples: list[tuple[Any, ...]]) -> list[Tensor]:
    """What a loop gives, stacked."""
    each = [torch.utils._pytree.tree_leaves(function(*sample)) for sample in samples]
    return [torch.stack(parts) for parts in zip(*each, strict=True)]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("batching", [vmap, _vmap])
def test_the_forward_op(kernel: str, batching: Any) -> None:
    """Batched in its rows, one weight and its state; the weight along another axis than the first."""
    one = call(VARIANTS[3])
    one = one.with_tensors([tensor.detach() for tensor in one.tensors()])
    rows, weight = torch.randn(4, *one.rows.shape).double(), torch.randn(*one.weights[1].shape, 4).double()

    def function(rows: Tensor, weight: Tensor, state: list[Tensor]) -> Any:
        tensors = [rows, *state, one.weights[0], weight, *one.weights[2:]]
        y, final, _ = OPS.sweep(*_flat(one.with_tensors(tensors)), kernel)
        return y, *final

    states = [torch.randn(4, *part.shape).double() for part in one.state]
    expected = told(function, [(rows[n], weight[..., n], [part[n] for part in states]) for n in range(4)])
    got = batching(function, in_dims=(0, 2, [0, 0]))(rows, weight, states)
    for ours, theirs in zip(got, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("batching", [vmap, _vmap])
def test_the_backward_op(kernel: str, batching: Any) -> None:
    one = call(VARIANTS[8], directions=2)
    one = one.with_tensors([tensor.detach() for tensor in one.tensors()])
    y, final, reserve = OPS.sweep(*_flat(one), kernel)
    grad_y, grad_final = torch.randn(5, *y.shape).double(), [torch.randn(5, *part.shape).double() for part in final]

    def function(grad_y: Tensor, grad_final: list[Tensor]) -> Any:
        rows, state, _, weights = OPS.sweep_backward(grad_y, grad_final, y, reserve, *_flat(one), kernel)
        return rows, *state, *weights

    expected = told(function, [(grad_y[n], [part[n] for part in grad_final]) for n in range(5)])
    for ours, theirs in zip(batching(function)(grad_y, grad_final), expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


def test_nothing_batched_is_a_plain_call() -> None:
    assert not batched([torch.ones(2)])
    assert one_by_one(lambda a, b: (a, b), [1, torch.ones(2)])[0] == 1


def test_none_stays_none() -> None:
    out = _vmap(lambda x: one_by_one(lambda x: (None, x * 2), [x])[1])(torch.arange(3.0))
    assert out.tolist() == [0.0, 2.0, 4.0]


def test_batches_inside_batches_are_refused() -> None:
    with pytest.raises(KernelError, match="once"):
        _vmap(_vmap(lambda x: one_by_one(lambda x: x, [x])))(torch.ones(2, 2))
