"""Large products before and after the time loop."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from throughtime.kernels.packing import core, dtype_name, target

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


def transposed_product(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """``a.T @ b`` and the sums of a's columns: gradients of a weight and a bias from those of the outputs.

    Args:
        a: (N, M) on the CPU, rows contiguous.
        b: (N, K) likewise.

    Returns:
        (M, K) and (M,).
    """
    (tokens, left), right = a.shape, b.shape[1]
    product, sums = a.new_empty(left, right), a.new_empty(left)
    threads = torch.get_num_threads() if tokens * left * right > _WORTHWHILE else 1
    core().product(
        target(),
        dtype_name(a.dtype),
        [tokens, left, right, a.stride(0), b.stride(0)],
        [tensor.data_ptr() for tensor in (a, b, product, sums)],
        threads,
    )
    return product, sums
