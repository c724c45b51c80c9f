"""The time loop on a GPU backwards: from the gradient of every output to that of every gate, with the same meetings.

What all programs of a group must have seen in a step are the gradients of the recurrent products, which then meet the
weights of each program's own units; and in between what forward met for too: sums of a layer norm, what the reset gate
let through, what was projected.
"""
# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

import triton
import triton.language as tl

from throughtime.kernels.triton.sweep.cells import elman_back, gru_back, gru_before_back, lstm_back
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
    product,
    shared,
    split_zoned,
    step_of,
    streamed,
    tanh,
    wait,
)

__all__ = ["backward"]


@triton.jit
def _norm_back(dz, hat, scale, real, GATES: tl.constexpr, gain, spot, target, V: tl.constexpr):
    """From the gradient of a layer norm's result to that of what it normalised."""
    counter, board, rows, batch = spot
    d = tl.where(real[None, :], dz * gain, 0.0)
    sums, along = shared(tl.sum(d, 1), tl.sum(d * hat, 1), board, rows, batch, counter, target, V)
    mean, along = tl.sum(sums, 1) / (GATES * V.hidden), tl.sum(along, 1) / (GATES * V.hidden)
    return tl.where(real[None, :], scale * (d - mean[:, None] - hat * along[:, None]), 0.0)


@triton.jit
def _read(from_forward, base, start, direction, rows, there, unit, column, V: tl.constexpr):
    """The gradient of y and what forward kept of a step, all of it 0 in rows that are not there."""
    (grad_y, gates, memory, normed, normed_n, stats), line = from_forward, base + start + rows
    there, at = there[:, None], line[:, None] * V.hidden_pad + unit[None, :]
    spot = grad_y + (start + rows)[:, None] * (V.directions * V.width) + direction * V.width + unit[None, :]
    dy = tl.load(spot, there & (unit < V.width)[None, :], 0.0)
    if V.cell == "rnn":
        kept = tl.load(gates + at, there, 0.0)
    else:
        kept = tl.load(gates + line[:, None] * (4 * V.hidden_pad) + columns_of(4, V)[None, :], there, 0.0)
    past, hat, hat_n = dy.to(tl.float32), kept, dy
    dev = tl.zeros((V.rows, 1), tl.float32)
    mean_c, dev_c = dev, dev
    if V.cell != "rnn":
        past = tl.load(memory + at, there, 0.0)
    if V.normed:
        hat = tl.load(normed + line[:, None] * (V.columns * V.hidden_pad) + column[None, :], there, 0.0)
        dev = tl.load(stats + 4 * line[:, None], there, 0.0)
    if V.norms_c | V.norms_n:
        dev_c = tl.load(stats + 4 * line[:, None] + 2, there, 0.0)
    if V.norms_c:
        mean_c = tl.load(stats + 4 * line[:, None] + 1, there, 0.0)
    if V.norms_n:
        hat_n = tl.load(normed_n + at, there, 0.0)
    return kept, past, dy, hat, hat_n, dev, mean_c, dev_c


@triton.jit
def _lstm(kept, c, dm, dc, mean, dev, unit, vectors, sums, spot, met, V: tl.constexpr):
    """Gradients of the gates' sums, and of the memory before."""
    gain, shift, p_i, p_f, p_o = vectors
    s_i, s_f, s_o, s_gain, s_shift = sums
    i, f, g, o = four(kept, V)
    fresh = f * c + i * g
    hat = (fresh - mean) * dev
    seen = fresh
    if V.norms_c:
        seen = hat * gain + shift
    u = tanh(seen)
    do, d_fresh = dm * u * o * (1 - o), dm * o * (1 - u * u)
    if V.norms_c:
        s_gain, s_shift = s_gain + d_fresh * hat, s_shift + d_fresh
        met += V.programs
        d_fresh = _norm_back(d_fresh, hat, dev, unit < V.hidden, 1, gain, spot, met, V)
    di, df, dg, back = lstm_back(i, f, g, do, d_fresh + dc, c, p_i, p_f, p_o, V.peepholes)
    if V.peepholes:
        s_i, s_f, s_o = s_i + di * c, s_f + df * c, s_o + do * fresh
    return join_four(di, df, dg, do, V), back, (s_i, s_f, s_o, s_gain, s_shift), met


