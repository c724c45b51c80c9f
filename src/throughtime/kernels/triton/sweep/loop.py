"""What both time loops on a GPU set up: a program's vectors, its noise; see ``pieces`` for the names."""
# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

import triton
import triton.language as tl

from throughtime.kernels.triton.sweep.pieces import falls

__all__ = ["SCALARS", "columns_of", "hiding", "noise_of", "peeping", "staying", "steps_of", "vector"]

SCALARS = [
    "batch", "total", "tokens", "first_group", "first_direction", "groups", "first", "last", "layer", "key",
    "key_high", "last_h", "last_c", "last_hidden",
]  # fmt: skip
"""Numbers whose values make no other program."""


@triton.jit
def columns_of(GATES: tl.constexpr, V: tl.constexpr):
    """A program's columns where each unit has so many."""
    return tl.program_id(0) * (GATES * V.units) + tl.arange(0, GATES * V.units)


@triton.jit
def steps_of(lengths, group, total, V: tl.constexpr):
    """Steps of a group: those of its longest row."""
    if V.dense:
        return total
    else:
        return tl.load(lengths + group)


@triton.jit
def vector(pointer, direction, at, WIDTH: tl.constexpr, THERE: tl.constexpr):
    """A direction's vector of numbers by unit or column, as a row of a tile; zeros where there is none."""
    if THERE:
        return tl.load(pointer + direction * WIDTH + at)[None, :].to(tl.float32)
    else:
        return tl.zeros((1, at.shape[0]), tl.float32)


@triton.jit
def peeping(peepholes, direction, unit, V: tl.constexpr):
    """Weights of the peepholes into i, f and o."""
    at = 3 * V.hidden_pad * direction + unit
    p_i = vector(peepholes, 0, at, 0, V.peepholes)
    p_f = vector(peepholes, 0, at + V.hidden_pad, 0, V.peepholes)
    return p_i, p_f, vector(peepholes, 0, at + 2 * V.hidden_pad, 0, V.peepholes)


@triton.jit
def noise_of(row_ids, rows, batch, direction, layer, key, key_high, V: tl.constexpr):
    """What masks are drawn from, see ``falls``."""
    ids = rows
    if V.noisy:
        ids = tl.load(row_ids + rows, rows < batch, 0)
    return ids, 8 * (direction + 2 * layer), key, key_high


@triton.jit
def staying(noise, t, unit, there, last_h, last_c, V: tl.constexpr):
    """Which units zoneout keeps at step t, of both parts of the carry."""
    stays_h, stays_c = there[:, None], there[:, None]
    if V.zone_h == 1:
        stays_h = falls(noise, t, unit, 0, last_h)
    if V.zone_c == 1:
        stays_c = falls(noise, t, unit, 1, last_c)
    return stays_h, stays_c


@triton.jit
def hiding(noise, unit, last_hidden, hidden_scale, V: tl.constexpr):
    """What recurrent dropout makes of h in the product: the same mask at all steps."""
    if V.drops:
        return tl.where(falls(noise, 0, unit, 2, last_hidden), 0.0, hidden_scale)
    else:
        return 1.0
