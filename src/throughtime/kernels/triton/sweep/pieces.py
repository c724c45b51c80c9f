"""What the programs of the sweep on a GPU are made of: meetings, products, places of rows, sums over units, noise.

A tile is (rows, units) or (rows, columns), float32. A program's columns are those of its own units, ``unit * gates +
gate``, so that one product serves all gates of a unit and reshaping takes them apart. ``V`` is the call's
:class:`throughtime.kernels.triton.sweep.plan.Plan`, known when a program is compiled.
"""
# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

import triton
import triton.language as tl

__all__ = [
    "arrive", "clears", "falls", "four", "hold", "join_four", "moments", "pair", "product", "shared", "split_zoned",
    "step_of", "streamed", "tanh", "wait", "zoned",
]  # fmt: skip


@triton.jit
def tanh(x):
    """To a rounding of 1, not of itself: what is near 0 is no gate."""
    return 2 * tl.sigmoid(2 * x) - 1


@triton.jit
def four(z, V: tl.constexpr):
    """The four gates of (rows, 4 * units)."""
    even, odd = tl.split(tl.reshape(z, (V.rows, V.units, 2, 2)))  # the last axis is the gate's lowest bit
    a, c = tl.split(even)
    b, d = tl.split(odd)
    return a, b, c, d


@triton.jit
def join_four(a, b, c, d, V: tl.constexpr):
    """The reverse of ``four``."""
    return tl.reshape(tl.join(tl.join(a, c), tl.join(b, d)), (V.rows, 4 * V.units))


@triton.jit
def pair(z, V: tl.constexpr):
    """The two gates of (rows, 2 * units)."""
    return tl.split(tl.reshape(z, (V.rows, V.units, 2)))


# -- meetings ----------------------------------------------------------------------------------------------------------


@triton.jit
def _acquire(counter):
    """A counter's value; what was released before it was counted is seen by every load after this one."""
    return tl.inline_asm_elementwise(
        "ld.acquire.gpu.global.s32 $0, [$1];", "=r,l", [counter], dtype=tl.int32, is_pure=False, pack=1
    )


@triton.jit
def arrive(counter):
    """Say that this program's part is in memory."""
    tl.debug_barrier()
    tl.atomic_add(counter, 1, sem="release", scope="gpu")


@triton.jit
def wait(counter, target, V: tl.constexpr):
    """Go on once so many have arrived. Where programs run one after the other none waits: the host launches in turn."""
    if V.resident:
        while _acquire(counter) < target:
            pass
        tl.debug_barrier()


# -- products ----------------------------------------------------------------------------------------------------------


@triton.jit
def _chunk(w, column, part, WIDTH: tl.constexpr, K: tl.constexpr, PARTS: tl.constexpr):
    """One chunk of a matrix' columns: (K, columns), or (PARTS, K, columns), which warps share out among them."""
    there, k = column < WIDTH, part * PARTS * K + tl.arange(0, K)
    if PARTS == 1:
        return tl.load(w + k[:, None] * WIDTH + column[None, :], there[None, :], 0.0)
    else:
        k = tl.arange(0, PARTS)[:, None, None] * K + k[None, :, None]
        return tl.load(w + k * WIDTH + column[None, None, :], there[None, None, :], 0.0)


@triton.jit
def _rows_of(a, there, part, K: tl.constexpr, PARTS: tl.constexpr):
    """The chunk of rows that meets it; not from the first cache, which knows nothing of what others wrote."""
    k = part * PARTS * K + tl.arange(0, K)
    if PARTS == 1:
        return tl.load(a[:, None] + k[None, :], there[:, None], 0.0, cache_modifier=".cg")
    else:
        k = tl.arange(0, PARTS)[:, None, None] * K + k[None, None, :]
        return tl.load(a[None, :, None] + k, there[None, :, None], 0.0, cache_modifier=".cg")


@triton.jit
def _dot(a, w, PARTS: tl.constexpr, V: tl.constexpr):
    if PARTS == 1:
        return tl.dot(a, w, input_precision=V.precision)
    else:
        return tl.sum(tl.dot(a, w, input_precision=V.precision), 0)