@triton.jit
def _gru_before(kept, h, scale, dm, hat, dev, gain, unit, line, there, grad_n, w_n, spot, met, V: tl.constexpr):
    """Gradients of the gates' sums in the input's and the product's columns, of h itself, and as the product saw it."""
    r, u, n, _ = four(kept, V)
    _, du, _, dn, back = gru_back(r, u, n, n, dm, h)
    raw = dn
    counter, board, rows, batch = spot
    if V.norms_n:
        met += V.programs
        raw = _norm_back(
            dn, hat, dev, unit < V.hidden, 1, gain, (counter, board + 2 * V.programs * batch, rows, batch), met, V
        )
    grad_n += line * V.hidden_pad
    tl.store(grad_n[:, None] + unit[None, :], raw, there[:, None])
    met += V.programs
    arrive(counter)
    wait(counter, met, V)
    d_reset = streamed(grad_n, there, w_n, unit, V.hidden_pad, V.hidden_pad // V.k_again, V.k_again, V)
    dr, seen = gru_before_back(r, h * scale, d_reset)
    dz = tl.reshape(tl.join(dr, du), (V.rows, 2 * V.units))
    return join_four(dr, du, dn * 0, dn, V), dz, back, seen, met


@triton.jit
def _gates_back(
    kept, past, dm, d_old, c_old, c_new, norms, scale, unit, line, there, vectors, sums, grad_n, w_n, spot, met,
    V: tl.constexpr,
):  # fmt: skip
    """Through a cell: gradients of the gates' sums in the input's and the product's columns; those of the carry."""
    (hat_n, mean_c, dev_c), (gain_n, gain_c, shift_c, p_i, p_f, p_o) = norms, vectors
    counter, board, rows, batch = spot
    seen = tl.zeros((V.rows, V.units), tl.float32)
    if V.cell == "lstm":
        spot = counter, board + 2 * V.programs * batch, rows, batch
        vectors = gain_c, shift_c, p_i, p_f, p_o
        dz, back, sums, met = _lstm(kept, past, dm, c_new, mean_c, dev_c, unit, vectors, sums, spot, met, V)
        raw, c_old = dz, c_old + back
    elif V.cell == "gru":
        r, u, n, z_n = four(kept, V)
        dr, du, dz_n, dn, back = gru_back(r, u, n, z_n, dm + c_new if V.memory else dm, past)
        dz = join_four(dr, du, dz_n, dn, V)
        raw = dz
        if V.memory:
            c_old += back
        else:
            d_old += back
    elif V.cell == "gru_before":
        hat_n = hat_n.to(tl.float32)
        dz, raw, back, seen, met = _gru_before(
            kept, past, scale, dm, hat_n, dev_c, gain_n, unit, line, there, grad_n, w_n, spot, met, V
        )
        d_old += back
    else:
        dz = elman_back(kept, dm, V.relu)
        raw = dz
    return dz, raw, d_old, c_old, seen, sums, met


@triton.jit
def _carry_of(carry_h, carry_c, line, here, unit, V: tl.constexpr):
    """The gradient of the final carry; where it has one part, the second is any number."""
    wide = here & (unit < V.width_pad)[None, :]
    dh = tl.load(carry_h + line[:, None] * V.width_pad + unit[None, :], wide, 0.0)
    dc = dh
    if V.memory:
        dc = tl.load(carry_c + line[:, None] * V.hidden_pad + unit[None, :], here, 0.0)
    return dh, dc


@triton.jit
def _leave(carry_h, carry_c, dh, dc, sums, found, line, here, unit, batch, V: tl.constexpr):
    """What the loop ends with goes to memory: the gradient of the first carry, and sums over steps."""
    wide = here & (unit < V.width_pad)[None, :]
    tl.store(carry_h + line[:, None] * V.width_pad + unit[None, :], dh, wide)
    at = line[:, None] * V.hidden_pad + unit[None, :]
    if V.memory:
        tl.store(carry_c + at, dc, here)
    for slot in tl.static_range(7):  # pyright: ignore[reportGeneralTypeIssues]
        if V.sums[slot]:
            spot = sums + slot * V.directions * batch * V.hidden_pad + at
            tl.store(spot, tl.load(spot, here, 0.0) + found[slot], here)


@triton.jit(do_not_specialize=SCALARS)
def backward(
    grad_y, w, w_n, w_r, gain, gain_n, gain_c, shift_c, peepholes, starts, lengths, resets, row_ids, carry_h, carry_c,
    counters, board, gates, memory, normed, normed_n, stats, grad_gates, grad_z, grad_n, grad_m, sums, batch, total,
    tokens, first_group, first_direction, groups, first, last, layer, key, key_high, p_h, p_c, last_h, last_c,
    last_hidden, hidden_scale, V: tl.constexpr,
):  # fmt: skip
    """Steps ``first`` to ``last`` of some groups from their direction's end; the carry's gradient is read, and left."""
    group, direction = first_group + tl.program_id(1), first_direction + tl.program_id(2)
    rows, unit, column = group * V.rows + tl.arange(0, V.rows), columns_of(1, V), columns_of(V.columns, V)
    H: tl.constexpr = V.hidden_pad
    P: tl.constexpr = V.width_pad
    W: tl.constexpr = V.columns * V.hidden_pad
    counter, base = counters + (direction * groups + group) * 32, direction * tokens.to(tl.int64)
    spot = counter, board + direction * (V.boards * 2 * V.programs) * batch, rows, batch
    gain, gain_n = vector(gain, direction, column, W, V.normed), vector(gain_n, direction, unit, H, V.norms_n)
    gain_c, shift_c = vector(gain_c, direction, unit, H, V.norms_c), vector(shift_c, direction, unit, H, V.norms_c)
    p_i, p_f, p_o = peeping(peepholes, direction, unit, V)
    vectors = gain_n, gain_c, shift_c, p_i, p_f, p_o
    dh, dc = _carry_of(carry_h, carry_c, direction * batch + rows, (rows < batch)[:, None], unit, V)
    none = tl.zeros((V.rows, V.units), tl.float32)
    s_h, s_c, s_i, s_f, s_o, s_gain, s_shift = none, none, none, none, none, none, none
    noise = noise_of(row_ids, rows, batch, direction, layer, key, key_high, V)
    scale = hiding(noise, unit, last_hidden, hidden_scale, V)
    w += direction * (P * W)
    if V.cell == "gru_before":
        w_n += direction * (H * H)
    chunks = hold(w, unit, P, V.back_chunks, V.back_k, V.back_parts, V)
    steps = steps_of(lengths, group, total, V)
    t, start, there = step_of(starts, first, steps, 1 - direction, rows, batch, V)
    from_forward = grad_y, gates, memory, normed, normed_n, stats
    kept, past, dy, hat, hat_n, dev, mean_c, dev_c = _read(
        from_forward, base, start, direction, rows, there, unit, column, V
    )
    for s in range(first, tl.minimum(last, steps)):
        line, now, met = base + start + rows, there[:, None], V.programs * (s * V.back_meetings)
        stays_h, stays_c = staying(noise, t, unit, there, last_h, last_c, V)
        d_old, dm = split_zoned(tl.where(now, dh + dy.to(tl.float32), 0.0), p_h, stays_h, V.zone_h)
        c_old, c_new = split_zoned(tl.where(now, dc, 0.0), p_c, stays_c, V.zone_c)
        if V.projected:
            tl.store(grad_m + line[:, None] * P + unit[None, :], dm, now & (unit < P)[None, :])
            met += V.programs
            arrive(counter)
            wait(counter, met, V)
            dm = streamed(
                grad_m + line * P, there, w_r + direction * (H * P), unit, H, P // V.k_project, V.k_project, V
            )
        dz, raw, d_old, c_old, seen, (s_i, s_f, s_o, s_gain, s_shift), met = _gates_back(
            kept.to(tl.float32), past, dm, d_old, c_old, c_new, (hat_n, mean_c, dev_c), scale, unit, line, there,
            vectors, (s_i, s_f, s_o, s_gain, s_shift), grad_n, w_n, spot, met, V,
        )  # fmt: skip
        if V.normed:
            met += V.programs
            real = (column // V.columns < V.hidden) & (column % V.columns < V.gates)
            raw = _norm_back(raw, hat.to(tl.float32), dev, real, V.gates, gain, spot, met, V)
        tl.store(grad_z + line[:, None] * W + column[None, :], raw, now)
        arrive(counter)
        if V.apart:
            tl.store(grad_gates + line[:, None] * (V.x_columns * H) + columns_of(V.x_columns, V)[None, :], dz, now)
        clear = now
        if V.resets:
            clear = clears(resets, starts, t, direction, total, rows, there, batch, V)
        was = there
        t, start, there = step_of(starts, s + 1, steps, 1 - direction, rows, batch, V)
        kept, past, dy, hat, hat_n, dev, mean_c, dev_c = _read(
            from_forward, base, start, direction, rows, there, unit, column, V
        )
        wait(counter, met + V.programs, V)
        seen += product(grad_z + line * W, was, w, unit, chunks, P, V.back_chunks, V.back_k, V.back_parts, V)
        d_old += scale * seen
        if V.resets:
            s_h, d_old = s_h + tl.where(clear, d_old, 0.0), tl.where(clear, 0.0, d_old)
            s_c, c_old = s_c + tl.where(clear, c_old, 0.0), tl.where(clear, 0.0, c_old)
        dh, dc = tl.where(now, d_old, dh), tl.where(now, c_old, dc)
    if V.ends:
        found = s_h, s_c, s_i, s_f, s_o, s_gain, s_shift
        _leave(carry_h, carry_c, dh, dc, sums, found, direction * batch + rows, (rows < batch)[:, None], unit, batch, V)
