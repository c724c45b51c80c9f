"""What is computed: a cell, its sizes, its lengths, and how many operations that takes."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from throughtime.axes import GATES

__all__ = ["Work", "Workload"]

Work = Callable[[], Any]
"""One call of what is timed; it returns what was computed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """One computation, the same for every library that takes part."""

    cell: str
    """"lstm", "gru" or "rnn" (tanh)."""
    batch: int
    """B."""
    hidden: int
    """H; the input is as wide."""
    steps: int = 100
    """T, steps of the longest row."""
    layers: int = 1
    """L."""
    bidirectional: bool = False
    """Two directions, side by side."""
    dropout: float = 0.0
    """Probability of dropping an output between layers."""
    training: bool = False
    """Forward and backward with the gradients of the input and of all weights; else inference."""
    ragged: bool = False
    """Lengths uniform from 10 to T; else every row has T steps."""
    dtype: str = "float32"
    """Type of the computation."""
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Options that only our layer has."""

    @property
    def directions(self) -> int:
        """D."""
        return 2 if self.bidirectional else 1

    @property
    def lengths(self) -> list[int]:
        """Real steps of each row; the same ones in every process."""
        if not self.ragged:
            return [self.steps] * self.batch
        draw = random.Random(self.batch)
        return [draw.randint(min(10, self.steps), self.steps) for _ in range(self.batch)]

    @property
    def operations(self) -> int:
        """Floating-point operations of the input and recurrent products over the real steps.

        2GH(I+H) a token, layer and direction; training does three times that, for the gradients of the states and of
        the weights are a product each.
        """
        widths = [self.hidden] + [self.directions * self.hidden] * (self.layers - 1)
        per_token = sum(2 * len(GATES[self.cell]) * self.hidden * (width + self.hidden) for width in widths)
        return per_token * self.directions * sum(self.lengths) * (3 if self.training else 1)
