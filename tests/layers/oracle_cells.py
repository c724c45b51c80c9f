"""Each cell restated: one step of one sequence, one gate at a time.

A cell takes the parameters, x (I,), h as the recurrent product sees it, and the true carry; it gives the next carry and
the gates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Parameters = Mapping[str, Tensor]
Carry = list[Tensor]


def norm(p: Parameters, name: str, a: Tensor, rows: slice = slice(None)) -> Tensor:
    """Ba, Kiros and Hinton 2016, eq. 3-4, with epsilon 1e-5; the identity where there is no such norm."""
    if f"{name}.weight" not in p:
        return a
    centred = a - a.mean()
    return centred / (centred.square().mean() + 1e-5).sqrt() * p[f"{name}.weight"][rows] + p[f"{name}.bias"][rows]


def product(p: Parameters, which: str, v: Tensor, gates: int, rows: slice = slice(None)) -> list[Tensor]:
    """``LN(W v) + b`` gate by gate."""
    a = norm(p, f"ln_{which}", p[f"weight_{which}"][rows] @ v, rows)
    a = a + p[f"bias_{which}"][rows] if f"bias_{which}" in p else a
    width = a.shape[0] // gates
    return [a[k * width : (k + 1) * width] for k in range(gates)]


def sigmoid(a: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-a))


def lstm(p: Parameters, x: Tensor, seen: Tensor, carry: Carry) -> tuple[Carry, dict[str, Tensor]]:
    c = carry[1]
    i, f, g, o = (a + b for a, b in zip(product(p, "ih", x, 4), product(p, "hh", seen, 4), strict=True))
    peep = p["weight_ch"].reshape(3, -1) if "weight_ch" in p else torch.zeros(3, c.shape[0], dtype=c.dtype)
    i, f, g = sigmoid(i + peep[0] * c), sigmoid(f + peep[1] * c), torch.tanh(g)
    c = f * c + i * g
    o = sigmoid(o + peep[2] * c)
    h = o * torch.tanh(norm(p, "ln_c", c))
    return [p["weight_hr"] @ h if "weight_hr" in p else h, c], {"i": i, "f": f, "g": g, "o": o}


def gru(p: Parameters, x: Tensor, seen: Tensor, carry: Carry) -> tuple[Carry, dict[str, Tensor]]:
    r_x, z_x, n_x = product(p, "ih", x, 3)
    r_h, z_h, n_h = product(p, "hh", seen, 3)
    r, z = sigmoid(r_x + r_h), sigmoid(z_x + z_h)
    n = torch.tanh(n_x + r * n_h)
    m = n + z * (carry[-1] - n)
    return ([p["weight_hr"] @ m, m] if "weight_hr" in p else [m]), {"r": r, "z": z, "n": n}


def gru_reset_before(p: Parameters, x: Tensor, seen: Tensor, carry: Carry) -> tuple[Carry, dict[str, Tensor]]:
    r_x, z_x, n_x = product(p, "ih", x, 3)
    cut = 2 * r_x.shape[0]
    r_h, z_h = product(p, "hh", seen, 2, slice(0, cut))
    r, z = sigmoid(r_x + r_h), sigmoid(z_x + z_h)
    (n_h,) = product(p, "hh", r * seen, 1, slice(cut, None))
    n = torch.tanh(n_x + n_h)
    return [n + z * (carry[0] - n)], {"r": r, "z": z, "n": n}


def elman(act: Callable[[Tensor], Tensor]) -> Callable[..., tuple[Carry, dict[str, Tensor]]]:
    def step(p: Parameters, x: Tensor, seen: Tensor, carry: Carry) -> tuple[Carry, dict[str, Tensor]]:
        a = product(p, "ih", x, 1)[0] + product(p, "hh", seen, 1)[0]
        return [act(a)], {"a": a}

    return step


def mgu(p: Parameters, x: Tensor, seen: Tensor, carry: Carry) -> tuple[Carry, dict[str, Tensor]]:
    """The minimal gated unit, the user's own cell of these tests (see cases.py)."""
    (f_x, n_x), (f_h, n_h) = product(p, "ih", x, 2), product(p, "hh", seen, 2)
    f = sigmoid(f_x + f_h)
    n = torch.tanh(n_x + f * n_h)
    return [carry[0] + f * (n - carry[0])], {"f": f, "n": n}


# -- cells whose units see their own past alone; what they read of the input is one product of it ------------------


def never_negative(a: Tensor) -> Tensor:
    """Feng et al. 2024, appendix B: g."""
    return torch.where(a >= 0, a + 0.5, sigmoid(a))


def mingru(candidate: Callable[[Tensor], Tensor]) -> Callable[..., tuple[Carry, dict[str, Tensor]]]:
    """Feng et al. 2024, section 3.1.3."""

    def step(p: Parameters, x: Tensor, seen: Tensor, carry: Carry) -> tuple[Carry, dict[str, Tensor]]:
        z, n = product(p, "ih", x, 2)
        z, n = sigmoid(z), candidate(n)
        return [carry[0] + z * (n - carry[0])], {"z": z, "n": n}

    return step


def minlstm(candidate: Callable[[Tensor], Tensor]) -> Callable[..., tuple[Carry, dict[str, Tensor]]]:
    """Feng et al. 2024, section 3.2.4."""

    def step(p: Parameters, x: Tensor, seen: Tensor, carry: Carry) -> tuple[Carry, dict[str, Tensor]]:
        i, f, g = product(p, "ih", x, 3)
        i, f, g = sigmoid(i), sigmoid(f), candidate(g)
        i, f = i / (f + i), f / (f + i)
        return [f * carry[0] + i * g], {"i": i, "f": f, "g": g}

    return step


