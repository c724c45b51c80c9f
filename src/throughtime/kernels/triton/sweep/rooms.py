"""What forward keeps for backward, side by side in one buffer of bytes."""

from __future__ import annotations

import torch
from torch import Tensor

from throughtime.kernels.triton.sweep.plan import Plan

__all__ = ["bytes_per_token", "rooms"]


def _fields(plan: Plan, dtype: torch.dtype) -> dict[str, tuple[int, torch.dtype]]:
    """Name -> numbers of a token, and their type."""
    hidden, f32 = plan.hidden_pad, torch.float32
    fields = {"entering": (plan.width_pad, dtype)}
    if plan.cell == "gru_before":
        fields["reset_h"] = (hidden, dtype)
    if plan.projected:
        fields["fresh"] = (hidden, dtype)
    if not plan.keeps:
        return fields
    fields["gates"] = (hidden if plan.cell == "rnn" else 4 * hidden, dtype)
    if plan.cell != "rnn":
        fields["memory"] = (hidden, f32)
    if plan.normed:
        fields |= {"normed": (plan.columns * hidden, dtype), "stats": (4, f32)}
    if plan.norms_n:
        fields["normed_n"] = (hidden, dtype)
    return fields


def bytes_per_token(plan: Plan, dtype: torch.dtype) -> int:
    """Bytes that a token of one direction takes.

    Args:
        plan: the sweep.
        dtype: type of the call.
    """
    return sum(numbers * kind.itemsize for numbers, kind in _fields(plan, dtype).values())


def rooms(buffer: Tensor, plan: Plan, dtype: torch.dtype) -> dict[str, Tensor]:
    """The parts of a buffer by name, each (D, N', numbers).

    Args:
        buffer: (D, N', bytes) uint8.
        plan: the sweep.
        dtype: type of the call.
    """
    directions, tokens, _ = buffer.shape
    flat, start, parts = buffer.view(-1), 0, dict[str, Tensor]()
    for name, (numbers, kind) in _fields(plan, dtype).items():
        size = directions * tokens * numbers * kind.itemsize
        parts[name] = flat[start : start + size].view(kind).view(directions, tokens, numbers)
        start += size
    return parts
