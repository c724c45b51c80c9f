"""Dropout masks of whole rows: the numbers of :mod:`throughtime.kernels.reference.noise`, drawn by the C++ core."""

from __future__ import annotations

import torch
from torch import Tensor

from throughtime.kernels.packing import core, dtype_name, target
from throughtime.kernels.reference.noise import Purpose, dropped
from throughtime.kernels.sight import Way, way

__all__ = ["scales"]

_DTYPES = (torch.float32, torch.float64)
_FEW = 1 << 14
"""Numbers that one thread draws faster than several."""


def scales(
    like: Tensor, p: float, seed: Tensor, purpose: Purpose, layer: int, direction: int, rows: Tensor, units: int
) -> Tensor:
    """What to multiply with: 0 where a unit falls out, 1 / (1 - p) elsewhere.

    Args:
        like: gives dtype and device.
        p: probability in [0, 1).
        seed: () int64, drawn once per call.
        purpose: what the mask is for.
        layer: index of the layer in its stack.
        direction: 0 forward, 1 backward.
        rows: (n,) int64, the caller's row of each mask.
        units: width of the mask.

    Returns:
        (n, units).
    """
    on_cpu = like.device.type == "cpu" and like.dtype in _DTYPES and core() is not None
    if not on_cpu or way((like, seed, rows)) is not Way.DIRECT:
        out = dropped(p, seed, purpose, layer, direction, rows, torch.zeros_like(rows), units)
        return like.new_full((rows.numel(), units), 1.0 / (1.0 - p)).masked_fill(out, 0.0)
    mask, rows = like.new_empty(rows.numel(), units), rows.contiguous()
    threads = torch.get_num_threads() if mask.numel() > _FEW else 1
    core().mask(
        target(), dtype_name(like.dtype), int(seed), layer, int(purpose), bool(direction), p, rows.data_ptr(),
        rows.numel(), units, mask.data_ptr(), threads,
    )  # fmt: skip
    return mask
