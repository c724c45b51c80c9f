"""Calls of the sweep on a GPU beside the reference in float64, in Triton's interpreter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from calls import DENSE, Variant, call
from torch import Tensor

from throughtime.kernels import reference
from throughtime.kernels.call import Call
from throughtime.kernels.triton.sweep import kernel

BY_NAME = {str(variant): variant for variant in DENSE}

ROUNDING = 2e-6
"""Of float32, beside numbers of the size of the largest: sums of some 50 products, 6e-8 each, over a few steps."""


def made(name: str, dtype: torch.dtype = torch.float32, **options: Any) -> Call:
    """A call whose recurrent products are about as large as h, or they would saturate every gate."""
    one = call(BY_NAME[name], dtype=dtype, **options)
    weights = [w.detach() / (w.shape[-1] ** 0.5 if w.dim() == 2 else 1.0) for w in one.weights]
    return replace(one, weights=weights).with_tensors([t.detach() for t in replace(one, weights=weights).tensors()])


def swept(one: Call, grads: list[Tensor]) -> list[Tensor]:
    """y, the final carry and all gradients of the sweep on a GPU."""
    y, final, kept = kernel.forward(one)
    return [y, *final, *kernel.backward(one, y, kept, grads[0], grads[1:])]


def told(one: Call, grads: list[Tensor]) -> list[Tensor]:
    """The same of the reference, in float64 from the same numbers."""
    exact = one.with_tensors([tensor.double().requires_grad_() for tensor in one.tensors()])
    y, final = reference.run(exact)
    pairs = [(each, grad.double()) for each, grad in zip([y, *final], grads, strict=True) if each.requires_grad]
    outputs, given = zip(*pairs, strict=True)
    found = torch.autograd.grad(outputs, exact.tensors(), given, allow_unused=True, materialize_grads=True)
    return [y.detach(), *(part.detach() for part in final), *found]


def compare(one: Call, rounding: float = ROUNDING) -> None:
    """Raise where the two differ by more than a part of their largest number (1 at least)."""
    width = one.directions * one.state[0].shape[-1]
    y = torch.randn(one.rows.shape[0], width).to(one.rows.dtype)
    grads = [y, *(torch.randn(part.shape).to(part.dtype) for part in one.state)]
    names = ["y", *["final"] * len(one.state), "rows", *["state"] * len(one.state), *["restart"] * len(one.restart)]
    names += one.names * one.directions
    for name, ours, theirs in zip(names, swept(one, grads), told(one, grads), strict=True):
        assert ours.dtype == one.rows.dtype and ours.shape == theirs.shape, name
        largest = max(1.0, theirs.abs().max().item()) if theirs.numel() else 1.0
        torch.testing.assert_close(
            ours.double(), theirs, rtol=0, atol=rounding * largest, msg=lambda m, n=name: f"{n}: {m}"
        )


__all__ = ["BY_NAME", "ROUNDING", "Variant", "compare", "made", "swept", "told"]
