"""What must hold before addresses are handed out: the core reads and writes wherever it is told to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import cast

import torch
from torch import Tensor

from throughtime.errors import ShapeError, UsageError
from throughtime.kernels.call import Call
from throughtime.kernels.reference.cell import cell_named

__all__ = ["check_call", "check_gradients"]


def check_call(call: Call, known: bool, device: str = "cpu") -> list[int]:
    """Raise for a call that the core, or another kernel that works on addresses, would misread.

    Args:
        call: see :class:`throughtime.kernels.call.Call`.
        known: whether the kernel knows its cell.
        device: type of the device that the kernel runs on.

    Returns:
        The rows of each step, without the steps of no row.

    Raises:
        UsageError: a cell that it does not know, or zoneout of a cell that has none.
        ShapeError: a tensor of another shape, type or device than the others ask for.
    """
    if not known:
        raise UsageError(f"the kernel has no cell {call.cell!r}")
    if any(call.zoneout) and "zoneout" not in call.body().capabilities:
        raise UsageError(f"the kernel has no zoneout of {call.cell!r}")
    rows = call.rows
    if rows.dim() != 2 or rows.device.type != device:
        raise ShapeError(f"rows must be (N, I) on {device}, got {tuple(rows.shape)} on {rows.device}")
    hidden, projection, batch = _sizes(call)
    parameters = _parameter_shapes(call, hidden, projection)
    widths = call.body().carry_sizes(hidden, projection)
    if len(call.state) != len(widths) or len(call.restart) not in (0, len(widths)):
        raise ShapeError(f"{call.cell} carries {len(widths)} parts, got {len(call.state)} and {len(call.restart)}")
    expected = [(call.directions, batch, width) for width in widths]
    expected += [(call.directions, width) for width in widths if call.restart]
    expected += [parameters[name] for name in call.names * call.directions]
    for tensor, shape in zip([*call.state, *call.restart, *call.weights], expected, strict=True):
        _check("a parameter or state", tensor, shape, rows)
    return _check_rows(call, batch)


def check_gradients(
    call: Call, y: Tensor, kept: Tensor, room: Tensor, grad_y: Tensor, grad_final: Sequence[Tensor]
) -> None:
    """Raise for gradients, or what forward left, that do not fit the call.

    Args:
        call: the call, checked.
        y: (N', D*P) what forward gave.
        kept: what forward kept.
        room: an empty tensor like what it should have kept.
        grad_y: (N', D*P).
        grad_final: parts of (D, B, width).

    Raises:
        ShapeError: one has another shape, type or device.
    """
    wide = (call.rows.shape[0], call.directions * call.state[0].shape[-1])
    _check("y", y, wide, call.rows)
    _check("the gradient of y", grad_y, wide, call.rows)
    _check("what forward kept", kept, room.shape, room)
    if len(grad_final) != len(call.state):
        raise ShapeError(f"each of {len(call.state)} parts needs its final gradient, got {len(grad_final)}")
    for grad, part in zip(grad_final, call.state, strict=True):
        _check("a final gradient", grad, part.shape, call.rows)


def _sizes(call: Call) -> tuple[int, int, int]:
    """H, width of a projection (0: none), and B."""
    if call.directions not in (1, 2) or not call.state or call.state[0].dim() != 3:
        raise ShapeError(f"a call has 1 or 2 directions and states (D, B, P), got {call.directions} directions")
    needed = {"weight_ih", "weight_hh"}
    if not needed <= set(call.names) or len(call.weights) != len(call.names) * call.directions:
        raise ShapeError(f"a weight for each name and direction is needed, got {len(call.weights)} for {call.names}")
    gates = len(call.body().gates)
    rows = call.weights[call.names.index("weight_hh")].shape[0]
    _, batch, width = call.state[0].shape
    return rows // gates, width if "weight_hr" in call.names else 0, batch


@lru_cache(maxsize=256)
def _known_shapes(cell: str, inputs: int, hidden: int, projection: int) -> dict[str, tuple[int, ...]]:
    body = cell_named(cell)
    shapes = body.shapes(inputs, hidden, projection, True)
    for norm, size in body.norms(hidden).items() if "layer_norm" in body.capabilities else ():
        shapes |= {f"{norm}.weight": (size,), f"{norm}.bias": (size,)}
    return shapes


def _parameter_shapes(call: Call, hidden: int, projection: int) -> dict[str, tuple[int, ...]]:
    shapes = _known_shapes(call.cell, call.rows.shape[-1], hidden, projection)
    if len(set(call.names)) != len(call.names) or not set(call.names) <= set(shapes):
        raise ShapeError(f"weights must be of {', '.join(shapes)}, each once, got {call.names}")
    return shapes


def _check(what: str, tensor: Tensor, shape: Sequence[int], like: Tensor) -> None:
    if tensor.shape != tuple(shape) or tensor.dtype != like.dtype or tensor.device != like.device:
        raise ShapeError(
            f"{what} must be {like.dtype} of shape {tuple(shape)} on {like.device}, "
            f"got {tensor.dtype} {tuple(tensor.shape)} on {tensor.device}"
        )


def _check_rows(call: Call, batch: int) -> list[int]:
    """What the loop reads by row: sizes, resets, row ids; returns the sizes."""
    tokens, sizes = call.rows.shape[0], cast("list[int]", call.batch_sizes.tolist())
    falls = sizes == sorted(sizes, reverse=True) and (not sizes or (batch >= sizes[0] and sizes[-1] >= 0))
    if call.batch_sizes.dtype != torch.int64 or not falls or sum(sizes) > tokens:
        raise ShapeError(f"batch_sizes must be int64 and fall from {batch} to 0 within {tokens} rows, got {sizes}")
    for tensor, shape, dtype in ((call.resets, (tokens,), torch.bool), (call.row_ids, (batch,), torch.int64)):
        if tensor is not None and (tensor.shape != shape or tensor.dtype != dtype or tensor.device != call.rows.device):
            given = f"{tensor.dtype} of shape {tuple(tensor.shape)}"
            raise ShapeError(f"resets and row ids must be {dtype} of shape {shape} on {call.rows.device}, got {given}")
    return sizes if not sizes or sizes[-1] else [size for size in sizes if size]
