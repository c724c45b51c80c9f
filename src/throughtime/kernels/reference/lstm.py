"""Long short-term memory (Hochreiter and Schmidhuber 1997; forget gate by Gers et al. 2000)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from throughtime.axes import CARRY, GATES
from throughtime.kernels.reference.cell import CAPABILITIES, Cell, CellStep, Parameters, affine, normalise

__all__ = ["LSTMCell"]


class LSTMCell(Cell):
    """LSTM with forget gate; optional projection, peepholes and layer norm.

    .. code-block:: text

        i, f, g, o = split(W_ih x[t] + b_ih + W_hh h[t-1] + b_hh)
        i = sigmoid(i + w_ci * c[t-1])      f = sigmoid(f + w_cf * c[t-1])      (w_c*: peepholes, if any)
        c[t] = f * c[t-1] + i * tanh(g)
        o = sigmoid(o + w_co * c[t])
        h[t] = W_hr (o * tanh(c[t]))                                           (W_hr: projection, if any)

    Layer-normalised: ``LN(W_ih x)``, ``LN(W_hh h)`` (each over all 4H), and ``tanh(LN(c))`` in the last line.

    Sources: Hochreiter and Schmidhuber 1997, "Long short-term memory"; Gers, Schmidhuber and Cummins 2000, "Learning to
    forget"; peepholes: Gers, Schraudolph and Schmidhuber 2002, "Learning precise timing with LSTM recurrent networks",
    eq. 1-8; projection: Sak, Senior and Beaufays 2014, "Long short-term memory based recurrent neural network
    architectures"; layer norm: Ba, Kiros and Hinton 2016, "Layer normalization", eq. 20-22.
    """

    gates = GATES["lstm"]
    capabilities = CAPABILITIES | {"projection"}

    def __init__(self, peepholes: bool = False) -> None:
        self.peepholes = peepholes
        self.name = "lstm_peephole" if peepholes else "lstm"

    def shapes(self, input_size: int, hidden_size: int, proj_size: int, bias: bool) -> dict[str, tuple[int, ...]]:
        shapes = super().shapes(input_size, hidden_size, proj_size, bias)
        return {**shapes, "weight_ch": (3 * hidden_size,)} if self.peepholes else shapes

    def carry(self, projected: bool) -> tuple[str, ...]:
        return CARRY["lstm"]

    def norms(self, hidden_size: int) -> dict[str, int]:
        return {**super().norms(hidden_size), "ln_c": hidden_size}

    def step(self, p: Parameters, from_x: Tensor, h: Tensor, carry: tuple[Tensor, ...]) -> CellStep:
        _, c_prev = carry
        i, f, g, o = (from_x + affine(p, "hh", h)).chunk(4, -1)
        if "weight_ch" in p:
            w_ci, w_cf, _ = p["weight_ch"].chunk(3)
            i, f = i + w_ci * c_prev, f + w_cf * c_prev
        i, f, g = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g)
        c = f * c_prev + i * g
        if "weight_ch" in p:
            o = o + p["weight_ch"].chunk(3)[2] * c
        o = torch.sigmoid(o)
        h_next = o * torch.tanh(normalise(p, "ln_c", c))
        if "weight_hr" in p:
            h_next = functional.linear(h_next, p["weight_hr"])
        return (h_next, c), {"i": i, "f": f, "g": g, "o": o}
