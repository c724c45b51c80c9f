"""What recurrent layers end with, and what they are begun with, whatever parts their state has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from throughtime.layers import Recurrent
from throughtime.models.parts.cells import CELLS

__all__ = ["begins", "begun", "last_output", "parts_of"]

SCALES = {"n": 1.0, "m": 0.0}
"""Parts that scale others, and what they are where those are not scaled: the normaliser of exponential gates, and the
logarithm of what both are divided by (Beck et al. 2024, "xLSTM: extended long short-term memory")."""


def parts_of(recurrent: Recurrent) -> tuple[str, ...]:
    """Name the parts of a state, in order.

    Args:
        recurrent: the layers.

    Example:
        >>> from throughtime.models.parts.cells import stack
        >>> parts_of(stack("lstm", 3, 4))
        ('h', 'c')
    """
    return recurrent.cell.carry(recurrent.proj_size > 0)


def begins(recurrent: Recurrent) -> tuple[str, ...]:
    """Name the parts that a sequence can be begun with.

    Args:
        recurrent: the layers.
    """
    known = (row.begins for row in CELLS.values() if row.layer == type(recurrent).__name__)
    return next(known, tuple(part for part in parts_of(recurrent) if part not in SCALES))


def begun(parts: Sequence[str], given: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    """Make a whole state out of some of its parts.

    Args:
        parts: the names of all, in order.
        given: parts by name, one at least, each (L, B, H).

    Returns:
        All parts in order; those that were not given are zero, or do not scale the others.
    """
    like = next(iter(given.values()))
    return tuple(given[part] if part in given else torch.full_like(like, SCALES.get(part, 0.0)) for part in parts)


def last_output(recurrent: Recurrent, h: Tensor, state: Any, lengths: Tensor, before: Tensor | None = None) -> Tensor:
    """Give what recurrent layers end with: the output of each direction where it has read all.

    Args:
        recurrent: the layers.
        h: (B, T, P), their output.
        state: their state after it, as they return it.
        lengths: (B,) steps of each row.
        before: what they had ended with before these steps, for rows that have none of them; None: all rows have one.

    Returns:
        (B, P).
    """
    if not recurrent.around:  # then the state is the output
        part = state if isinstance(state, Tensor) else state[0]
        return torch.cat(list(part[-recurrent.directions :]), -1)
    lengths = lengths.to(h.device)
    last = h[torch.arange(len(h), device=h.device), (lengths - 1).clamp(min=0)]
    if recurrent.bidirectional:
        half = h.shape[-1] // 2
        last = torch.cat([last[:, :half], h[:, 0, half:]], -1)
    return last if before is None else torch.where((lengths > 0)[:, None], last, before)
