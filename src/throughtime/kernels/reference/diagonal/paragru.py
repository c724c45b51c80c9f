"""The diagonal gated recurrent unit of Danieli et al. 2025."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from throughtime.kernels.reference.diagonal.cell import DiagonalCell, State

__all__ = ["ParaGRUCell"]


class ParaGRUCell(DiagonalCell):
    """ParaGRU: a GRU whose recurrent matrices are diagonal, so that Newton's method can solve all steps at once.

    .. code-block:: text

        z[t] = sigmoid(W_z x[t] + b_z + u_z h[t-1])
        r[t] = sigmoid(W_r x[t] + b_r + u_r h[t-1])
        n[t] = tanh(W_n x[t] + b_n + u_n (r[t] h[t-1]))
        h[t] = (1 - z[t]) h[t-1] + z[t] n[t]

    Source: Danieli et al. 2025, "ParaRNN: unlocking parallel training of nonlinear RNNs for large language models",
    section 3 (the ParaGRU cell).
    """

    name = "paragru"
    gates = ("z", "r", "n")
    own = ("u_z", "u_r", "u_n")
    keeps: ClassVar[Mapping[str, int]] = {"z": -1}

    def unit(self, x: State, own: State, state: State) -> tuple[State, dict[str, Tensor]]:
        (z_x, r_x, n_x), (u_z, u_r, u_n), (h,) = x, own, state
        z, r = torch.sigmoid(z_x + u_z * h), torch.sigmoid(r_x + u_r * h)
        n = torch.tanh(n_x + u_n * (r * h))
        return ((1 - z) * h + z * n,), {"z": z, "r": r, "n": n}
