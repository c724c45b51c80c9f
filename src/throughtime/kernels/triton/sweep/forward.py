"""The time loop on a GPU: a program holds the recurrent weights of some units and goes through all steps of some rows.

Programs of the same rows and direction (a group) meet in every step, once for h and once more for each thing in between
that all must have seen: sums of a layer norm, r * h, what is projected. What each finds goes to memory; the others read
it after the meeting. Groups never meet. See "On a GPU" in docs/design.md.
"""
# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

import triton
import triton.language as tl

from throughtime.kernels.triton.sweep.cells import elman, gru, lstm
from throughtime.kernels.triton.sweep.loop import (
    SCALARS,
    columns_of,
    hiding,
    noise_of,
    peeping,
    staying,
    steps_of,
    vector,
)
from throughtime.kernels.triton.sweep.pieces import (
    arrive,
    clears,
    four,
    hold,
    join_four,
    moments,
    pair,
    product,
    step_of,
    streamed,
    tanh,
    wait,
    zoned,
)

__all__ = ["forward"]


@triton.jit
def _carried(carry_h, carry_c, restart_h, restart_c, direction, rows, unit, batch, V: tl.constexpr):
    """The carry of a program's units, and what a reset returns to."""
    line, here = direction * batch + rows, (rows < batch)[:, None]
    h = tl.load(carry_h + line[:, None] * V.width_pad + unit[None, :], here & (unit < V.width_pad)[None, :], 0.0)
    c, start_h, start_c = h, tl.zeros((1, V.units), tl.float32), tl.zeros((1, V.units), tl.float32)
    if V.memory:
        c = tl.load(carry_c + line[:, None] * V.hidden_pad + unit[None, :], here, 0.0)
    if V.restart:
        start_h = tl.load(restart_h + direction * V.width_pad + unit, unit < V.width_pad, 0.0)[None, :]
        if V.memory:
            start_c = tl.load(restart_c + direction * V.hidden_pad + unit)[None, :]
    return h, c, start_h, start_c


@triton.jit
def _enter(carry, step, starts_again, place, V: tl.constexpr):
    """The carry on the way into a step, cleared where it is reset; h as the product sees it goes to memory."""
    (h, c), (t, start, there), (scale, start_h, start_c) = carry, step, starts_again
    resets, starts, direction, total, base, rows, unit, entering, batch = place
    if V.resets:
        clear = clears(resets, starts, t, direction, total, rows, there, batch, V)
        h = tl.where(clear, start_h, h)
        if V.memory:
            c = tl.where(clear, start_c, c)
    spot = entering + (base + start + rows)[:, None] * V.width_pad + unit[None, :]
    tl.store(spot, h * scale, there[:, None] & (unit < V.width_pad)[None, :])
    return h, c


@triton.jit
def _input(from_x, line, there, V: tl.constexpr):
    """What comes from the input of a step."""
    spot = from_x + line[:, None] * (V.x_columns * V.hidden_pad) + columns_of(V.x_columns, V)[None, :]
    return tl.load(spot, there[:, None], 0.0)


@triton.jit
def _normed(z, real, GATES: tl.constexpr, gain, shift, spot, target, V: tl.constexpr):
    """A layer norm over the units of all programs: its result, and what backward wants of it."""
    counter, board, rows, batch = spot
    mean, scale = moments(z, real, GATES, board, rows, batch, counter, target, V)
    z = (z - mean) * scale
    return z * gain + shift, z, mean, scale


