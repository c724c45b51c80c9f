"""The simple recurrent network (Elman 1990)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from throughtime.axes import GATES
from throughtime.kernels.reference.cell import Cell, CellStep, Parameters, affine

__all__ = ["ElmanCell"]


class ElmanCell(Cell):
    """Elman's cell, with tanh or relu.

    .. code-block:: text

        h[t] = tanh(W_ih x[t] + b_ih + W_hh h[t-1] + b_hh)          (or relu)

    Layer-normalised: each of the two products is normalised before its bias is added.

    Source: Elman 1990, "Finding structure in time", Cognitive Science 14; two biases as in ``torch.nn.RNN``.
    """

    gates = GATES["rnn"]

    def __init__(self, nonlinearity: Literal["tanh", "relu"] = "tanh") -> None:
        self.name = f"rnn_{nonlinearity}"
        self.nonlinearity = nonlinearity

    def step(self, p: Parameters, from_x: Tensor, h: Tensor, carry: tuple[Tensor, ...]) -> CellStep:
        a = from_x + affine(p, "hh", h)
        h_next = torch.relu(a) if self.nonlinearity == "relu" else torch.tanh(a)
        return (h_next,), {"a": a}
