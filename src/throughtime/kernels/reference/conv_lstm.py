"""The convolutional LSTM of Shi et al. 2015."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from throughtime.errors import UsageError
from throughtime.kernels.reference.cell import CAPABILITIES, Cell, CellStep, Parameters

__all__ = ["ConvLSTMCell"]


class ConvLSTMCell(Cell):
    """ConvLSTM: an LSTM whose input, hidden state and memory are pictures, and whose products are convolutions.

    .. code-block:: text

        i[t] = sigmoid(W_xi * X[t] + W_hi * H[t-1] + w_ci . C[t-1] + b_i)                          (eq. 3)
        f[t] = sigmoid(W_xf * X[t] + W_hf * H[t-1] + w_cf . C[t-1] + b_f)
        C[t] = f[t] . C[t-1] + i[t] . tanh(W_xc * X[t] + W_hc * H[t-1] + b_c)
        o[t] = sigmoid(W_xo * X[t] + W_ho * H[t-1] + w_co . C[t] + b_o)
        H[t] = o[t] . tanh(C[t])

    ``*`` is a convolution that keeps the size (zeros beyond the edge), ``.`` a product number by number; a peephole w_c
    has a number for each channel and place. A row of the loop is a flattened picture (channels, height, width), so here
    I and H are channels * height * width. Parameters: ``weight_ih (4C', C, k, k')`` and ``weight_hh (4C', C', k, k')``
    for C channels in and C' out, ``bias_ih`` and ``bias_hh (4C',)``, and peepholes ``weight_ch (3C', height, width)``
    in the order i, f, o.

    Args:
        picture_size: (height, width).
        kernel_size: (k, k'), both odd.
        peepholes: whether the gates see C.

    Source: Shi et al. 2015, "Convolutional LSTM network: a machine learning approach for precipitation nowcasting",
    eq. 3; two biases, whose sum is the paper's, as in ``torch.nn.LSTM``.
    """

    gates = ("i", "f", "g", "o")
    capabilities = CAPABILITIES - {"layer_norm"}
    finite_only = True

    def __init__(self, picture_size: tuple[int, int], kernel_size: tuple[int, int], peepholes: bool = True) -> None:
        self.picture_size, self.kernel_size, self.peepholes = picture_size, kernel_size, peepholes
        place, kernel = ("x".join(map(str, size)) for size in (picture_size, kernel_size))
        self.name = f"conv_lstm_{kernel}_on_{place}" + ("_peephole" if peepholes else "")

    def carry(self, projected: bool) -> tuple[str, ...]:
        return ("h", "c")

    def fan_in(self, hidden_size: int) -> int:
        return hidden_size // math.prod(self.picture_size) * math.prod(self.kernel_size)

    def shapes(self, input_size: int, hidden_size: int, proj_size: int, bias: bool) -> dict[str, tuple[int, ...]]:
        if proj_size:
            raise UsageError(f"cell {self.name!r} has no projection: leave proj_size at 0")
        area = math.prod(self.picture_size)
        seen, channels = input_size // area, hidden_size // area
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (4 * channels, seen, *self.kernel_size),
            "weight_hh": (4 * channels, channels, *self.kernel_size),
        }
        if bias:
            shapes |= {"bias_ih": (4 * channels,), "bias_hh": (4 * channels,)}
        return {**shapes, "weight_ch": (3 * channels, *self.picture_size)} if self.peepholes else shapes

    def uses(self, name: str) -> int:
        return 0 if name == "weight_ch" else math.prod(self.picture_size)  # peepholes are products unit by unit

    def project(self, p: Parameters, x: Tensor) -> Tensor:
        return self._convolved(p, "ih", x)

    def step(self, p: Parameters, from_x: Tensor, h: Tensor, carry: tuple[Tensor, ...]) -> CellStep:
        _, c_prev = carry
        i, f, g, o = (from_x + self._convolved(p, "hh", h)).chunk(4, -1)
        w_ci, w_cf, w_co = p["weight_ch"].flatten().chunk(3) if self.peepholes else (None, None, None)
        i, f = torch.sigmoid(_peeped(i, w_ci, c_prev)), torch.sigmoid(_peeped(f, w_cf, c_prev))
        g = torch.tanh(g)
        c = f * c_prev + i * g
        o = torch.sigmoid(_peeped(o, w_co, c))
        return (o * torch.tanh(c), c), {"i": i, "f": f, "g": g, "o": o}

    def _convolved(self, p: Parameters, which: str, x: Tensor) -> Tensor:
        """``W * x + b`` of flattened pictures, (n, C*height*width) -> (n, 4C'*height*width)."""
        weight = p[f"weight_{which}"]
        pictures = x.reshape(x.shape[0], weight.shape[1], *self.picture_size)
        return functional.conv2d(pictures, weight, p.get(f"bias_{which}"), padding="same").flatten(1)


def _peeped(a: Tensor, w: Tensor | None, c: Tensor) -> Tensor:
    return a if w is None else torch.addcmul(a, w, c)
