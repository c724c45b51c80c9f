"""The steps of cells with a product in time: Elman's network, the LSTM and the GRU in all their forms."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor
from torch.nn import functional

from throughtime.insight.walking.ledger import Ledger
from throughtime.kernels.reference.cell import Cell, Parameters, affine, normalise
from throughtime.kernels.reference.slstm import SLSTMCell

__all__ = ["gru", "gru_reset_before", "lstm", "relu_rnn", "slstm", "tanh_rnn"]

PAST = "W_hh h_before + b_hh"


def tanh_rnn(book: Ledger, cell: Cell, p: Parameters, from_x: Tensor, carry: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """``h = tanh(W_ih x + b_ih + W_hh h_before + b_hh)``, as :class:`throughtime.kernels.reference.elman.ElmanCell`.

    Args:
        book: where it is entered.
        cell: the cell.
        p: its parameters.
        from_x: (1, H), what was read, projected.
        carry: the state before.

    Returns:
        the state after.
    """
    return _elman(book, p, from_x, carry, "tanh")


def relu_rnn(book: Ledger, cell: Cell, p: Parameters, from_x: Tensor, carry: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """The same with relu, as for :func:`tanh_rnn`."""
    return _elman(book, p, from_x, carry, "relu")


def _elman(book: Ledger, p: Parameters, from_x: Tensor, carry: tuple[Tensor, ...], squash: str) -> tuple[Tensor, ...]:
    h = book.before("h", carry[0])
    a = book.sum("a", affine(p, "hh", h), from_x, PAST)
    words = "What is read gives {x_a}, what was remembered gives {past_a}: together {sum_a}."
    after = torch.tanh(a) if squash == "tanh" else torch.relu(a)
    told = f"{words} The new state is {squash}({{sum_a}}) = {{h}}."
    book.back.append(f"Back, the score's gradient at h is {{d_h}}; through the {squash} {{d_sum_a}} of it is left.")
    return (book.add("output", f"h = {squash}(sum_a)", after, told),)


def lstm(book: Ledger, cell: Cell, p: Parameters, from_x: Tensor, carry: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """The equations of :class:`throughtime.kernels.reference.lstm.LSTMCell`, with peepholes, layer norm and projection.

    Args:
        book: where they are entered.
        cell: the cell.
        p: its parameters.
        from_x: (1, 4H), what was read, projected.
        carry: h and c before.

    Returns:
        h and c after.
    """
    h, c_before = book.before("h", carry[0]), book.before("c", carry[1])
    past, x = affine(p, "hh", h).chunk(4, -1), from_x.chunk(4, -1)
    i, f, g, o = (book.sum(gate, past[place], x[place], PAST) for place, gate in enumerate("ifgo"))
    i, f = _peeping(book, p, "i", i, c_before), _peeping(book, p, "f", f, c_before)
    i = book.add("gate", f"i = sigmoid({_last(book, 'i')})", torch.sigmoid(i))
    f = book.add("gate", f"f = sigmoid({_last(book, 'f')})", torch.sigmoid(f))
    g = book.add("candidate", "g = tanh(sum_g)", torch.tanh(g))
    kept = "The forget gate keeps {f} of the memory, which was {c_before}: {kept} is left."
    written = "The input gate lets {i} of the candidate {g} in: {written} is written."
    kept_part = book.add("product", "kept = f * c_before", f * c_before, kept)
    written_part = book.add("product", "written = i * g", i * g, written)
    c = book.add("sum", "c = kept + written", kept_part + written_part, "The new memory is {kept} + {written} = {c}.")
    o = _peeping(book, p, "o", o, c)
    o = book.add("gate", f"o = sigmoid({_last(book, 'o')})", torch.sigmoid(o))
    inner, source = c, "c"
    if "ln_c.weight" in p:
        inner, source = book.add("sum", "normed = LN(c)", normalise(p, "ln_c", c)), "normed"
    squashed = book.add("product", f"squashed = tanh({source})", torch.tanh(inner))
    words = "The output gate shows {o} of tanh of it, which is {squashed}: "
    book.back.append("Back, the score's gradient at the memory is {d_c}; the forget gate hands {f} of it on.")
    book.back.append("So {d_c_before} reaches the memory of the step before.")
    if "weight_hr" not in p:
        return book.add("output", "h = o * squashed", o * squashed, words + "h = {h}."), c
    shown = book.add("product", "shown = o * squashed", o * squashed, words + "{shown}, which is projected.")
    return book.add("output", "h = W_hr shown", functional.linear(shown, p["weight_hr"])), c


def slstm(book: Ledger, cell: Cell, p: Parameters, from_x: Tensor, carry: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """The equations of :class:`throughtime.kernels.reference.slstm.SLSTMCell`, as for :func:`lstm`.

    The carry is (h, c, n, m).
    """
    h, c_before, n_before, m_before = (book.before(part, each) for part, each in zip("hcnm", carry, strict=True))
    body = cast(SLSTMCell, cell)
    past, x = body.recurrent(p, h).chunk(4, -1), from_x.chunk(4, -1)
    i, f, g, o = (book.sum(gate, past[place], x[place], PAST) for place, gate in enumerate("ifgo"))
    how = "sum_f" if body.exponential_forget else "log(sigmoid(sum_f))"
    log_f = f.clone() if body.exponential_forget else functional.logsigmoid(f)
    log_f = book.add("preactivation", f"log_f = {how}", log_f)
    fresh = bool((carry[2] == 0).all())  # before anything is kept there is no scale
    scale = torch.where(n_before == 0, i, torch.maximum(log_f + m_before, i))
    m = book.add("sum", "m = sum_i" if fresh else "m = maximum(log_f + m_before, sum_i)", scale.clone())
    i = book.add("gate", "i = exp(sum_i - m)", torch.exp(i - m))
    f = book.add("gate", "f = exp(log_f + m_before - m)", body.forgetting(log_f + m_before - m))
    g = book.add("candidate", "g = tanh(sum_g)", torch.tanh(g))
    o = book.add("gate", "o = sigmoid(sum_o)", torch.sigmoid(o))
    words = "The forget gate keeps {f} of the memory, which was {c_before}: {kept} is left."
    kept = book.add("product", "kept = f * c_before", f * c_before, words)
    words = "The input gate lets {i} of the candidate {g} in: {written} is written."
    written = book.add("product", "written = i * g", i * g, words)
    c = book.add("sum", "c = kept + written", kept + written, "The new memory is {kept} + {written} = {c}.")
    words = "The normaliser, which was {n_before}, goes the same way: {n}."
    n = book.add("sum", "n = f * n_before + i", f * n_before + i, words)
    mean = book.add("product", "mean = c / n", c / n)
    book.back.append("Back, the score's gradient at the memory is {d_c}; the forget gate hands {f} of it on.")
    words = "The output gate shows {o} of c / n, which is {mean}: h = {h}."
    return book.add("output", "h = o * mean", o * mean, words), c, n, m


def _last(book: Ledger, gate: str) -> str:
    return f"peeped_{gate}" if f"peeped_{gate}" in book.entries else f"sum_{gate}"


def _peeping(book: Ledger, p: Parameters, gate: str, total: Tensor, c: Tensor) -> Tensor:
    """A gate's sum with what it sees of the memory, where there are peepholes."""
    if "weight_ch" not in p:
        return total
    weight, seen = p["weight_ch"].chunk(3)["ifo".index(gate)], "c" if gate == "o" else "c_before"
    peep = book.add("product", f"peep_{gate} = w_c{gate} * {seen}", weight * c)
    return book.add("preactivation", f"peeped_{gate} = sum_{gate} + peep_{gate}", total + peep)


