"""The steps of cells whose units see no other unit's past."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from throughtime.insight.walking.ledger import Ledger
from throughtime.kernels.reference.cell import Cell, Parameters
from throughtime.kernels.reference.diagonal.cell import DiagonalCell, positive

__all__ = ["indrnn", "lru", "mingru", "minlstm", "paragru", "rglru", "sru"]

Carry = tuple[Tensor, ...]

KEPT = "The gate keeps {%s} of the state, which was {h_before}: {kept} is left."
SHARE = "Of the candidate {n} the rest, {written}, is written."
NEW = "The new state is {kept} + {written} = {h}."
BACK = "Back, the score's gradient at the state is {d_h}; what is kept of it hands {d_h_before} on."


def mingru(book: Ledger, cell: Cell, p: Parameters, from_x: Tensor, carry: Carry) -> Carry:
    """``h = (1 - z) * h_before + z * n``, as :class:`throughtime.kernels.reference.diagonal.mingru.MinGRUCell`.

    Args:
        book: where it is entered.
        cell: the cell.
        p: its parameters.
        from_x: (1, G*H), what was read, projected.
        carry: the state before.

    Returns:
        the state after.
    """
    h, (z_x, n_x) = book.before("h", carry[0]), from_x.chunk(2, -1)
    z = book.add("gate", "z = sigmoid(x_z)", torch.sigmoid(book.add("input", "x_z", z_x.clone())))
    n = _candidate(book, cell, "n", n_x)
    words = "The gate lets {z} of the candidate {n} in, {written}, and keeps 1 - {z} of the state {h_before}: {kept}."
    kept = book.add("product", "kept = (1 - z) * h_before", (1 - z) * h)
    written = book.add("product", "written = z * n", z * n, words)
    return _new(book, kept, written)


def minlstm(book: Ledger, cell: Cell, p: Parameters, from_x: Tensor, carry: Carry) -> Carry:
    """``h = f * h_before + i * g`` with gates that sum to 1, as for :func:`mingru`."""
    h, (i_x, f_x, g_x) = book.before("h", carry[0]), from_x.chunk(3, -1)
    i_x, f_x = book.add("input", "x_i", i_x.clone()), book.add("input", "x_f", f_x.clone())
    share = torch.nn.functional.logsigmoid(f_x) - torch.nn.functional.logsigmoid(i_x)
    f = book.add("gate", "f = sigmoid(x_f) / (sigmoid(x_f) + sigmoid(x_i))", torch.sigmoid(share))
    i = book.add("gate", "i = 1 - f", 1 - f)
    g = _candidate(book, cell, "g", g_x)
    kept = book.add("product", "kept = f * h_before", f * h, KEPT % "f")
    written = book.add("product", "written = i * g", i * g, "Of the candidate {g} the rest, {i}, comes in: {written}.")
    return _new(book, kept, written)


def indrnn(book: Ledger, cell: Cell, p: Parameters, from_x: Tensor, carry: Carry) -> Carry:
    """``h = relu(x_a + u h_before)``, or tanh, as for :func:`mingru`."""
    squash = "tanh" if cell.name.endswith("tanh") else "relu"
    h = book.before("h", carry[0])
    a = book.sum("a", p["u"] * h, from_x, "u * h_before")
    after = torch.tanh(a) if squash == "tanh" else torch.relu(a)
    words = "What is read gives {x_a}, the unit's own past {past_a}: together {sum_a}, of which the state is "
    book.back.append(BACK)
    return (book.add("output", f"h = {squash}(sum_a)", after, words + f"{squash}, {{h}}."),)


def paragru(book: Ledger, cell: Cell, p: Parameters, from_x: Tensor, carry: Carry) -> Carry:
    """A GRU whose recurrent matrices are diagonal, as for :func:`mingru`."""
    h, (z_x, r_x, n_x) = book.before("h", carry[0]), from_x.chunk(3, -1)
    z = book.add("gate", "z = sigmoid(sum_z)", torch.sigmoid(book.sum("z", p["u_z"] * h, z_x, "u_z * h_before")))
    r = book.add("gate", "r = sigmoid(sum_r)", torch.sigmoid(book.sum("r", p["u_r"] * h, r_x, "u_r * h_before")))
    words = "The reset gate leaves {r} of the state {h_before} for the candidate to see: {reset}."
    reset = book.add("product", "reset = r * h_before", r * h, words)
    n = torch.tanh(book.sum("n", p["u_n"] * reset, n_x, "u_n * reset"))
    n = book.add("candidate", "n = tanh(sum_n)", n)
    words = "The gate keeps 1 - {z} of the state, which was {h_before}: {kept} is left."
    kept = book.add("product", "kept = (1 - z) * h_before", (1 - z) * h, words)
    written = book.add("product", "written = z * n", z * n, "Of the candidate {n} it lets {z} in: {written}.")
    return _new(book, kept, written)


def sru(book: Ledger, cell: Cell, p: Parameters, from_x: Tensor, carry: Carry) -> Carry:
    """A memory whose gates see it unit by unit, and a highway past it, as for :func:`mingru`; the carry is (h, c)."""
    c_before, (n_x, f_x, r_x, s_x) = book.before("c", carry[1]), from_x.chunk(4, -1)
    n, s = book.add("candidate", "n", n_x.clone()), book.add("input", "s", s_x.clone())
    f = torch.sigmoid(book.sum("f", p["v_f"] * c_before, f_x, "v_f * c_before"))
    f = book.add("gate", "f = sigmoid(sum_f)", f)
    r = torch.sigmoid(book.sum("r", p["v_r"] * c_before, r_x, "v_r * c_before"))
    r = book.add("gate", "r = sigmoid(sum_r)", r)
    words = "The forget gate keeps {f} of the memory, which was {c_before}: {kept} is left."
    kept = book.add("product", "kept = f * c_before", f * c_before, words)
    written = book.add("product", "written = (1 - f) * n", (1 - f) * n, SHARE)
    c = book.add("sum", "c = kept + written", kept + written, "The new memory is {kept} + {written} = {c}.")
    shown = book.add("product", "shown = r * c", r * c)
    past_it = book.add("product", "past_it = (1 - r) * s", (1 - r) * s)
    book.back.append("Back, the score's gradient at the memory is {d_c}; {d_c_before} goes on to the step before.")
    words = "The output is {r} of the memory, {shown}, and the rest of what was read, {past_it}: h = {h}."
    return book.add("output", "h = shown + past_it", shown + past_it, words), c


def rglru(book: Ledger, cell: Cell, p: Parameters, from_x: Tensor, carry: Carry) -> Carry:
    """A decay of each unit's own, quickened by a gate of the input, as for :func:`mingru`."""
    h, (r_x, i_x, n_x) = book.before("h", carry[0]), from_x.chunk(3, -1)
    r = book.add("gate", "r = sigmoid(x_r)", torch.sigmoid(book.add("input", "x_r", r_x.clone())))
    i = book.add("gate", "i = sigmoid(x_i)", torch.sigmoid(book.add("input", "x_i", i_x.clone())))
    n = book.add("candidate", "n", n_x.clone())
    decay = -cast(DiagonalCell, cell).numbers(p)[0] * r
    a = book.add("gate", "a = exp(-8 softplus(-lambda) r)", torch.exp(decay))
    scale = book.add("product", "scale = sqrt(1 - a * a)", torch.sqrt(-torch.expm1(2 * decay)))
    kept = book.add("product", "kept = a * h_before", a * h, KEPT % "a")
    words = "The input gate lets {i} of {n} in, scaled by {scale}: {written}."
    written = book.add("product", "written = scale * i * n", scale * (i * n), words)
    return _new(book, kept, written)


