"""The cells under test: how their layers are made, what kind each is, and which options it does not have."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from throughtime.kernels.reference.cell import Cell, affine
from throughtime.layers import GRU, LRU, LSTM, RGLRU, RNN, SLSTM, SRU, IndRNN, MinGRU, MinLSTM, ParaGRU, Recurrent


class MinimalGatedUnit(Cell):
    """A user's own cell (Zhou et al. 2016), as the documentation shows how to write one."""

    name = "mgu"
    gates = ("f", "n")

    def step(self, p: Any, from_x: Tensor, h: Tensor, carry: tuple[Tensor, ...]) -> Any:
        (h_prev,) = carry
        f_x, n_x = from_x.chunk(2, -1)
        f_h, n_h = affine(p, "hh", h).chunk(2, -1)
        f = torch.sigmoid(f_x + f_h)
        n = torch.tanh(n_x + f * n_h)
        return ((1 - f) * h_prev + f * n,), {"f": f, "n": n}


MAKERS: dict[str, Any] = {
    "lstm": LSTM,
    "gru": GRU,
    "gru_reset_before": lambda *a, **k: GRU(*a, reset_after=False, **k),
    "rnn_tanh": RNN,
    "rnn_relu": lambda *a, **k: RNN(*a, nonlinearity="relu", **k),
    "mgu": lambda *a, **k: Recurrent(MinimalGatedUnit(), *a, **k),
    "mingru": MinGRU,
    "mingru_log": lambda *a, **k: MinGRU(*a, log_space=True, **k),
    "minlstm": MinLSTM,
    "minlstm_log": lambda *a, **k: MinLSTM(*a, log_space=True, **k),
    "lru": LRU,
    "rglru": RGLRU,
    "sru": SRU,
    "indrnn_relu": IndRNN,
    "indrnn_tanh": lambda *a, **k: IndRNN(*a, nonlinearity="tanh", **k),
    "paragru": ParaGRU,
    "slstm_1": SLSTM,
    "slstm_2": lambda *a, **k: SLSTM(*a, heads=2, **k),
    "slstm_1_exp": lambda *a, **k: SLSTM(*a, exponential_forget=True, **k),
}
"""Cell -> its layer."""

SLSTMS = ("slstm_1", "slstm_2", "slstm_1_exp")
LINEAR = ("mingru", "mingru_log", "minlstm", "minlstm_log", "lru", "rglru")
"""Diagonal cells whose step is linear in the state."""
DIAGONAL = (*LINEAR, "sru", "indrnn_relu", "indrnn_tanh", "paragru")
DENSE = tuple(name for name in MAKERS if name not in (*DIAGONAL, *SLSTMS))
"""Cells with a product of h in which every unit meets every other."""

PARTS = {
    "mingru": (2, 1), "minlstm": (3, 1), "lru": (3, 3), "rglru": (3, 1), "sru": (4, 2), "indrnn": (1, 1),
    "paragru": (3, 1), "slstm": (4, 4),
}  # fmt: skip
"""Kind of cell -> blocks of H in its weight_ih, parts of its carry."""

DECLINED: dict[str, set[str]] = {
    **{name: {"zoneout", "recurrent_dropout", "weight_dropout"} for name in DIAGONAL},
    **{name: {"zoneout", "layer_norm"} for name in SLSTMS},
}
"""Cell -> the options that it does not have; projection and peepholes, which few have, apart."""
DECLINED["lru"] = DECLINED["lru"] | {"layer_norm"}


def able(cell: str, options: dict[str, Any]) -> dict[str, Any]:
    """Those of the options that the cell has."""
    return {name: value for name, value in options.items() if name not in DECLINED.get(cell, ())}
