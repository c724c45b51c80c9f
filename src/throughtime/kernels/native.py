"""The C++ core behind our call: the time loop on CPU tensors.

The loop, the input's projection and the weight gradients are in ``native/``. The core is given addresses, so everything
is checked first.

Bfloat16 has products of its own where the processor has them; elsewhere, and for gradients, its rows and weights are
widened to float32. Either way the state and all sums are float32.

Memory: for each token and direction, backward needs what :meth:`throughtime.kernels.native_pass.Pass.kept_per_token`
counts (5H numbers for an LSTM, 4H for a GRU, 7H for an sLSTM, none for an Elman network, whose output is enough). A
call with ``recompute`` keeps the state at the ends of about sqrt(T) runs of steps instead, and sweeps each run again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional

from throughtime.kernels.call import Call
from throughtime.kernels.checks import check_call, check_gradients
from throughtime.kernels.native_gradients import SweptPass, parameter_gradients
from throughtime.kernels.native_pass import CELLS, Kept, Pass, number_of, pair, passes, split_pair, wide
from throughtime.kernels.packing import address, core, dtype_name, packed, target
from throughtime.kernels.products import linear

__all__ = ["CELLS", "DTYPES", "WEIGHTS", "backward", "forward", "number_of", "reserve", "unavailable"]

_NORMS = ("ln_ih", "ln_hh", "ln_c")
WEIGHTS = frozenset(
    {"weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr", "weight_ch"}
    | {f"{norm}.{part}" for norm in _NORMS for part in ("weight", "bias")}
)
"""Parameters that the core knows."""

DTYPES = (torch.float32, torch.float64, torch.bfloat16)
"""Types it computes in."""

_PAIRED = frozenset(CELLS) - {"gru_reset_before"}
"""Cells whose products of bfloat16 it makes of pairs."""

State = list[Tensor]
"""The carry of one direction, parts of (B, width)."""


def unavailable() -> str | None:
    """Why there is no native core in this installation, or None."""
    if core() is None:
        return "it was not built: install throughtime where a C++20 compiler is found"
    return None


def reserve(call: Call) -> Tensor:
    """Room for what forward keeps for backward: (D, ...), or nothing where ``call.keep`` is false.

    Args:
        call: see :class:`throughtime.kernels.call.Call`.
    """
    dtype = _computed(call)
    if not call.keep:
        return call.rows.new_empty(0, dtype=dtype)
    if call.recompute:
        widths = [part.shape[-1] for part in call.state]
        runs = len(passes(call, 0, call.sizes(), _run_length(call)))
        return call.rows.new_empty(call.directions, runs - 1, call.state[0].shape[1] * sum(widths), dtype=dtype)
    one = Pass(call, 0, call.parameters(0), [], 0, slice(0, 0), None)
    return call.rows.new_empty(call.directions, call.rows.shape[0], sum(one.kept_per_token), dtype=dtype)


def _run_length(call: Call) -> int:
    """Steps of one run of a call that recomputes."""
    return max(1, math.isqrt(call.batch_sizes.shape[0]))


# -- forward -----------------------------------------------------------------------------------------------------------


def forward(call: Call) -> tuple[Tensor, list[Tensor], Tensor]:
    """Sweep every direction of one layer.

    Args:
        call: see :class:`throughtime.kernels.call.Call`.

    Returns:
        y (N', D*P), the final carry, and what backward needs (empty where ``call.keep`` is false).
    """
    sizes = check_call(call, number_of(call.cell) is not None)
    if call.rows.dtype == torch.bfloat16 and not _has_narrow_products(call):
        y, final, kept = forward(_widened(call))
        return y.bfloat16(), [part.bfloat16() for part in final], kept
    y = call.rows.new_empty(call.rows.shape[0], call.directions * call.state[0].shape[-1])
    kept = reserve(call)
    if call.rows.shape[0] > sum(sizes):  # rows past the last token give zeros
        y.zero_()
        kept.zero_()
    states = [_forward_direction(call, number, sizes, y, kept) for number in range(call.directions)]
    return y, [_joined(parts, y.dtype) for parts in zip(*states, strict=True)], kept


def _joined(parts: Sequence[Tensor], dtype: torch.dtype) -> Tensor:
    """One part of the carry of every direction, (D, B, width)."""
    joined = parts[0].unsqueeze(0) if len(parts) == 1 else torch.stack(list(parts))
    return joined if joined.dtype == dtype else joined.to(dtype)


def _forward_direction(call: Call, number: int, sizes: list[int], y: Tensor, kept: Tensor) -> State:
    """Sweep one direction into y, and fill its part of what is kept; returns the final carry."""
    state = _entering(call, number)
    if not (call.keep and call.recompute):
        (whole,) = passes(call, number, sizes)
        room = kept[number] if call.keep else None
        return _forward(whole, state, y, None if room is None else whole.kept(room[: whole.tokens]))
    runs = passes(call, number, sizes, _run_length(call))
    for index, run in enumerate(runs):
        state = _forward(run, state, y, None)
        if index + 1 < len(runs):
            torch.cat([part.reshape(-1) for part in state], out=kept[number, index])
    return state


def _entering(call: Call, number: int) -> State:
    return [cast(Tensor, wide(part[number])) for part in call.state]


def _forward(one: Pass, state: State, y: Tensor, kept: Kept | None) -> State:
    call, fresh = one.call, one.call.keep
    rows, kept = call.rows[one.rows].contiguous().resolve_neg(), kept or Kept(None, None, None, None)
    x, weights_ih, bias, from_x = rows, None, None, None
    if one.normed:
        x, from_x = None, _normed_projection(one, rows, kept)
    else:
        weights_ih, bias = packed(one.p["weight_ih"], one.gates, fresh=fresh), _bias(one)
    h, beside = pair(state)
    after_h, after_beside = torch.empty_like(state[0]), None if beside is None else torch.empty_like(beside)
    weights, extras = one.recurrent_weights(transposed=False, fresh=fresh), [wide(extra) for extra in one.extras()]
    row_ids = one.row_ids()
    tensors = [
        x, weights_ih, bias, from_x, *weights, *extras, h, beside, one.of(y), kept.saved, kept.stats, after_h,
        after_beside,
    ]  # fmt: skip
    addresses = [address(tensor) for tensor in tensors]
    one.sweep(row_ids).forward(dtype_name(rows.dtype), addresses, rows.stride(0), y.stride(0))
    return split_pair(after_h, after_beside, len(state))


def _bias(one: Pass) -> Tensor | None:
    """What is added to W_ih x: both biases, but not the one that the reset gate of a GRU scales."""
    b_ih, b_hh = wide(one.p.get("bias_ih")), wide(one.p.get("bias_hh"))
    if b_ih is None or b_hh is None:
        return None
    if one.call.cell != "gru":
        return b_ih + b_hh
    return torch.cat([b_ih[: 2 * one.hidden] + b_hh[: 2 * one.hidden], b_ih[2 * one.hidden :]])


def _normed_projection(one: Pass, rows: Tensor, kept: Kept) -> Tensor:
    """``LN(W_ih x) + b_ih``, (N, G*H)."""
    p, product = one.p, linear(rows, one.p["weight_ih"])
    normed, mean, scale = torch.native_layer_norm(product, product.shape[-1:], p["ln_ih.weight"], p["ln_ih.bias"], 1e-5)
    if kept.product is not None and kept.moments is not None:
        kept.product.copy_(product)
        kept.moments[0], kept.moments[1] = mean, scale
    return normed + p["bias_ih"] if "bias_ih" in p else normed


# -- backward ----------------------------------------------------------------------------------------------------------


def backward(call: Call, y: Tensor, kept: Tensor, grad_y: Tensor, grad_final: Sequence[Tensor]) -> list[Tensor]:
    """Gradients with respect to ``call.tensors()``, in that order.

    Args:
        call: as for :func:`forward`.
        y: (N', D*P) from forward.
        kept: what forward kept.
        grad_y: (N', D*P) gradient of y.
        grad_final: gradients of the final carry, parts of (D, B, width).
    """
    sizes = check_call(call, number_of(call.cell) is not None)
    check_gradients(call, y, kept, reserve(call), grad_y, grad_final)
    if call.rows.dtype == torch.bfloat16:
        final = [grad.float() for grad in grad_final]
        grads = backward(_widened(call), y.float(), kept, grad_y.float(), final)
        return [grad.bfloat16() for grad in grads]
    grad_y = grad_y.contiguous().resolve_neg()  # an address knows nothing of a sign still to be changed
    grad_state = [grad.contiguous().clone() for grad in grad_final]
    grad_rows: Tensor | None = None
    restart = [torch.zeros_like(part) for part in call.restart]
    weights: list[Tensor] = []
    for number in range(call.directions):
        named, grad = _backward_direction(call, number, sizes, y, kept, grad_y, [part[number] for part in grad_state])
        grad_rows = grad if grad_rows is None else grad_rows.add_(grad)
        weights += [named[name].view_as(tensor) for name, tensor in call.parameters(number).items()]
        if restart:
            found = split_pair(named["restart_h"], named["restart_c"], len(restart))
            for part, grad in zip(restart, found, strict=True):
                part[number] = grad
    assert grad_rows is not None
    tail = call.rows.shape[0] - grad_rows.shape[0]
    return [functional.pad(grad_rows, (0, 0, 0, tail)) if tail else grad_rows, *grad_state, *restart, *weights]


def _backward_direction(
    call: Call, number: int, sizes: list[int], y: Tensor, kept: Tensor, grad_y: Tensor, grad_state: State
) -> tuple[dict[str, Tensor], Tensor]:
    """Gradients of one direction's parameters by name, and of the rows; ``grad_state`` is changed in place."""
    if not call.recompute:
        (whole,) = passes(call, number, sizes)
        room = whole.kept(kept[number, : whole.tokens])
        return parameter_gradients(whole, _backward(whole, _entering(call, number), y, room, grad_y, grad_state))
    total: dict[str, Tensor] = {}
    grads: dict[int, Tensor] = {}
    runs, again = passes(call, number, sizes, _run_length(call)), torch.empty_like(y)
    for index in reversed(range(len(runs))):
        run = runs[index]
        state = _kept_state(call, kept[number, index - 1]) if index else _entering(call, number)
        room = run.kept(y.new_empty(run.tokens, sum(run.kept_per_token)))
        _forward(run, state, again, room)
        named, grads[run.first_step] = parameter_gradients(run, _backward(run, state, y, room, grad_y, grad_state))
        total = {name: total[name] + grad if total else grad for name, grad in named.items()}
    return total, torch.cat([grads[first] for first in sorted(grads)])


def _kept_state(call: Call, flat_state: Tensor) -> State:
    shapes = [part.shape[1:] for part in call.state]
    parts = cast("tuple[Tensor, ...]", flat_state.split([shape.numel() for shape in shapes]))
    return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]


def _backward(one: Pass, state: State, y: Tensor, kept: Kept, grad_y: Tensor, grad_state: State) -> SweptPass:
    """Run the loop; ``grad_state`` is changed in place."""
    hidden, projected = one.hidden, "weight_hr" in one.p

    def room(width: int, there: bool = True) -> Tensor | None:
        return y.new_empty(one.tokens, width) if there else None

    gates, h_prev = y.new_empty(one.tokens, _grads(one) * hidden), y.new_empty(one.tokens, one.width)
    raw, reset_h = room(one.gates * hidden, one.normed), room(hidden, one.apart)
    grad_m, m = room(one.width, projected), room(hidden, projected)
    extras, row_ids = one.extras(), one.row_ids()
    sweep = one.sweep(row_ids)
    any_extra = any(extra is not None for extra in extras[1:])
    sums = y.new_zeros(one.threads, sweep.sums()) if any_extra else None
    weights, entering, leaving = one.recurrent_weights(transposed=True, fresh=True), pair(state), pair(grad_state)
    tensors = [
        *weights, *extras, one.of(grad_y), one.of(y), *entering, kept.saved, kept.stats, gates, raw, h_prev, reset_h,
        grad_m, m, *leaving, sums,
    ]  # fmt: skip
    sweep.backward(dtype_name(y.dtype), [address(tensor) for tensor in tensors], grad_y.stride(0), y.stride(0))
    if len(grad_state) > 2:
        for part, joined in zip(grad_state, split_pair(*leaving, len(grad_state)), strict=True):
            part.copy_(joined)
    return SweptPass(kept, gates, raw, h_prev, reset_h, grad_m, m, _named_sums(one, sums))


def _named_sums(one: Pass, sums: Tensor | None) -> dict[str, Tensor]:
    if sums is None:
        return {}
    hidden = one.hidden
    before = (3 + one.gates + 2) * hidden + one.width
    sizes = [3 * hidden, one.gates * hidden, hidden, hidden, one.width, sums.shape[1] - before]
    names = ["weight_ch", "ln_hh.weight", "ln_c.weight", "ln_c.bias", "restart_h", "restart_c"]
    parts = cast("tuple[Tensor, ...]", sums.sum(0).split(sizes))
    return dict(zip(names, parts, strict=True))


def _grads(one: Pass) -> int:
    return 4 if one.call.cell == "gru" else one.gates


# -- bfloat16 ----------------------------------------------------------------------------------------------------------


def _computed(call: Call) -> torch.dtype:
    """Type of the state and of all sums."""
    return torch.float32 if call.rows.dtype == torch.bfloat16 else call.rows.dtype


def _has_narrow_products(call: Call) -> bool:
    """Whether the core multiplies this call's bfloat16 rows as they are, two at a time."""
    plain = set(call.names) <= {"weight_ih", "weight_hh", "bias_ih", "bias_hh"} and call.cell in _PAIRED
    even = call.rows.shape[1] % 2 == 0 and call.state[0].shape[-1] % 2 == 0
    drops = call.training and call.recurrent_dropout > 0
    return plain and even and not drops and not call.restart and not call.keep and core().has_bfloat16(target())


def _widened(call: Call) -> Call:
    return call.with_tensors([tensor.float() for tensor in call.tensors()])
