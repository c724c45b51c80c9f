"""The minimal gated recurrent unit of Feng et al. 2024."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from throughtime.kernels.reference.diagonal.cell import LinearCell, State, positive

__all__ = ["MinGRUCell"]


class MinGRUCell(LinearCell):
    """minGRU: a GRU whose gate and candidate do not look back.

    .. code-block:: text

        z[t] = sigmoid(W_z x[t] + b_z)
        n[t] = W_n x[t] + b_n                    log_space: g(W_n x[t] + b_n), never negative
        h[t] = (1 - z[t]) h[t-1] + z[t] n[t]

    Source: Feng, Tung, Ahmed, Bengio and Hajimirsadeghi 2024, "Were RNNs all we needed?", section 3.1.3; the form in
    log-space, appendix B. There the positive candidate lets the scan add logarithms; the scan here needs no logarithms
    to be stable, so that form is the same scan with that candidate.
    """

    gates = ("z", "n")
    keeps: ClassVar[Mapping[str, int]] = {"z": -1}

    def __init__(self, log_space: bool = False) -> None:
        self.log_space = log_space
        self.name = "mingru_log" if log_space else "mingru"

    def coefficients(self, x: State, own: State) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        z = torch.sigmoid(x[0])
        n = positive(x[1]) if self.log_space else x[1]
        return 1 - z, z * n, {"z": z, "n": n}
