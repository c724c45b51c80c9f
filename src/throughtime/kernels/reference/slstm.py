"""The scalar long short-term memory of Beck et al. 2024."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from throughtime.axes import GATES
from throughtime.errors import UsageError
from throughtime.kernels.reference.cell import CAPABILITIES, Cell, CellStep, Parameters

__all__ = ["SLSTMCell"]


class SLSTMCell(Cell):
    """sLSTM: exponential gates, a normaliser beside the memory, and heads that do not mix.

    .. code-block:: text

        i~, f~, z~, o~ = W x[t] + R h[t-1] + b        R block-diagonal: each head sees its own h      (eq. 11-14)
        m[t] = max(log f[t] + m[t-1], i~[t])          f = sigmoid(f~) or exp(f~); i~[t] where n = 0   (eq. 15)
        i' = exp(i~ - m[t])
        f' = exp(log f[t] + m[t-1] - m[t])                                                            (eq. 16-17)
        c[t] = f' c[t-1] + i' tanh(z~)                                                                (eq. 8)
        n[t] = f' n[t-1] + i'                                                                         (eq. 9)
        h[t] = sigmoid(o~) c[t] / n[t]                                                                (eq. 10)

    ``weight_hh (4H, H/heads)`` holds for each gate and unit the row over the units of its head. The state is (h, c, n,
    m): n and m scale c and n alike, and h does not depend on that scale.

    Source: Beck et al. 2024, "xLSTM: extended long short-term memory", section 2.2; the gates in the order of an LSTM.
    """

    gates = GATES["lstm"]
    capabilities = CAPABILITIES - {"zoneout", "layer_norm"}
    finite_only = True

    def __init__(self, heads: int = 1, exponential_forget: bool = False) -> None:
        self.heads, self.exponential_forget = heads, exponential_forget
        self.name = f"slstm_{heads}" + ("_exp" if exponential_forget else "")

    def carry(self, projected: bool) -> tuple[str, ...]:
        return ("h", "c", "n", "m")

    def shapes(self, input_size: int, hidden_size: int, proj_size: int, bias: bool) -> dict[str, tuple[int, ...]]:
        if hidden_size % self.heads:
            raise UsageError(f"hidden_size {hidden_size} does not divide into {self.heads} heads")
        shapes = super().shapes(input_size, hidden_size, proj_size, bias)
        return shapes | {"weight_hh": (4 * hidden_size, hidden_size // self.heads)}

    def step(self, p: Parameters, from_x: Tensor, h: Tensor, carry: tuple[Tensor, ...]) -> CellStep:
        _, c, n, m = carry
        i_, f_, z_, o_ = (from_x + self.recurrent(p, h)).chunk(4, -1)
        log_f = f_ if self.exponential_forget else logsigmoid(f_)
        m_next = torch.where(n == 0, i_, torch.maximum(log_f + m, i_))  # before anything is kept there is no scale
        i, f = torch.exp(i_ - m_next), self.forgetting(log_f + m - m_next)
        z, o = torch.tanh(z_), torch.sigmoid(o_)
        c_next, n_next = f * c + i * z, f * n + i
        return (o * c_next / n_next, c_next, n_next, m_next), {"i": i, "f": f, "g": z, "o": o}

    @staticmethod
    def forgetting(exponent: Tensor) -> Tensor:
        """``f'``; its exponent is at most 0 but before anything is kept, where f' is a factor of zeros.

        Args:
            exponent: log f + m[t-1] - m[t].
        """
        return torch.exp(exponent.clamp(max=math.log(torch.finfo(exponent.dtype).max) - 1))

    def recurrent(self, p: Parameters, h: Tensor) -> Tensor:
        """``R h + b_hh``, each head's product by itself: (n, 4H).

        Args:
            p: the parameters.
            h: (n, H).
        """
        size = h.shape[-1] // self.heads
        blocks = p["weight_hh"].view(4, self.heads, size, size)
        product = torch.einsum("ghuv,nhv->nghu", blocks, h.view(-1, self.heads, size)).reshape(h.shape[0], -1)
        return product + p["bias_hh"] if "bias_hh" in p else product
