"""The legend: what the letters, the gate orders and the carries mean, stated once.

======  ==========================================================================
letter  axis
======  ==========================================================================
B       batch: independent sequences
T       time: steps of the longest sequence
N       tokens: real (sequence, step) pairs, packed; N = B*T when nothing is ragged
I       input features of one step
H       hidden units of one cell
P       width of the output h: H, or the projection's size
G       gates of the cell, laid out as G blocks of H along one axis
D       directions: 1, or 2 when bidirectional (forward first)
L       layers of a stack
======  ==========================================================================

Packed rows are ordered by step, and inside a step by *rank*: rank 0 is the longest sequence. ``batch_sizes[t]``
sequences are alive at step t, always the first ranks, so step t is one contiguous block of rows. This is the layout of
:class:`torch.nn.utils.rnn.PackedSequence`.
"""

from __future__ import annotations

__all__ = ["CARRY", "GATES"]

GATES: dict[str, tuple[str, ...]] = {
    "rnn": ("a",),
    "lstm": ("i", "f", "g", "o"),
    "gru": ("r", "z", "n"),
}
"""Order of the gate blocks along the G*H axis of weights and biases: PyTorch's."""

CARRY: dict[str, tuple[str, ...]] = {
    "rnn": ("h",),
    "lstm": ("h", "c"),
    "gru": ("h",),
}
"""What a cell hands from one step to the next; ``h`` is always first and is the output."""