@triton.jit
def hold(w, column, WIDTH: tl.constexpr, CHUNKS: tl.constexpr, K: tl.constexpr, PARTS: tl.constexpr, V: tl.constexpr):
    """All chunks of a matrix' columns, four at most, on chip as long as the program runs; 0 where they do not fit."""
    first, second, third, fourth = 0, 0, 0, 0
    if V.held:
        first = _chunk(w, column, 0, WIDTH, K, PARTS)
        if CHUNKS > 1:
            second = _chunk(w, column, 1, WIDTH, K, PARTS)
        if CHUNKS > 2:
            third = _chunk(w, column, 2, WIDTH, K, PARTS)
        if CHUNKS > 3:
            fourth = _chunk(w, column, 3, WIDTH, K, PARTS)
    return first, second, third, fourth


@triton.jit
def product(
    a, there, w, column, chunks, WIDTH: tl.constexpr, CHUNKS: tl.constexpr, K: tl.constexpr, PARTS: tl.constexpr,
    V: tl.constexpr,
):  # fmt: skip
    """Rows times a matrix' columns, which are held on chip or, where they do not fit, read again."""
    if V.held:
        a0 = _rows_of(a, there, 0, K, PARTS)  # all loads first: they are on their way together
        if CHUNKS > 1:
            a1 = _rows_of(a, there, 1, K, PARTS)
        if CHUNKS > 2:
            a2 = _rows_of(a, there, 2, K, PARTS)
        if CHUNKS > 3:
            a3 = _rows_of(a, there, 3, K, PARTS)
        z = _dot(a0, chunks[0], PARTS, V)  # a sum for each chunk: shorter chains of products that depend on each other
        if CHUNKS > 1:
            z += _dot(a1, chunks[1], PARTS, V)
        if CHUNKS > 2:
            z += _dot(a2, chunks[2], PARTS, V)
        if CHUNKS > 3:
            z += _dot(a3, chunks[3], PARTS, V)
    else:
        z = streamed(a, there, w, column, WIDTH, CHUNKS, K, V)
    return z


@triton.jit
def streamed(a, there, w, column, WIDTH: tl.constexpr, CHUNKS: tl.constexpr, K: tl.constexpr, V: tl.constexpr):
    """Rows times a matrix' columns, read chunk by chunk."""
    z = _dot(_rows_of(a, there, 0, K, 1), _chunk(w, column, 0, WIDTH, K, 1), 1, V)
    for part in tl.range(1, CHUNKS, num_stages=2):  # pyright: ignore[reportGeneralTypeIssues]
        z += _dot(_rows_of(a, there, part, K, 1), _chunk(w, column, part, WIDTH, K, 1), 1, V)
    return z


# -- rows and steps ----------------------------------------------------------------------------------------------------


@triton.jit
def _beginning(starts, t, batch, V: tl.constexpr):
    """Number of the first row of step t, in 64 bits."""
    if V.dense:
        return (t + tl.zeros((), tl.int64)) * batch
    else:
        return tl.load(starts + t)


@triton.jit
def step_of(starts, s, steps, order, rows, batch, V: tl.constexpr):
    """The step that a group meets as its s-th, its first row, and which rows are in it; none past the last."""
    last = tl.maximum(steps - 1, 0)
    at = tl.minimum(s, last)
    t = at + order * (last - 2 * at)
    start = _beginning(starts, t, batch, V)
    return t, start, (rows < _beginning(starts, t + 1, batch, V) - start) & (rows * 0 + s < steps)


@triton.jit
def clears(resets, starts, t, direction, total, rows, there, batch, V: tl.constexpr):
    """Which rows are cleared on the way into step t: going backward by the mark of the step after it."""
    marked = tl.minimum(t + direction, total - 1)
    start = _beginning(starts, marked, batch, V)
    there = there & (rows < _beginning(starts, marked + 1, batch, V) - start) & (rows * 0 + t + direction < total)
    return (tl.load(resets + start + rows, there, 0) != 0)[:, None]


