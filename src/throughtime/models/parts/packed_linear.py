"""A linear layer on a weight that is laid out once for many small products, as writing step by step needs it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["PackedLinear"]

_OPS: Any = torch.ops.mkldnn


class PackedLinear:
    r"""The same as a linear layer, with its weight as it is now.

    .. code-block:: text

        y = x W^T + b

    On the CPU in float32 the weight is laid out for oneDNN, which PyTorch carries: PyTorch's own product does that, or
    works without it, at every call. Elsewhere it is PyTorch's own product.

    Args:
        layer: the linear layer.

    Example:
        >>> layer, x = nn.Linear(3, 5), torch.randn(2, 3)
        >>> torch.allclose(PackedLinear(layer)(x), layer(x), atol=1e-6)
        True
    """

    @torch.no_grad()
    def __init__(self, layer: nn.Linear) -> None:
        self._weight, self._bias = layer.weight.detach(), layer.bias
        self._packed: Tensor | None = _OPS._reorder_linear_weight(self._weight) if _can_pack(self._weight) else None

    def __call__(self, x: Tensor) -> Tensor:
        """Give y (..., outputs) for x (..., inputs); no gradient."""
        if self._packed is None or not x.numel():
            return functional.linear(x, self._weight, self._bias)
        rows = x.reshape(-1, x.shape[-1])
        y: Tensor = _OPS._linear_pointwise(rows, self._packed, self._bias, "none", [], "")
        return y.view(*x.shape[:-1], -1)


def _can_pack(weight: Tensor) -> bool:
    """Whether oneDNN is there and takes such weights."""
    there = torch.backends.mkldnn.is_available() and all(
        hasattr(_OPS, name) for name in ("_reorder_linear_weight", "_linear_pointwise")
    )
    return bool(there) and weight.device.type == "cpu" and weight.dtype == torch.float32
