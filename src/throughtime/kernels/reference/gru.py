"""The gated recurrent unit (Cho et al. 2014), in both reset forms."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from throughtime.axes import CARRY, GATES
from throughtime.errors import UsageError
from throughtime.kernels.reference.cell import CAPABILITIES, Cell, CellStep, Parameters, affine

__all__ = ["GRUCell"]


class GRUCell(Cell):
    """GRU, its reset gate after the recurrent product (PyTorch, cuDNN) or before it (Cho et al.).

    .. code-block:: text

        r = sigmoid(W_ir x[t] + b_ir + W_hr h[t-1] + b_hr)
        z = sigmoid(W_iz x[t] + b_iz + W_hz h[t-1] + b_hz)
        n = tanh(W_in x[t] + b_in + r * (W_hn h[t-1] + b_hn))          reset after   ("gru")
        n = tanh(W_in x[t] + b_in + W_hn (r * h[t-1]) + b_hn)          reset before  ("gru_reset_before"; Keras too)
        h[t] = (1 - z) * n + z * h[t-1]

    Projected (``weight_hr``; reset after only): the memory keeps its H units and is carried beside its projection,

    .. code-block:: text

        m[t] = (1 - z) * n + z * m[t-1]        h[t] = W_hr m[t]        carry (h, m)

    Layer-normalised, reset after: ``LN(W_ih x)`` and ``LN(W_hh h)``, each over all 3H, reset applied after the norm.
    Reset before: the candidate's product is a separate one, so its block of ``ln_hh`` normalises it alone, and the
    other block normalises the 2H of r and z.

    Sources: Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder for statistical machine
    translation", eq. 5-8 (there z and 1-z are exchanged: PyTorch's sense is used here); reset after: Appleyard, Kocisky
    and Blunsom 2016, "Optimizing performance of recurrent neural networks on GPUs"; layer norm after Ba, Kiros and
    Hinton 2016, "Layer normalization" (who normalise the r, z block and the candidate's block apart; here each product
    is normalised once, as in their LSTM, eq. 20).
    """

    gates = GATES["gru"]
    capabilities = CAPABILITIES | {"projection"}

    def __init__(self, reset_after: bool = True) -> None:
        self.reset_after = reset_after
        self.name = "gru" if reset_after else "gru_reset_before"

    def carry(self, projected: bool) -> tuple[str, ...]:
        return ("h", "m") if projected else CARRY["gru"]

    def shapes(self, input_size: int, hidden_size: int, proj_size: int, bias: bool) -> dict[str, tuple[int, ...]]:
        if proj_size and not self.reset_after:
            raise UsageError(
                "a projected GRU resets after the product: r has H units, h has proj_size (reset_after=True)"
            )
        return super().shapes(input_size, hidden_size, proj_size, bias)

    def step(self, p: Parameters, from_x: Tensor, h: Tensor, carry: tuple[Tensor, ...]) -> CellStep:
        gate = self._reset_after if self.reset_after else self._reset_before
        r, z, n = gate(p, from_x, h)
        m = (1 - z) * n + z * carry[-1]
        gates = {"r": r, "z": z, "n": n}
        if "weight_hr" in p:
            return (functional.linear(m, p["weight_hr"]), m), gates
        return (m,), gates

    def _reset_after(self, p: Parameters, from_x: Tensor, h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        r_x, z_x, n_x = from_x.chunk(3, -1)
        r_h, z_h, n_h = affine(p, "hh", h).chunk(3, -1)
        r, z = torch.sigmoid(r_x + r_h), torch.sigmoid(z_x + z_h)
        return r, z, torch.tanh(n_x + r * n_h)

    def _reset_before(self, p: Parameters, from_x: Tensor, h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        blocks = from_x.shape[-1] // 3
        r_x, z_x, n_x = from_x.chunk(3, -1)
        gating, candidate = _rows(p, slice(0, 2 * blocks)), _rows(p, slice(2 * blocks, None))
        r_h, z_h = affine(gating, "hh", h).chunk(2, -1)
        r, z = torch.sigmoid(r_x + r_h), torch.sigmoid(z_x + z_h)
        return r, z, torch.tanh(n_x + affine(candidate, "hh", r * h))


def _rows(p: Parameters, block: slice) -> Parameters:
    """The recurrent parameters of some gates: their rows of ``W_hh``, ``b_hh`` and ``ln_hh``."""
    return {name: tensor[block] for name, tensor in p.items() if "_hh" in name}