def gru(book: Ledger, cell: Cell, p: Parameters, from_x: Tensor, carry: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """The equations of :class:`throughtime.kernels.reference.gru.GRUCell` that reset after the product; projected too.

    Args:
        book: where they are entered.
        cell: the cell.
        p: its parameters.
        from_x: (1, 3H), what was read, projected.
        carry: h before; of a projected one h and m.

    Returns:
        the same after.
    """
    h = book.before("h", carry[0])
    memory = book.before("m", carry[1]) if "weight_hr" in p else h
    past, x = affine(p, "hh", h).chunk(3, -1), from_x.chunk(3, -1)
    r = book.add("gate", "r = sigmoid(sum_r)", torch.sigmoid(book.sum("r", past[0], x[0], PAST)))
    z = book.add("gate", "z = sigmoid(sum_z)", torch.sigmoid(book.sum("z", past[1], x[1], PAST)))
    n_x = book.add("input", "x_n", x[2].clone())
    n_past = book.add("product", f"past_n = {PAST}", past[2].clone())
    reset = book.add("product", "reset = r * past_n", r * n_past, "The reset gate lets {r} of the past's {past_n} in.")
    total = book.add("preactivation", "sum_n = x_n + reset", n_x + reset)
    return _updated(book, p, z, total, memory)


def gru_reset_before(
    book: Ledger, cell: Cell, p: Parameters, from_x: Tensor, carry: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    """Those that reset the state before the product, as for :func:`gru`."""
    h, hidden = book.before("h", carry[0]), carry[0].shape[-1]
    x = from_x.chunk(3, -1)
    gating = {name: tensor[: 2 * hidden] for name, tensor in p.items() if "_hh" in name}
    candidate = {name: tensor[2 * hidden :] for name, tensor in p.items() if "_hh" in name}
    past = affine(gating, "hh", h).chunk(2, -1)
    r = book.add("gate", "r = sigmoid(sum_r)", torch.sigmoid(book.sum("r", past[0], x[0], PAST)))
    z = book.add("gate", "z = sigmoid(sum_z)", torch.sigmoid(book.sum("z", past[1], x[1], PAST)))
    words = "The reset gate leaves {r} of the state {h_before} for the candidate to see: {reset}."
    reset = book.add("product", "reset = r * h_before", r * h, words)
    total = book.sum("n", affine(candidate, "hh", reset), x[2], "W_hn reset + b_hn")
    return _updated(book, p, z, total, h)


def _updated(book: Ledger, p: Parameters, z: Tensor, total: Tensor, memory: Tensor) -> tuple[Tensor, ...]:
    """``(1 - z) * n + z * memory``, and its projection where there is one."""
    part = "m" if "weight_hr" in p else "h"
    n = book.add("candidate", "n = tanh(sum_n)", torch.tanh(total))
    written = book.add(
        "product", "written = (1 - z) * n", (1 - z) * n, "The candidate is {n}; of it {written} is written, 1 - {z}."
    )
    words = f"The update gate keeps {{z}} of the state, which was {{{part}_before}}: {{kept}} is left."
    kept = book.add("product", f"kept = z * {part}_before", z * memory, words)
    book.back.append(f"Back, the score's gradient at the state is {{d_{part}}}; the update gate hands {{z}} of it on.")
    words = f"The new state is {{written}} + {{kept}} = {{{part}}}."
    after = book.add("output" if part == "h" else "sum", f"{part} = written + kept", written + kept, words)
    if part == "h":
        return (after,)
    return book.add("output", "h = W_hr m", functional.linear(after, p["weight_hr"])), after
