"""A recurrence that is linear in its state, on a GPU: chunks of time side by side, columns in the lanes of a warp.

Three launches: each chunk of each block of columns finds what it makes of a state, s -> kept s + added, in registers;
one program for each block of columns follows the chunks and notes the state that enters each; then each chunk is swept
from that state. a and b are read twice and the states written once; besides there are three numbers for each chunk and
column. No program waits for another, so no grid is too large.

The gradient is the same recurrence backwards, so it is differentiable as often as asked.

Source: Blelloch 1990, "Prefix sums and their applications", section 1.4 (the scan in blocks).
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor

from throughtime.kernels.triton import scan_programs

__all__ = ["scan"]

_programs: Any = scan_programs  # no type checker knows how a program is launched

_COLUMNS = 128
"""Columns of a program."""

_PROGRAMS = 1024
"""Programs that fill a GPU: time is cut until there are about as many."""

_SHORTEST = 32
"""Steps of a chunk, at least: shorter ones cost more in launches than they bring."""


def scan(a: Tensor, b: Tensor, initial: Tensor) -> Tensor:
    """All states of s[t] = a[t] s[t-1] + b[t].

    Args:
        a: (T, ...) float32, float64, complex64 or complex128; narrower types are computed in float32.
        b: the same shape and type.
        initial: (...) s[-1].

    Returns:
        (T, ...).
    """
    if a.dtype in (torch.float16, torch.bfloat16):
        return scan(a.float(), b.float(), initial.float()).to(b.dtype)
    states = cast(Tensor, _Scan.apply(a.flatten(1), b.flatten(1), initial.flatten()))
    return states.view(b.shape)


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, initial: Tensor) -> Tensor:
        states = _scanned(a, b, initial)
        ctx.save_for_backward(a, initial, states)
        return states

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        a, initial, states = ctx.saved_tensors
        after = torch.cat([a[1:], torch.zeros_like(a[:1])]).conj()
        reaching = scan(after.flip(0).resolve_conj(), grads[0].flip(0), torch.zeros_like(initial)).flip(0)
        before = torch.cat([initial[None], states[:-1]])
        return reaching * before.conj(), reaching, a[0].conj() * reaching[0]


def _scanned(a: Tensor, b: Tensor, initial: Tensor) -> Tensor:
    """The three launches, on (T, C)."""
    steps, columns = b.shape
    length, blocks = _length(steps, columns), -(-columns // _COLUMNS)
    chunks, complex_ = -(-steps // length), b.is_complex()
    states, (kept, added, entering) = torch.empty_like(b), b.new_empty(3, chunks, columns)
    if not b.numel():
        return states
    a, b, initial = (_parts(each) for each in (a, b, initial))
    out, kept, added, entering = (_parts(each) for each in (states, kept, added, entering))
    options = {"COLUMNS": _COLUMNS, "COMPLEX": complex_, "num_warps": 4}
    _programs.weigh[(chunks, blocks)](a, b, kept, added, steps, columns, length, **options)
    _programs.follow[(blocks,)](initial, kept, added, entering, chunks, columns, **options)
    _programs.sweep[(chunks, blocks)](a, b, entering, out, steps, columns, length, **options)
    return states


def _parts(x: Tensor) -> Tensor:
    """Numbers side by side in memory, complex ones as pairs."""
    x = x.contiguous().resolve_conj()
    return torch.view_as_real(x) if x.is_complex() else x


def _length(steps: int, columns: int) -> int:
    """Steps of a chunk."""
    chunks = max(1, _PROGRAMS // max(1, -(-columns // _COLUMNS)))
    return max(_SHORTEST, -(-steps // chunks))