@triton.jit
def _recurrent(z, column, vectors, spot, met, V: tl.constexpr):
    """The recurrent part of the gates, of its product."""
    if V.normed:
        real = (column // V.columns < V.hidden) & (column % V.columns < V.gates)
        z, hat, _, scale = _normed(z, real, V.gates, vectors[0], vectors[1], spot, met + V.programs, V)
        return z, hat, scale, met + V.programs
    else:
        return z + vectors[1], z, 0.0, met


@triton.jit
def _lstm(a, z, c, unit, vectors, spot, met, V: tl.constexpr):
    i, f, g, o = four(a + z, V)
    i, f, g, o, fresh = lstm(i, f, g, o, c, vectors[6], vectors[7], vectors[8], V.peepholes)
    seen, mean, scale = fresh, 0.0, 0.0
    if V.normed:
        counter, board, rows, batch = spot
        spot = counter, board + 2 * V.programs * batch, rows, batch
        met += V.programs
        seen, _, mean, scale = _normed(fresh, unit < V.hidden, 1, vectors[4], vectors[5], spot, met, V)
    return o * tanh(seen), fresh, join_four(i, f, g, o, V), (z, mean, scale), met


@triton.jit
def _gru(a, z, m, V: tl.constexpr):
    (a_r, a_z, _, a_n), (z_r, z_z, z_n, _) = four(a, V), four(z, V)
    r, u = tl.sigmoid(a_r + z_r), tl.sigmoid(a_z + z_z)
    n = tanh(a_n + r * z_n)
    return gru(u, n, m), join_four(r, u, n, z_n, V)


@triton.jit
def _gru_before(a, z, h, scale, reset_h, line, there, w_n, unit, vectors, spot, met, V: tl.constexpr):
    """The candidate's product waits for all that the reset gate lets through."""
    (a_r, a_z, _, a_n), (z_r, z_z) = four(a, V), pair(z, V)
    r, u = tl.sigmoid(a_r + z_r), tl.sigmoid(a_z + z_z)
    reset_h += line * V.hidden_pad
    tl.store(reset_h[:, None] + unit[None, :], r * h * scale, there[:, None])
    counter, board, rows, batch = spot
    met += V.programs
    arrive(counter)
    wait(counter, met, V)
    z = streamed(reset_h, there, w_n, unit, V.hidden_pad, V.hidden_pad // V.k_again, V.k_again, V)
    hat, dev = z, 0.0
    if V.normed:
        met += V.programs
        spot = counter, board + 2 * V.programs * batch, rows, batch
        z, hat, _, dev = _normed(z, unit < V.hidden, 1, vectors[2], vectors[3], spot, met, V)
    n = tanh(a_n + z)
    return gru(u, n, h), join_four(r, u, n, n, V), (hat, 0.0, dev), met


@triton.jit
def _gates(a, z, h, c, scale, reset_h, line, there, w_n, unit, vectors, spot, met, V: tl.constexpr):
    """Through a cell: what is put out, or projected, the new memory, and what backward wants."""
    past, norms = h, (z, 0.0, 0.0)
    if V.memory:
        past = c
    if V.cell == "lstm":
        m, fresh, kept, norms, met = _lstm(a, z, c, unit, vectors, spot, met, V)
    elif V.cell == "gru":
        m, kept = _gru(a, z, past, V)
        fresh = m
    elif V.cell == "gru_before":
        m, kept, norms, met = _gru_before(a, z, h, scale, reset_h, line, there, w_n, unit, vectors, spot, met, V)
        fresh = m
    else:
        m = elman(a + z, V.relu)
        kept, fresh = m, m
    return m, fresh, kept, past, norms, met


@triton.jit
def _keep(line, there, unit, column, kept, past, hats, norms, gates, memory, normed, normed_n, stats, V: tl.constexpr):
    """What backward wants of a step."""
    there = there[:, None]
    if V.cell == "rnn":
        tl.store(gates + line[:, None] * V.hidden_pad + unit[None, :], kept, there)
    else:
        columns = columns_of(4, V)
        tl.store(gates + line[:, None] * (4 * V.hidden_pad) + columns[None, :], kept, there)
        tl.store(memory + line[:, None] * V.hidden_pad + unit[None, :], past, there)
    if V.normed:
        tl.store(normed + line[:, None] * (V.columns * V.hidden_pad) + column[None, :], hats[0], there)
        first = there & (line[:, None] * 0 + tl.program_id(0) == 0)
        tl.store(stats + 4 * line[:, None], hats[1], first)
        if V.norms_c:
            tl.store(stats + 4 * line[:, None] + 1, norms[1], first)
        if V.norms_c | V.norms_n:
            tl.store(stats + 4 * line[:, None] + 2, norms[2], first)
        if V.norms_n:
            tl.store(normed_n + line[:, None] * V.hidden_pad + unit[None, :], norms[0], there)


@triton.jit(do_not_specialize=SCALARS)
def forward(
    from_x, w, w_n, w_r, gain, shift, gain_n, shift_n, gain_c, shift_c, peepholes, starts, lengths, resets, row_ids,
    restart_h, restart_c, carry_h, carry_c, counters, board, y, entering, gates, memory, reset_h, fresh, normed,
    normed_n, stats, batch, total, tokens, first_group, first_direction, groups, first, last, layer, key, key_high,
    p_h, p_c, last_h, last_c, last_hidden, hidden_scale, V: tl.constexpr,
):  # fmt: skip
    """Steps ``first`` to ``last`` of some groups, as their direction meets them; the carry is read, and left."""
    group, direction = first_group + tl.program_id(1), first_direction + tl.program_id(2)
    rows, unit, column = group * V.rows + tl.arange(0, V.rows), columns_of(1, V), columns_of(V.columns, V)
    H: tl.constexpr = V.hidden_pad
    P: tl.constexpr = V.width_pad
    W: tl.constexpr = V.columns * V.hidden_pad
    counter, base = counters + (direction * groups + group) * 32, direction * tokens.to(tl.int64)
    spot = counter, board + direction * (V.boards * 2 * V.programs) * batch, rows, batch
    place = resets, starts, direction, total, base, rows, unit, entering, batch
    gain, shift = vector(gain, direction, column, W, V.normed), vector(shift, direction, column, W, V.shifted)
    gain_n, shift_n = vector(gain_n, direction, unit, H, V.norms_n), vector(shift_n, direction, unit, H, V.norms_n)
    gain_c, shift_c = vector(gain_c, direction, unit, H, V.norms_c), vector(shift_c, direction, unit, H, V.norms_c)
    p_i, p_f, p_o = peeping(peepholes, direction, unit, V)
    vectors = gain, shift, gain_n, shift_n, gain_c, shift_c, p_i, p_f, p_o
    h, c, start_h, start_c = _carried(carry_h, carry_c, restart_h, restart_c, direction, rows, unit, batch, V)
    noise = noise_of(row_ids, rows, batch, direction, layer, key, key_high, V)
    starts_again = hiding(noise, unit, last_hidden, hidden_scale, V), start_h, start_c
    w += direction * (P * W)
    if V.cell == "gru_before":
        w_n += direction * (H * H)
    chunks = hold(w, column, W, V.chunks, V.k, 1, V)
    steps = steps_of(lengths, group, total, V)
    t, start, there = step_of(starts, first, steps, direction, rows, batch, V)
    if V.begins:
        h, c = _enter((h, c), (t, start, there), starts_again, place, V)
        arrive(counter)
    a = _input(from_x, base + start + rows, there, V)
    for s in range(first, tl.minimum(last, steps)):
        line, met = base + start + rows, V.programs * (1 + s * V.meetings)
        stays_h, stays_c = staying(noise, t, unit, there, last_h, last_c, V)
        wait(counter, met, V)
        z = product(entering + line * P, there, w, column, chunks, W, V.chunks, V.k, 1, V)
        z, hat, dev, met = _recurrent(z, column, vectors, spot, met, V)
        m, fresh_c, kept, past, norms, met = _gates(
            a.to(tl.float32), z, h, c, starts_again[0], reset_h, line, there, w_n, unit, vectors, spot, met, V
        )
        new = m
        if V.projected:
            tl.store(fresh + line[:, None] * H + unit[None, :], m, there[:, None])
            met += V.programs
            arrive(counter)
            wait(counter, met, V)
            new = streamed(fresh + line * H, there, w_r + direction * (H * P), unit, P, H // V.k_again, V.k_again, V)
        out = tl.where(there[:, None], zoned(h, new, p_h, stays_h, V.zone_h), h)
        if V.memory:
            c = tl.where(there[:, None], zoned(c, fresh_c, p_c, stays_c, V.zone_c), c)
        here, own = there, start
        t, start, there = step_of(starts, s + 1, steps, direction, rows, batch, V)
        h, c = _enter((out, c), (t, start, there), starts_again, place, V)
        arrive(counter)
        a = _input(from_x, base + start + rows, there, V)
        spot_y = y + (own + rows)[:, None] * (V.directions * V.width) + direction * V.width + unit[None, :]
        tl.store(spot_y, out, here[:, None] & (unit < V.width)[None, :])
        if V.keeps:
            _keep(line, here, unit, column, kept, past, (hat, dev), norms, gates, memory, normed, normed_n, stats, V)
    if V.ends:
        mine, here = (direction * batch + rows)[:, None], (rows < batch)[:, None]
        tl.store(carry_h + mine * P + unit[None, :], h, here & (unit < P)[None, :])
        if V.memory:
            tl.store(carry_c + mine * H + unit[None, :], c, here)