# -- sums over the units of all programs -------------------------------------------------------------------------------


@triton.jit
def shared(one, other, board, rows, batch, counter, target, V: tl.constexpr):
    """Two numbers of each row from each program, (rows, programs) each; 0 past the last program. One meeting.

    A board is written again only after the meeting that ends the step, which none reaches before it has read.
    """
    here, every = rows < batch, tl.arange(0, V.all_programs)
    spot = board + tl.program_id(0) * batch + rows
    tl.store(spot, one, here)
    tl.store(spot + V.programs * batch, other, here)
    arrive(counter)
    wait(counter, target, V)
    spot, there = board + every[None, :] * batch + rows[:, None], here[:, None] & (every < V.programs)[None, :]
    left = tl.load(spot, there, 0.0, cache_modifier=".cg")
    return left, tl.load(spot + V.programs * batch, there, 0.0, cache_modifier=".cg")


@triton.jit
def moments(z, real, GATES: tl.constexpr, board, rows, batch, counter, target, V: tl.constexpr):
    """Mean and 1 / deviation of each row over all real columns: each program's own mean and squares about it, joined.

    Source: Chan, Golub and LeVeque 1983, "Algorithms for computing the sample variance", eq. 2.1.
    """
    count = tl.maximum(tl.sum(real.to(tl.float32), 0), 1.0)
    mean = tl.sum(tl.where(real[None, :], z, 0.0), 1) / count
    apart = tl.where(real[None, :], z - mean[:, None], 0.0)
    means, squares = shared(mean, tl.sum(apart * apart, 1), board, rows, batch, counter, target, V)
    before = V.units * tl.arange(0, V.all_programs)
    counts = GATES * tl.minimum(tl.maximum(V.hidden - before, 0), V.units).to(tl.float32)[None, :]
    mean = tl.sum(means * counts, 1) / (GATES * V.hidden)
    apart = means - mean[:, None]
    variance = tl.sum(squares + counts * apart * apart, 1) / (GATES * V.hidden)
    return mean[:, None], tl.rsqrt(variance + 1e-5)[:, None]


# -- noise -------------------------------------------------------------------------------------------------------------


@triton.jit
def falls(noise, step, unit, purpose, last):
    """(rows, units): which fall out, bit for bit as ``kernels.reference.noise`` has it.

    ``noise``: the caller's row of each row, what layer and direction add to the purpose, the key's two words; ``last``:
    the largest word of a unit that falls out.
    """
    ids, place, key, key_high = noise
    zero = (ids[:, None] * 0 + unit[None, :] * 0).to(tl.uint32)
    quad, row = zero + (unit // 4).to(tl.uint32)[None, :], zero + ids.to(tl.uint32)[:, None]
    step, place = (zero + step).to(tl.uint32), (zero + (place + purpose)).to(tl.uint32)
    key, key_high = zero + key.to(tl.uint32), zero + key_high.to(tl.uint32)
    w0, w1, w2, w3 = tl.philox_impl(quad, step, row, place, key, key_high)
    word = (unit % 4)[None, :]
    drawn = tl.where(word < 2, tl.where(word == 0, w0, w1), tl.where(word == 2, w2, w3))
    return drawn <= zero + last.to(tl.uint32)


@triton.jit
def zoned(old, new, p, stays, ZONE: tl.constexpr):
    """A part of the carry after zoneout: by a mask (1), in expectation (2), or none (0)."""
    if ZONE == 1:
        return tl.where(stays, old, new)
    elif ZONE == 2:
        return p * old + (1 - p) * new
    else:
        return new


@triton.jit
def split_zoned(grad, p, stays, ZONE: tl.constexpr):
    """A gradient shared out between what was there before and what was new."""
    if ZONE == 1:
        return tl.where(stays, grad, 0.0), tl.where(stays, 0.0, grad)
    elif ZONE == 2:
        return p * grad, (1 - p) * grad
    else:
        return grad * 0, grad
