"""Large products before and after the time loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from throughtime.kernels.packing import core, dtype_name, target
from throughtime.kernels.sight import Way, way

__all__ = ["large_products", "linear", "product", "transposed_product"]

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


def product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``torch.nn.functional.linear`` on the products of this room, there and back, where they are of use.

    That is in float32 on a CPU, where nothing looks on. Anything else is PyTorch's own.

    Args:
        x: (..., K).
        weight: (M, K).
        bias: (M,) or None.

    Returns:
        (..., M).
    """
    if not _of_use(x, weight) or way((x, weight, bias)) is not Way.DIRECT:
        return functional.linear(x, weight, bias)
    rows = x.reshape(-1, x.shape[-1])
    return cast(Tensor, _Product.apply(rows, weight, bias)).view(*x.shape[:-1], weight.shape[0])


def large_products(tensors: Iterable[Tensor]) -> AbstractContextManager[object]:
    """Let ``torch.nn.functional.linear`` be :func:`product` inside: a cell's equations are written with the first.

    Args:
        tensors: what the equations read.
    """
    tensors = list(tensors)
    plain = _onednn is not None and tensors[0].is_cpu and tensors[0].dtype == torch.float32
    return _LargeProducts() if plain and way(tensors) is Way.DIRECT else nullcontext()


class _LargeProducts(TorchFunctionMode):
    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return (product if func is functional.linear else func)(*args, **(kwargs or {}))


def _of_use(x: Tensor, weight: Tensor) -> bool:
    """Whether a product is one that oneDNN does faster."""
    there = _onednn is not None and x.dtype == weight.dtype == torch.float32
    return there and x.is_cpu and x.numel() * weight.shape[0] > _WORTHWHILE and not torch.is_autocast_enabled("cpu")


class _Product(torch.autograd.Function):
    """x @ weight.T + bias."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return linear(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        x, weight = ctx.saved_tensors
        of_x, of_weight, of_bias = ctx.needs_input_grad
        if torch.is_grad_enabled() or way((grad, x, weight)) is not Way.DIRECT:
            return (
                grad @ weight if of_x else None,
                grad.transpose(-2, -1) @ x if of_weight else None,
                grad.sum(-2) if of_bias else None,
            )
        into = linear(grad, weight.t()) if of_x else None
        across = _across(grad, x) if of_weight else None
        return into, across, grad.sum(0) if of_bias else None


def _across(a: Tensor, b: Tensor) -> Tensor:
    """``a.T @ b``; oneDNN is quicker where the result has fewer rows than columns."""
    return linear(a.t(), b.t()) if a.shape[1] <= b.shape[1] else linear(b.t(), a.t()).t()
