"""The minimal long short-term memory of Feng et al. 2024."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from throughtime.kernels.reference.diagonal.cell import LinearCell, State, positive

__all__ = ["MinLSTMCell"]


class MinLSTMCell(LinearCell):
    """minLSTM: gates that do not look back, made to sum to one, and no output gate.

    .. code-block:: text

        i[t], f[t] = sigmoid(W_i x[t] + b_i), sigmoid(W_f x[t] + b_f)
        g[t] = W_g x[t] + b_g                    log_space: g(W_g x[t] + b_g), never negative
        f'[t] = f[t] / (f[t] + i[t])             i'[t] = i[t] / (f[t] + i[t])
        h[t] = f'[t] h[t-1] + i'[t] g[t]

    Source: Feng, Tung, Ahmed, Bengio and Hajimirsadeghi 2024, "Were RNNs all we needed?", section 3.2.4 (the form whose
    scale does not depend on time); log_space, appendix B.
    """

    gates = ("i", "f", "g")

    def __init__(self, log_space: bool = False) -> None:
        self.log_space = log_space
        self.name = "minlstm_log" if log_space else "minlstm"

    def coefficients(self, x: State, own: State) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        f = torch.sigmoid(logsigmoid(x[1]) - logsigmoid(x[0]))  # f / (f + i), and no quotient of two zeros
        g = positive(x[2]) if self.log_space else x[2]
        return f, (1 - f) * g, {"i": 1 - f, "f": f, "g": g}