def lru(book: Ledger, cell: Cell, p: Parameters, from_x: Tensor, carry: Carry) -> Carry:
    """A complex state that turns and decays, and what shows of it, as for :func:`mingru`; the carry is (h, re, im)."""
    re, im = book.before("re", carry[1]), book.before("im", carry[2])
    x_re, x_im, skip = (
        book.add("input", name, x.clone())
        for name, x in zip(("x_re", "x_im", "skip"), from_x.chunk(3, -1), strict=True)
    )
    turn, lift = (
        book.add("gate", name, number[None].clone())
        for name, number in zip(("l_re", "l_im"), cast(DiagonalCell, cell).numbers(p), strict=True)
    )
    kept_re = book.add("product", "kept_re = l_re * re_before - l_im * im_before", turn * re - lift * im)
    words = "The state {re_before} + {im_before}i is turned and shrinks to {kept_re} + {kept_im}i."
    kept_im = book.add("product", "kept_im = l_re * im_before + l_im * re_before", turn * im + lift * re, words)
    re = book.add("sum", "re = kept_re + x_re", kept_re + x_re)
    words = "What is read, {x_re} + {x_im}i, is added: the new state is {re} + {im}i."
    im = book.add("sum", "im = kept_im + x_im", kept_im + x_im, words)
    shown = torch.nn.functional.linear(torch.cat([re, im], -1), p["weight_hs"])
    shown = book.add("product", "shown = W_hs (re, im)", shown)
    book.back.append("Back, the score's gradient at the real part is {d_re}; {d_re_before} goes on to the step before.")
    words = "All states together show {shown}, beside what is read itself, {skip}: h = {h}."
    return book.add("output", "h = shown + skip", shown + skip, words), re, im


def _candidate(book: Ledger, cell: Cell, name: str, x: Tensor) -> Tensor:
    """What may be written: what is read itself, or in log-space a positive number made of it."""
    if not cell.name.endswith("_log"):
        return book.add("candidate", name, x.clone())
    x = book.add("input", f"x_{name}", x.clone())
    return book.add("candidate", f"{name} = positive(x_{name})", positive(x))


def _new(book: Ledger, kept: Tensor, written: Tensor) -> Carry:
    book.back.append(BACK)
    return (book.add("output", "h = kept + written", kept + written, NEW),)
