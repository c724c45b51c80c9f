"""What a call of the ops costs, for PyTorch's FlopCounterMode: it knows no formula of an op that is not its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils import flop_counter

__all__ = ["count_flops"]


def count_flops(fields: Sequence[str]) -> None:
    """Register the formulas of ``throughtime::sweep`` and ``sweep_backward``.

    Products with weight matrices count, two operations for each weight and token, as FlopCounterMode counts ``mm``;
    what is done unit by unit does not. Backward makes two products for each of forward, and forward's once more where
    its kernel keeps nothing, or was asked not to.

    Args:
        fields: the arguments of ``sweep`` before the kernel's name, in their order.
    """
    rows, weights, recompute = (fields.index(name) for name in ("rows", "weights", "recompute"))
    only_backward = 4  # grad_y, grad_final, y, reserve

    def forward(*arguments: Any, **_: Any) -> int:
        return _products(arguments[rows], arguments[weights])

    def backward(*arguments: Any, **_: Any) -> int:
        call, kernel = arguments[only_backward:-1], arguments[-1]
        passes = 3 if call[recompute] or kernel != "native" else 2
        return passes * _products(call[rows], call[weights])

    ops: Any = torch.ops.throughtime
    counter: Any = flop_counter
    counter.register_flop_formula(ops.sweep, get_raw=True)(forward)
    counter.register_flop_formula(ops.sweep_backward, get_raw=True)(backward)


def _products(rows: Tensor, weights: Sequence[Tensor]) -> int:
    return 2 * rows.shape[0] * sum(weight.numel() for weight in weights if weight.dim() == 2)
