"""The programs of the scan on a GPU: each works on a block of columns, in its lanes.

Complex numbers lie as pairs in memory, the real part first; ``COMPLEX`` says whether there are such pairs.
"""
# pyright: basic

from __future__ import annotations

import triton
import triton.language as tl

__all__ = ["follow", "sweep", "weigh"]


@triton.jit
def _load(pointer, place, there, COMPLEX: tl.constexpr):
    """The real and the imaginary part of numbers; the latter is 0 where there is none."""
    if COMPLEX:
        return tl.load(pointer + 2 * place, there, 0.0), tl.load(pointer + 2 * place + 1, there, 0.0)
    real = tl.load(pointer + place, there, 0.0)
    return real, tl.zeros_like(real)


@triton.jit
def _store(pointer, place, there, real, imaginary, COMPLEX: tl.constexpr):
    if COMPLEX:
        tl.store(pointer + 2 * place, real, there)
        tl.store(pointer + 2 * place + 1, imaginary, there)
    else:
        tl.store(pointer + place, real, there)


@triton.jit
def _times(a, a_i, s, s_i, COMPLEX: tl.constexpr):
    if COMPLEX:
        return a * s - a_i * s_i, a * s_i + a_i * s
    return a * s, s_i


@triton.jit
def weigh(a_of, b_of, kept_of, added_of, steps, columns, length, COLUMNS: tl.constexpr, COMPLEX: tl.constexpr):
    """What one chunk makes of a state."""
    chunk, column = tl.program_id(0), tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    there = column < columns
    first = chunk.to(tl.int64) * length
    kept, kept_i = _load(a_of, first * columns + column, there, COMPLEX)
    added, added_i = _load(b_of, first * columns + column, there, COMPLEX)
    for t in range(first + 1, tl.minimum(first + length, steps)):
        place = t * columns + column
        a, a_i = _load(a_of, place, there, COMPLEX)
        b, b_i = _load(b_of, place, there, COMPLEX)
        kept, kept_i = _times(a, a_i, kept, kept_i, COMPLEX)
        added, added_i = _times(a, a_i, added, added_i, COMPLEX)
        added, added_i = added + b, added_i + b_i
    place = chunk.to(tl.int64) * columns + column
    _store(kept_of, place, there, kept, kept_i, COMPLEX)
    _store(added_of, place, there, added, added_i, COMPLEX)


@triton.jit
def follow(initial_of, kept_of, added_of, entering_of, chunks, columns, COLUMNS: tl.constexpr, COMPLEX: tl.constexpr):
    """The state that enters each chunk."""
    column = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    there = column < columns
    state, state_i = _load(initial_of, column, there, COMPLEX)
    for chunk in range(0, chunks):
        place = chunk * columns + column
        _store(entering_of, place, there, state, state_i, COMPLEX)
        kept, kept_i = _load(kept_of, place, there, COMPLEX)
        added, added_i = _load(added_of, place, there, COMPLEX)
        state, state_i = _times(kept, kept_i, state, state_i, COMPLEX)
        state, state_i = state + added, state_i + added_i


@triton.jit
def sweep(a_of, b_of, entering_of, states_of, steps, columns, length, COLUMNS: tl.constexpr, COMPLEX: tl.constexpr):
    """The states of one chunk."""
    chunk, column = tl.program_id(0), tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    there = column < columns
    first = chunk.to(tl.int64) * length
    state, state_i = _load(entering_of, chunk.to(tl.int64) * columns + column, there, COMPLEX)
    for t in range(first, tl.minimum(first + length, steps)):
        place = t * columns + column
        a, a_i = _load(a_of, place, there, COMPLEX)
        b, b_i = _load(b_of, place, there, COMPLEX)
        state, state_i = _times(a, a_i, state, state_i, COMPLEX)
        state, state_i = state + b, state_i + b_i
        _store(states_of, place, there, state, state_i, COMPLEX)
