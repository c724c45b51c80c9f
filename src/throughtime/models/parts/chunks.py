"""Long sequences read piece by piece, the state kept in between: the room needed does not grow with their length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from throughtime.layers import Recurrent

__all__ = ["CHUNK_STEPS", "Chunk", "chunks", "in_chunks"]

CHUNK_STEPS = 8192
"""Steps read at a time: enough that a piece costs no time to begin."""


class Chunk(NamedTuple):
    """What came of a piece of each sequence."""

    h: Tensor
    """(B, steps, P), the output at its steps."""
    lengths: Tensor
    """(B,) how many of its steps are of each sequence; 0 where a sequence has ended before."""
    state: Any
    """The state after each sequence's last step so far, as the layers give it."""


def in_chunks(read: nn.Module, recurrent: Recurrent, inputs: Mapping[str, Tensor]) -> bool:
    """Tell whether a batch is read piece by piece: in evaluation without gradients, one way, and long.

    Args:
        read: what turns the arrays into steps; its ``by_step`` says whether it reads each step by itself.
        recurrent: the layers.
        inputs: what ``read`` takes by name, and ``lengths``; anything else is about the sequence as a whole.

    Returns:
        Whether :func:`chunks` gives what one pass does, and is of use.
    """
    if torch.is_grad_enabled() or recurrent.training or recurrent.bidirectional or not getattr(read, "by_step", False):
        return False
    steps = [tensor for name, tensor in inputs.items() if name != "lengths"]
    return len(steps) == 1 and steps[0].shape[1] > CHUNK_STEPS


def chunks(read: nn.Module, recurrent: Recurrent, inputs: Mapping[str, Tensor]) -> Iterator[Chunk]:
    """Read a batch piece by piece.

    Args:
        read: what turns the arrays into (B, T, I), step by step.
        recurrent: layers that read one way, batch first.
        inputs: what ``read`` takes by name, each (B, T, ...), and ``lengths`` (B,) int64.

    Yields:
        What came of each piece, in order.
    """
    lengths, state = inputs["lengths"], None
    arrays = {name: tensor for name, tensor in inputs.items() if name != "lengths"}
    steps = next(iter(arrays.values())).shape[1]
    for start in range(0, steps, CHUNK_STEPS):
        x = read(**{name: tensor[:, start : start + CHUNK_STEPS] for name, tensor in arrays.items()})
        here = (lengths - start).clamp(0, x.shape[1])
        h, state = recurrent(x, state, lengths=here)
        yield Chunk(h, here, state)
