"""The independently recurrent network of Li et al. 2018."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from throughtime.kernels.reference.diagonal.cell import DiagonalCell, State

__all__ = ["IndRNNCell"]


class IndRNNCell(DiagonalCell):
    """IndRNN: Elman's network whose units see their own past alone.

    .. code-block:: text

        h[t] = relu(W_ih x[t] + b_ih + u h[t-1])          (or tanh)                                    (eq. 2)

    Source: Li, Li, Cook, Zhu and Gao 2018, "Independently recurrent neural network (IndRNN): building a longer and
    deeper RNN"; u starts uniform in 0 to 1, section 4.
    """

    gates = ("a",)
    own = ("u",)

    def __init__(self, nonlinearity: Literal["relu", "tanh"] = "relu") -> None:
        self.name = f"indrnn_{nonlinearity}"
        self.nonlinearity = nonlinearity

    def start(self, p: dict[str, Tensor]) -> None:
        p["u"].uniform_(0.0, 1.0)

    def unit(self, x: State, own: State, state: State) -> tuple[State, dict[str, Tensor]]:
        a = x[0] + own[0] * state[0]
        return (torch.relu(a) if self.nonlinearity == "relu" else torch.tanh(a),), {"a": a}
