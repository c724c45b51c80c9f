"""Large products before and after the time loop, on PyTorch's fastest kernel for them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["linear", "transposed_product"]

_onednn: Any = getattr(torch.ops.mkldnn, "_linear_pointwise", None) if torch.backends.mkldnn.is_available() else None

_WORTHWHILE = 1 << 20
"""Multiplications under which oneDNN's preparations cost more than they bring."""


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``x @ weight.T + bias``, without autograd.

    Float32 goes to oneDNN, which uses all lanes of the processor where PyTorch's BLAS may use half of them (MKL on
    processors of other makers).

    Args:
        x: (N, K).
        weight: (M, K).
        bias: (M,) or None.

    Returns:
        (N, M).
    """
    if _onednn is not None and x.dtype == torch.float32 and x.numel() * weight.shape[0] > _WORTHWHILE:
        return _onednn(x, weight, bias, "none", [], "")
    return x @ weight.t() if bias is None else torch.addmm(bias, x, weight.t())


def transposed_product(a: Tensor, b: Tensor) -> Tensor:
    """``a.T @ b``: the gradient of a weight, from those of the outputs and the inputs.

    Args:
        a: (N, M).
        b: (N, K).

    Returns:
        (M, K).
    """
    return linear(a.t(), b.t())
