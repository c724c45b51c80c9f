"""Steps that a mask passes over: which are read, where resets go, and what the others give."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from throughtime.errors import ShapeError

__all__ = ["kept_steps", "last_outputs", "moved_resets", "steps_in_order"]


def kept_steps(mask: Any, lengths: Tensor | None, batch: int, steps: int) -> Tensor:
    """Check a mask and say which steps are read.

    Args:
        mask: (B, T) bool, True where a step is read.
        lengths: (B,) steps of each row; what lies past them is not read either. None: all T.
        batch: B.
        steps: T.

    Returns:
        (B, T) bool on the CPU.

    Raises:
        ShapeError: the mask has another shape or type.
    """
    given = torch.as_tensor(mask)
    if given.dtype != torch.bool or given.shape != (batch, steps):
        raise ShapeError(
            f"mask must be bool of shape (batch, steps) = {(batch, steps)}, True where a step is read, "
            f"got {given.dtype} of shape {tuple(given.shape)}"
        )
    given = given.to("cpu")
    return given if lengths is None else given & (torch.arange(steps, device="cpu") < lengths[:, None])


def steps_in_order(kept: Tensor) -> Tensor:
    """The steps of each row, those that are read first, each kind in the order of time.

    Args:
        kept: (B, T) bool.

    Returns:
        (B, T) int64.
    """
    return torch.argsort(~kept, dim=1, stable=True)


def moved_resets(resets: Tensor, kept: Tensor) -> Tensor:
    """Resets of all steps, for those alone that are read.

    A reset before step t parts what is read before t from what is read from t on, whichever way a direction reads. So
    it goes to the first step from t on that is read; where none is, it parts nothing.

    Args:
        resets: (B, T) bool.
        kept: (B, T) bool on the same device.

    Returns:
        (B, T) bool: column k belongs to the k-th step of the row that is read.
    """
    read_before = kept.cumsum(1) - kept.to(torch.int64)
    counts = torch.zeros(kept.shape[0], kept.shape[1] + 1, dtype=torch.int64, device=kept.device)
    return counts.scatter_add(1, read_before, resets.to(torch.int64))[:, :-1] > 0


def last_outputs(y: Tensor, kept: Tensor, lengths: Tensor | None, directions: int, batch_first: bool) -> Tensor:
    """Give masked steps the output of the step that was read last, each direction's own; zero where none was.

    Args:
        y: (T, B, D*P), (B, T, D*P) where ``batch_first``, or (T, D*P); zero at steps that are not read.
        kept: (B, T) bool on the CPU, the steps that are read.
        lengths: (B,) steps of each row; what lies past them stays zero. None: all T.
        directions: D.
        batch_first: order of the axes of y.
    """
    batch, steps = kept.shape
    at = torch.arange(steps, device="cpu")
    forward = torch.where(kept, at, -1).cummax(1).values
    backward = torch.where(kept, at, steps).flip(1).cummin(1).values.flip(1)
    inside = torch.ones_like(kept) if lengths is None else at < lengths[:, None]
    parts: list[Tensor] = []
    for part, read in zip(y.chunk(directions, -1), (forward, backward), strict=False):
        source = torch.where(inside & (read >= 0) & (read < steps), read, at)  # else its own place, which is zero
        rows = torch.arange(batch, device="cpu")[:, None]
        places = rows * steps + source if batch_first else (source * batch + rows).t()
        flat = part.reshape(batch * steps, part.shape[-1])
        parts.append(flat.index_select(0, places.reshape(-1).to(y.device)).view(part.shape))
    return torch.cat(parts, -1)
