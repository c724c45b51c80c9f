"""The real-gated linear recurrent unit of De et al. 2024."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus

from throughtime.kernels.reference.cell import Parameters
from throughtime.kernels.reference.diagonal.cell import LinearCell, State

__all__ = ["RGLRUCell"]

_SHARPNESS = 8.0
"""c of the paper: how far an open recurrence gate shortens a unit's memory."""


class RGLRUCell(LinearCell):
    """RG-LRU: a decay of each unit's own, quickened by a gate of the input, and an input scaled to keep the variance.

    .. code-block:: text

        r[t] = sigmoid(W_r x[t] + b_r)                                          recurrence gate        (eq. 1)
        i[t] = sigmoid(W_i x[t] + b_i)                                          input gate             (eq. 2)
        a[t] = a^(8 r[t]),  a = sigmoid(lambda)                                                        (eq. 3)
        h[t] = a[t] h[t-1] + sqrt(1 - a[t]^2) (i[t] (W_n x[t] + b_n))                                  (eq. 4)

    The paper's x[t] is the output of the linear layer that stands before the recurrence in its block: here that layer
    is W_n, and the gates read its input.

    Source: De et al. 2024, "Griffin: mixing gated linear recurrences with local attention for efficient language
    models", section 2.4; lambda starts so that a^8 is uniform in 0.9 to 0.999.
    """

    name = "rglru"
    gates = ("r", "i", "n")
    own = ("decay",)

    def start(self, p: dict[str, Tensor]) -> None:
        a = torch.empty_like(p["decay"]).uniform_(0.9, 0.999) ** (1 / _SHARPNESS)
        p["decay"].copy_(torch.log(a / (1 - a)))

    def numbers(self, p: Parameters) -> State:
        return (_SHARPNESS * softplus(-p["decay"]),)  # -log a^8

    def coefficients(self, x: State, own: State) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        r, i = torch.sigmoid(x[0]), torch.sigmoid(x[1])
        decay = -own[0] * r
        lost = -torch.expm1(2 * decay)
        kept_whole = lost == 0  # there the root has no slope, and r, by which that is multiplied, has none either
        scale = torch.where(kept_whole, 0.0, torch.sqrt(torch.where(kept_whole, 1.0, lost)))
        return torch.exp(decay), scale * (i * x[2]), {"r": r, "i": i, "n": x[2]}
