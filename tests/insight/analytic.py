"""Networks of which it is known on paper what they forget."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from throughtime.kernels.reference.cell import Cell, affine
from throughtime.layers import LSTM, Recurrent


class LinearCell(Cell):
    """h[t] = W x[t] + U h[t-1]: an RNN without its tanh."""

    name = "test_linear"
    gates = ("a",)

    def step(self, p: Any, from_x: Tensor, h: Tensor, carry: tuple[Tensor, ...]) -> Any:
        a = from_x + affine(p, "hh", h)
        return (a,), {"a": a}


def linear(eigenvalues: list[float], inputs: int = 3) -> Recurrent:
    """A linear network whose U is symmetric and has these eigenvalues."""
    size = len(eigenvalues)
    layer = Recurrent(LinearCell(), inputs, size, dtype=torch.float64)
    turn, _ = torch.linalg.qr(torch.randn(size, size, dtype=torch.float64))
    with torch.no_grad():
        layer.weight_hh_l0.copy_(turn @ torch.diag(torch.tensor(eigenvalues, dtype=torch.float64)) @ turn.T)
    return layer


def held_lstm(forget: float, size: int = 4, inputs: int = 3) -> LSTM:
    """An LSTM whose forget gate is the same number whatever is read: nothing looks back but c."""
    layer = LSTM(inputs, size, dtype=torch.float64)
    with torch.no_grad():
        layer.weight_hh_l0.zero_()
        layer.bias_hh_l0.zero_()
        layer.bias_ih_l0.zero_()
        layer.weight_ih_l0[size : 2 * size] = 0
        layer.bias_ih_l0[size : 2 * size] = math.log(forget / (1 - forget))
    return layer
