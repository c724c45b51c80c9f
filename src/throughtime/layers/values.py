"""Whether what goes into a layer is something that its cell can go on from."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from throughtime.errors import ShapeError, UsageError
from throughtime.kernels.sight import Way, way
from throughtime.layers.rows import Input, Rows

__all__ = ["check_finite", "check_rows", "check_steps"]


def check_steps(input: Input, batch_first: bool) -> None:
    """Raise for a padded batch or a sequence without a step; rows that have none beside others are fine.

    Args:
        input: a batch in any form.
        batch_first: order of the axes of a padded batch.

    Raises:
        ShapeError: T is 0.
    """
    if isinstance(input, PackedSequence) or input.is_nested:
        return
    if input.shape[1 if batch_first and input.dim() == 3 else 0] == 0:
        raise ShapeError("input has no step (T = 0): this cell needs one at least")


def check_rows(rows: Rows) -> None:
    """Raise for values that a state would never get rid of.

    Nothing is read where it cannot be, or would be baked into a graph: while a call is compiled, traced or transformed.

    Args:
        rows: a batch as packed rows.

    Raises:
        UsageError: an infinity or a NaN among the steps that are read; its row and step are named.
    """
    if way((rows.rows,)) is not Way.DIRECT or _finite(rows.rows):
        return
    token = int((~rows.rows.isfinite().all(-1)).nonzero()[0])
    ends = rows.batch_sizes.cumsum(0)
    step = int(torch.searchsorted(ends, token, right=True))
    rank = token - int(ends[step] - rows.batch_sizes[step])
    row = rank if rows.order is None else int(rows.order[rank])
    raise UsageError(_told(row, step))


def check_finite(x: Tensor) -> None:
    """The same for a chunk of a stream.

    Args:
        x: (t, B, I).

    Raises:
        UsageError: an infinity or a NaN; its row and step are named.
    """
    if way((x,)) is Way.DIRECT and not _finite(x):
        step, row = (~x.isfinite().all(-1)).nonzero()[0]
        raise UsageError(_told(int(row), int(step)))


def _finite(x: Tensor) -> bool:
    """Whether all values are; one sum tells it in nearly all cases, for it is finite only where they are."""
    return bool(x.detach().sum().isfinite()) or bool(x.detach().isfinite().all())


def _told(row: int, step: int) -> str:
    return (
        f"input is not finite in row {row} at step {step} (both from 0): it would stay in the state for ever; "
        "mend it, or pass over the step with mask="
    )
