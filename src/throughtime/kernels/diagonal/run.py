"""One layer of a diagonal cell: project, sweep, read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, cast

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint  # pyright: ignore[reportUnknownVariableType]

from throughtime.kernels.call import Call, Swept
from throughtime.kernels.diagonal.newton import sweep_by_newton
from throughtime.kernels.diagonal.op import sweep_through_op
from throughtime.kernels.diagonal.scan import sweep_by_scan, sweep_by_triton
from throughtime.kernels.diagonal.units import States, Sweep, step_by_step
from throughtime.kernels.products import large_products
from throughtime.kernels.reference.diagonal import DiagonalCell

__all__ = ["WAYS", "run"]

WAYS: dict[str, Callable[[Sweep], States]] = {
    "native": sweep_through_op,
    "triton": sweep_by_triton,
    "scan": sweep_by_scan,
    "newton": sweep_by_newton,
    "reference": step_by_step,
}
"""Kernel -> how it sweeps one direction."""


def run(call: Call, kernel: str, whole: bool) -> Swept:
    """Run one layer of a diagonal cell.

    Args:
        call: see :class:`throughtime.kernels.call.Call`; its cell is a :class:`DiagonalCell`.
        kernel: a name in :data:`WAYS`.
        whole: every row of ``call.rows`` is a token.

    Returns:
        y (N', D*P) and the final carry, parts of (D, B, width).
    """
    past = None if whole else _past_the_last(call)
    rows = call.rows if past is None else call.rows.masked_fill(past, 0.0)
    swept = [_direction(call, kernel, rows, past, number) for number in range(call.directions)]
    finals = [torch.stack(parts) for parts in zip(*(final for _, final in swept), strict=True)]
    return swept[0][0] if len(swept) == 1 else torch.cat([y for y, _ in swept], -1), finals


def _past_the_last(call: Call) -> Tensor:
    """(N', 1) bool: rows that are no tokens, whose values may be anything."""
    number = torch.arange(call.rows.shape[0], device=call.rows.device)
    return (number >= call.batch_sizes.sum().to(call.rows.device))[:, None]


def _direction(call: Call, kernel: str, rows: Tensor, past: Tensor | None, number: int) -> tuple[Tensor, list[Tensor]]:
    if call.recompute and call.keep:
        return cast(Any, checkpoint)(_swept, call, kernel, rows, past, number, use_reentrant=False)
    return _swept(call, kernel, rows, past, number)


def _swept(call: Call, kernel: str, rows: Tensor, past: Tensor | None, number: int) -> tuple[Tensor, list[Tensor]]:
    """Y (N', P) and the final carry of one direction, parts of (B, width)."""
    cell, p = cast(DiagonalCell, call.body()), call.parameters(number)
    entering, restart = [part[number] for part in call.state], [part[number] for part in call.restart]
    beside = 0 if "h" in cell.state else 1  # h is read from the state, and is no part of it
    hidden = entering[beside].shape[-1]
    with large_products((rows, *p.values())) if kernel == "native" else nullcontext():
        from_x = cell.project(p, rows)
    read = cell.reads * hidden
    sweep = Sweep(
        cell, [from_x if from_x.shape[-1] == read else from_x[:, :read]], [*cell.numbers(p)], call.batch_sizes,
        call.resets, entering[beside:], restart[beside:], bool(number),
    )  # fmt: skip
    states, finals = WAYS[kernel](sweep)
    with large_products((from_x, *states)) if beside and kernel == "native" else nullcontext():
        y = cell.read(p, from_x, tuple(states))
    y = y if past is None else y.masked_fill(past, 0.0)
    return (y, finals) if not beside else (y, [_last(y, entering[0], call.batch_sizes, bool(number)), *finals])


def _last(y: Tensor, initial: Tensor, batch_sizes: Tensor, reverse: bool) -> Tensor:
    """(B, P): y at the last step of each rank in the order of the direction, the initial h where it has none."""
    batch = initial.shape[0]
    ranks = torch.arange(batch, device=batch_sizes.device)
    lengths = (batch_sizes[:, None] > ranks).sum(0)
    starts = batch_sizes.cumsum(0) - batch_sizes
    if not batch_sizes.shape[0]:
        return initial
    steps = torch.zeros_like(lengths) if reverse else (lengths - 1).clamp(min=0)
    places = (starts[steps] + ranks).clamp(max=max(y.shape[0] - 1, 0)).to(y.device)
    there = (lengths > 0).to(y.device)[:, None]
    return torch.where(there, y[places], initial) if y.shape[0] else initial
