"""The cells: what each makes of its products, unit by unit, and the reverse. Equations, sources: ``kernels.reference``.

``a`` is the input's part of the gates, ``z`` the recurrent part; d is short for the gradient of.
"""
# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

import triton
import triton.language as tl

from throughtime.kernels.triton.sweep.pieces import tanh

__all__ = [
    "elman", "elman_back", "gru", "gru_back", "gru_before_back", "lstm", "lstm_back",
]  # fmt: skip


@triton.jit
def elman(a, RELU: tl.constexpr):
    """The new h."""
    if RELU:
        return tl.maximum(a, 0.0)
    else:
        return tanh(a)


@triton.jit
def elman_back(h, dh, RELU: tl.constexpr):
    """Gradient of what the nonlinearity sees; h is what it gave."""
    if RELU:
        return tl.where(h > 0, dh, 0.0)
    else:
        return dh * (1 - h * h)


@triton.jit
def lstm(i, f, g, o, c, p_i, p_f, p_o, PEEPHOLES: tl.constexpr):
    """Gates and the new memory."""
    if PEEPHOLES:
        i, f = i + p_i * c, f + p_f * c
    i, f, g = tl.sigmoid(i), tl.sigmoid(f), tanh(g)
    c = f * c + i * g
    if PEEPHOLES:
        o = o + p_o * c
    return i, f, g, tl.sigmoid(o), c


@triton.jit
def lstm_back(i, f, g, do, dc, c, p_i, p_f, p_o, PEEPHOLES: tl.constexpr):
    """From the gradients of o's sum and of the new memory: those of the sums of i, f, g, and of the old memory, c."""
    if PEEPHOLES:
        dc = dc + p_o * do
    di, df, dg = dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g)
    back = dc * f
    if PEEPHOLES:
        back = back + p_i * di + p_f * df
    return di, df, dg, back


@triton.jit
def gru(z, n, m):
    """The new memory: z, n gates, m the memory before."""
    return (1 - z) * n + z * m


@triton.jit
def gru_back(r, z, n, z_n, dm, m):
    """dr, dz, of the product under the reset, dn, and of m; ``z_n``: that product."""
    dn = dm * (1 - z) * (1 - n * n)
    return dn * z_n * r * (1 - r), dm * (m - n) * z * (1 - z), dn * r, dn, dm * z


@triton.jit
def gru_before_back(r, h, d_reset):
    """dr, and of h as the product saw it, from the gradient of r * h."""
    return d_reset * h * r * (1 - r), d_reset * r
