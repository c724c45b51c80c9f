"""What a stream asks of the layer that it steps through; so the layer can make streams, and they need not know it."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from throughtime.kernels.call import Call
from throughtime.kernels.dispatch import Request
from throughtime.kernels.reference.cell import Cell
from throughtime.layers.construction.block import Block
from throughtime.layers.states import States

__all__ = ["Streamable"]


class Streamable(Protocol):
    """A one-directional stack as a stream sees it; :class:`throughtime.Recurrent` is one."""

    @property
    def input_size(self) -> int:
        """I."""
        ...

    @property
    def output_size(self) -> int:
        """P of the last layer."""
        ...

    @property
    def cell(self) -> Cell:
        """The cell that is stepped."""
        ...

    @property
    def batch_first(self) -> bool:
        """Whether a chunk is (B, t, I) instead of (t, B, I)."""
        ...

    @property
    def around(self) -> list[str]:
        """Options that put something around the layers, such as residual sums."""
        ...

    @property
    def bare(self) -> bool:
        """Whether one step is exactly torch's own cell."""
        ...

    def step_calls(self, batch_size: int) -> list[Call]:
        """One call per layer for a single step of B rows from the initial state, in inference."""
        ...

    def block(self, layer: int) -> Block:
        """What stands around a layer, with its weights as they are now."""
        ...

    def states(self, batch: int, like: Tensor) -> States:
        """How the states of B rows like ``like`` (dtype, device) look outside and inside."""
        ...

    def request(self, like: Tensor, batch: int, *, dense: bool, resets: bool) -> Request:
        """What a call on the data ``like`` (..., I) asks of a kernel."""
        ...