def lru(p: Parameters, x: Tensor, seen: Tensor, carry: Carry) -> tuple[Carry, dict[str, Tensor]]:
    """Orvieto et al. 2023, eq. 1, 6 and 7, in complex numbers."""
    re, im, skip = (part @ x for part in p["weight_ih"].chunk(3))
    turn = torch.exp(torch.complex(-torch.exp(p["nu"]), torch.exp(p["theta"])))
    s = turn * torch.complex(carry[1], carry[2]) + torch.exp(p["gamma"]) * torch.complex(re, im)
    c_re, minus_c_im = p["weight_hs"].chunk(2, 1)
    h = (torch.complex(c_re, -minus_c_im) @ s).real + skip
    return [h, s.real, s.imag], {}


def rglru(p: Parameters, x: Tensor, seen: Tensor, carry: Carry) -> tuple[Carry, dict[str, Tensor]]:
    """De et al. 2024, eq. 1 to 4."""
    r, i, n = product(p, "ih", x, 3)
    r, i = sigmoid(r), sigmoid(i)
    a = sigmoid(p["decay"]) ** (8 * r)
    return [a * carry[0] + (1 - a * a).sqrt() * (i * n)], {"r": r, "i": i, "n": n}


def sru(p: Parameters, x: Tensor, seen: Tensor, carry: Carry) -> tuple[Carry, dict[str, Tensor]]:
    """Lei et al. 2018, eq. 1 to 4."""
    n, f, r, s = product(p, "ih", x, 4)
    f, r = sigmoid(f + p["v_f"] * carry[1]), sigmoid(r + p["v_r"] * carry[1])
    c = f * carry[1] + (1 - f) * n
    return [r * c + (1 - r) * s, c], {"n": n, "f": f, "r": r, "s": s}


def indrnn(act: Callable[[Tensor], Tensor]) -> Callable[..., tuple[Carry, dict[str, Tensor]]]:
    """Li et al. 2018, eq. 2."""

    def step(p: Parameters, x: Tensor, seen: Tensor, carry: Carry) -> tuple[Carry, dict[str, Tensor]]:
        a = product(p, "ih", x, 1)[0] + p["u"] * carry[0]
        return [act(a)], {"a": a}

    return step


def paragru(p: Parameters, x: Tensor, seen: Tensor, carry: Carry) -> tuple[Carry, dict[str, Tensor]]:
    """Danieli et al. 2025: a GRU with diagonal matrices."""
    (h,) = carry
    z, r, n = product(p, "ih", x, 3)
    z, r = sigmoid(z + p["u_z"] * h), sigmoid(r + p["u_r"] * h)
    n = torch.tanh(n + p["u_n"] * (r * h))
    return [(1 - z) * h + z * n], {"z": z, "r": r, "n": n}


# -- sLSTM ---------------------------------------------------------------------------------------------------------


def slstm(heads: int, exponential: bool) -> Callable[..., tuple[Carry, dict[str, Tensor]]]:
    """Beck et al. 2024, eq. 8 to 15, without the scale m; then with it, since it is part of the state."""

    def step(p: Parameters, x: Tensor, seen: Tensor, carry: Carry) -> tuple[Carry, dict[str, Tensor]]:
        _, c, n, m = carry
        gates = []
        for from_x, block in zip(product(p, "ih", x, 4), by_head(p, seen, heads), strict=True):
            gates.append(from_x + block)
        i_raw, f_raw, z, o = gates
        i, f = torch.exp(i_raw), torch.exp(f_raw) if exponential else sigmoid(f_raw)
        z, o = torch.tanh(z), sigmoid(o)
        memory, normaliser = f * c * torch.exp(m) + i * z, f * n * torch.exp(m) + i
        scale = torch.where(n == 0, i_raw, torch.maximum(torch.log(f) + m, i_raw))
        state = [o * memory / normaliser, memory / torch.exp(scale), normaliser / torch.exp(scale), scale]
        seen_gates = {"i": i / torch.exp(scale), "f": f * torch.exp(m - scale), "g": z, "o": o}
        return state, seen_gates

    return step


def by_head(p: Parameters, seen: Tensor, heads: int) -> list[Tensor]:
    """``R h + b`` gate by gate, each from its head's own part of h."""
    size = len(seen) // heads
    blocks = p["weight_hh"].reshape(4, heads, size, size)
    bias = p.get("bias_hh", torch.zeros(4 * len(seen), dtype=seen.dtype)).chunk(4)
    parts = [[blocks[gate, head] @ seen[head * size : (head + 1) * size] for head in range(heads)] for gate in range(4)]
    return [torch.cat(each) + b for each, b in zip(parts, bias, strict=True)]


CELLS: dict[str, Callable[..., tuple[Carry, dict[str, Tensor]]]] = {
    "lstm": lstm,
    "lstm_peephole": lstm,
    "gru": gru,
    "gru_reset_before": gru_reset_before,
    "rnn_tanh": elman(torch.tanh),
    "rnn_relu": elman(lambda a: a * (a > 0)),
    "mgu": mgu,
    "mingru": mingru(lambda a: a),
    "mingru_log": mingru(never_negative),
    "minlstm": minlstm(lambda a: a),
    "minlstm_log": minlstm(never_negative),
    "lru": lru,
    "rglru": rglru,
    "sru": sru,
    "indrnn_relu": indrnn(lambda a: a * (a > 0)),
    "indrnn_tanh": indrnn(torch.tanh),
    "paragru": paragru,
    "slstm_1": slstm(1, False),
    "slstm_2": slstm(2, False),
    "slstm_1_exp": slstm(1, True),
}
