"""The simple recurrent unit of Lei et al. 2018."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from throughtime.kernels.reference.diagonal.cell import DiagonalCell, State

__all__ = ["SRUCell"]


class SRUCell(DiagonalCell):
    """SRU: a memory with gates that see it unit by unit, and a highway past it.

    .. code-block:: text

        f[t] = sigmoid(W_f x[t] + v_f c[t-1] + b_f)                                                    (eq. 1)
        c[t] = f[t] c[t-1] + (1 - f[t]) (W x[t])                                                       (eq. 2)
        r[t] = sigmoid(W_r x[t] + v_r c[t-1] + b_r)                                                    (eq. 3)
        h[t] = r[t] c[t] + (1 - r[t]) W_s x[t]                                                         (eq. 4)

    The paper's highway carries x itself (times a constant, section 3.2), which asks for I = H; W_s, as in the authors'
    own layers where sizes differ, learns that constant. Candidate and highway have no bias in the paper; here every
    block has one where ``bias`` is on. The state is (h, c).

    Source: Lei, Zhang, Wang, Dai and Artzi 2018, "Simple recurrent units for highly parallelizable recurrence".
    """

    name = "sru"
    gates = ("n", "f", "r", "s")
    own = ("v_f", "v_r")
    state = ("h", "c")
    keeps: ClassVar[Mapping[str, int]] = {"f": 1}

    def unit(self, x: State, own: State, state: State) -> tuple[State, dict[str, Tensor]]:
        (n, f_x, r_x, s), (v_f, v_r), (_, c_prev) = x, own, state
        f = torch.sigmoid(f_x + v_f * c_prev)
        r = torch.sigmoid(r_x + v_r * c_prev)
        c = f * c_prev + (1 - f) * n
        return (r * c + (1 - r) * s, c), {"n": n, "f": f, "r": r, "s": s}
