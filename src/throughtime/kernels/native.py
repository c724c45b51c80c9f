"""The C++ core behind our call: the time loop on CPU tensors.

The loop and the input's projection are in ``native/``; the large products that the backward pass ends with are PyTorch's.
The core is given addresses, so everything is checked here first.

Bfloat16 has products of its own where the processor has them; elsewhere, and for gradients, its rows and weights are
widened to float32. Either way the state and all sums are float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from throughtime.kernels.call import Call
from throughtime.kernels.checks import check_call, check_gradients
from throughtime.kernels.packing import core, dtype_name, packed, target
from throughtime.kernels.products import linear, transposed_product
from throughtime.kernels.reference.cell import Parameters

__all__ = ["CELLS", "DTYPES", "WEIGHTS", "backward", "forward", "reserve", "unavailable"]

CELLS = {"rnn_tanh": 0, "rnn_relu": 1, "lstm": 2, "lstm_peephole": 2, "gru": 3, "gru_reset_before": 4}
"""Cell name -> its number in the core."""

_NORMS = ("ln_ih", "ln_hh", "ln_c")
WEIGHTS = frozenset(
    {"weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr", "weight_ch"}
    | {f"{norm}.{part}" for norm in _NORMS for part in ("weight", "bias")}
)
"""Parameters that the core knows."""

DTYPES = (torch.float32, torch.float64, torch.bfloat16)
"""Types it computes in."""

_GATES = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "lstm_peephole": 4, "gru": 3, "gru_reset_before": 3}
_STATS = 4
"""Numbers that the core keeps per token of a layer-normalised cell."""

_SMALL = 1 << 18
"""Multiplications of a sweep under which waking a second thread costs more than it brings."""


def unavailable() -> str | None:
    """Why there is no native core in this installation, or None."""
    if core() is None:
        return "it was not built: install throughtime where a C++20 compiler is found"
    return None


class _Kept(NamedTuple):
    """What one direction's forward pass keeps per token, as parts of one row of the reserve."""

    saved: Tensor | None
    """(N', slots*H): the core's own."""
    stats: Tensor | None
    """(N', 4): the core's own, with layer norm."""
    product: Tensor | None
    """(N', G*H): W_ih x before its layer norm."""
    moments: Tensor | None
    """(2, N', 1): mean and 1/deviation of that."""


@dataclass(frozen=True, slots=True)
class _Direction:
    """One direction of a call."""

    call: Call
    number: int
    """0 forward, 1 backward."""
    sizes: list[int]
    p: Parameters
    """The parameters by name."""
    first: int = 0
    """Number of the first step in the caller's sequences."""

    @property
    def gates(self) -> int:
        return _GATES[self.call.cell]

    @property
    def width(self) -> int:
        """P."""
        return self.call.state[0].shape[-1]

    @property
    def hidden(self) -> int:
        return self.p["weight_hh"].shape[0] // self.gates

    @property
    def tokens(self) -> int:
        return sum(self.sizes)

    @property
    def columns(self) -> slice:
        """Where this direction's outputs stand."""
        return slice(self.number * self.width, (self.number + 1) * self.width)

    @property
    def normed(self) -> bool:
        return "ln_hh.weight" in self.p

    @property
    def apart(self) -> bool:
        """Whether the candidate's recurrent product waits for the other gates."""
        return self.call.cell == "gru_reset_before"

    @property
    def threads(self) -> int:
        work = self.tokens * self.p["weight_hh"].numel()
        return torch.get_num_threads() if work > _SMALL else 1

    def sweep(self, resets: Tensor | None, row_ids: Tensor | None) -> Any:
        """The loop, ready to run on this direction's rows."""
        call = self.call
        zoneout = [*call.zoneout, 0.0][:2]
        seed = 0 if call.seed is None else int(call.seed)
        noise = core().Noise(
            *zoneout, call.recurrent_dropout, call.training, seed, call.layer, _address(row_ids), self.first
        )
        inputs, batch = self.p["weight_ih"].shape[1], call.state[0].shape[1]
        return core().Sweep(
            target(), CELLS[call.cell], inputs, self.hidden, self.width, batch, self.sizes, bool(self.number),
            self.threads, _address(resets), noise,
        )  # fmt: skip

    def resets(self) -> Tensor | None:
        """(N,) bool: the state is cleared before this row in the order of this direction."""
        resets = self.call.resets
        if resets is None or self.number == 0:
            return resets if resets is None else resets.contiguous()
        later, start = torch.zeros_like(resets), 0
        for size, after in zip(self.sizes, self.sizes[1:], strict=False):
            later[start : start + after] = resets[start + size : start + size + after]
            start += size
        return later

    def row_ids(self) -> Tensor | None:
        ids = self.call.row_ids
        return None if ids is None else ids.contiguous()

    def recurrent_weights(self, *, transposed: bool, fresh: bool) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """W_hh, the candidate's part of it where that is apart, and W_hr, packed."""
        options = {"transposed": transposed, "fresh": fresh}
        w, hidden = self.p["weight_hh"], self.hidden
        w_hr = self.p.get("weight_hr")
        projection = None if w_hr is None else packed(w_hr, 1, **options)
        if not self.apart:
            return packed(w, self.gates, **options), None, projection
        r_z, n = slice(0, 2 * hidden), slice(2 * hidden, 3 * hidden)
        return packed(w, 2, part=r_z, **options), packed(w, 1, part=n, **options), projection

    def extras(self) -> list[Tensor | None]:
        """What is not in every cell, in the core's order."""
        p, names = self.p, ("weight_ch", "ln_hh.weight", "ln_c.weight", "ln_c.bias")
        peepholes, gain, gain_c, shift_c = (_flat(p.get(name)) for name in names)
        shift, bias = p.get("ln_hh.bias"), p.get("bias_hh")
        if shift is not None and bias is not None:
            shift = shift + bias
        inner = self.call.cell == "gru" and bias is not None and not self.normed
        bias_n = _flat(bias[2 * self.hidden :]) if inner and bias is not None else None
        restart = [_flat(part[self.number]) for part in self.call.restart]
        return [bias_n, peepholes, gain, _flat(shift), gain_c, shift_c, *restart, *[None] * (2 - len(restart))]

    def kept(self, room: Tensor | None) -> _Kept:
        """Parts of this direction's row of the reserve."""
        if room is None:
            return _Kept(None, None, None, None)
        rows, wide = self.call.rows.shape[0], self.gates * self.hidden
        sizes = [_slots(self.call) * self.hidden, *([_STATS, wide, 2] if self.normed else [])]
        parts = room.view(-1).split([rows * size for size in sizes])
        if not self.normed:
            return _Kept(parts[0], None, None, None)
        return _Kept(parts[0], parts[1], parts[2].view(rows, wide), parts[3].view(2, rows, 1))


def _slots(call: Call) -> int:
    """Values that the core keeps per unit and token."""
    variant = (any(call.zoneout), "weight_hr" in call.names, "ln_hh.weight" in call.names)
    return core().saved(CELLS[call.cell], *variant)[0]


def reserve(call: Call) -> Tensor:
    """Room for what forward keeps for backward: (D, N', ...), or nothing where ``call.keep`` is false.

    Args:
        call: see :class:`throughtime.kernels.call.Call`.
    """
    dtype = _computed(call.rows.dtype)
    if not call.keep:
        return call.rows.new_empty(0, dtype=dtype)
    gates = _GATES[call.cell]
    hidden = call.weights[call.names.index("weight_hh")].shape[0] // gates
    norm = _STATS + gates * hidden + 2 if "ln_hh.weight" in call.names else 0
    return call.rows.new_empty(call.directions, call.rows.shape[0], _slots(call) * hidden + norm, dtype=dtype)


def _directions(call: Call) -> list[_Direction]:
    sizes = call.sizes()
    return [_Direction(call, number, sizes, call.parameters(number)) for number in range(call.directions)]


# -- forward -----------------------------------------------------------------------------------------------------------


def forward(call: Call) -> tuple[Tensor, list[Tensor], Tensor]:
    """Sweep every direction of one layer.

    Args:
        call: see :class:`throughtime.kernels.call.Call`.

    Returns:
        y (N', D*P), the final carry, and what backward needs (empty where ``call.keep`` is false).
    """
    check_call(call, CELLS)
    if call.rows.dtype == torch.bfloat16 and not _has_narrow_products(call):
        y, final, kept = forward(_widened(call))
        return y.bfloat16(), [part.bfloat16() for part in final], kept
    y = call.rows.new_empty(call.rows.shape[0], call.directions * call.state[0].shape[-1])
    final = [part.new_empty(part.shape, dtype=_computed(part.dtype)) for part in call.state]
    kept = reserve(call)
    if call.rows.shape[0] > sum(call.sizes()):  # rows past the last token give zeros
        y.zero_(), kept.zero_()
    for one in _directions(call):
        _forward(one, y, kept[one.number] if call.keep else None, final)
    return y, [part.to(y.dtype) for part in final], kept


def _forward(one: _Direction, y: Tensor, room: Tensor | None, final: Sequence[Tensor]) -> None:
    call, p, kept = one.call, one.p, one.kept(room)
    fresh = call.keep
    rows = call.rows[: one.tokens].contiguous()
    x, weights_ih, bias, from_x = rows, None, None, None
    if one.normed:
        x, from_x = None, _normed_projection(one, rows, kept)
    else:
        weights_ih, bias = packed(p["weight_ih"], one.gates, fresh=fresh), _bias(one)
    state = [_wide(part[one.number]) for part in call.state]
    after = [part[one.number] for part in final]
    resets, row_ids, out = one.resets(), one.row_ids(), y[:, one.columns]
    weights = one.recurrent_weights(transposed=False, fresh=fresh)
    tensors = [
        x, weights_ih, bias, from_x, *weights, *(_wide(extra) for extra in one.extras()), *_pair(state), out,
        kept.saved, kept.stats, *_pair(after),
    ]  # fmt: skip
    one.sweep(resets, row_ids).forward(
        dtype_name(rows.dtype), [_address(tensor) for tensor in tensors], rows.stride(0), y.stride(0)
    )


def _bias(one: _Direction) -> Tensor | None:
    """What is added to W_ih x: both biases, but not the one that the reset gate of a GRU scales."""
    b_ih, b_hh = one.p.get("bias_ih"), one.p.get("bias_hh")
    if b_ih is None or b_hh is None:
        return None
    if one.call.cell != "gru":
        return _wide(b_ih + b_hh)
    bias = b_ih.clone()
    bias[: 2 * one.hidden] += b_hh[: 2 * one.hidden]
    return _wide(bias)


def _normed_projection(one: _Direction, rows: Tensor, kept: _Kept) -> Tensor:
    """``LN(W_ih x) + b_ih``, (N, G*H)."""
    p, product = one.p, linear(rows, one.p["weight_ih"])
    normed, mean, scale = torch.native_layer_norm(
        product, product.shape[-1:], p["ln_ih.weight"], p["ln_ih.bias"], 1e-5
    )
    if kept.product is not None and kept.moments is not None:
        kept.product[: one.tokens] = product
        kept.moments[0, : one.tokens], kept.moments[1, : one.tokens] = mean, scale
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
    check_call(call, CELLS)
    check_gradients(call, y, kept, reserve(call), grad_y, grad_final)
    if call.rows.dtype == torch.bfloat16:
        wide = [grad.float() for grad in grad_final]
        grads = backward(_widened(call), y.float(), kept, grad_y.float(), wide)
        return [grad.bfloat16() for grad in grads]
    grad_y = grad_y.contiguous()
    grad_state = [grad.contiguous().clone() for grad in grad_final]
    grad_rows: Tensor | None = None
    restart = [torch.zeros_like(part) for part in call.restart]
    weights: list[Tensor] = []
    for one in _directions(call):
        swept = _backward(one, y, kept[one.number], grad_y, grad_state)
        named, grad = _gradients(one, swept)
        grad_rows = grad if grad_rows is None else grad_rows.add_(grad)
        weights += [named[name].view_as(one.p[name]) for name in call.names]
        for part, name in zip(restart, ("restart_h", "restart_c"), strict=False):
            part[one.number] = named[name]
    assert grad_rows is not None
    tail = call.rows.shape[0] - grad_rows.shape[0]
    return [functional.pad(grad_rows, (0, 0, 0, tail)) if tail else grad_rows, *grad_state, *restart, *weights]


class _Swept(NamedTuple):
    """What the loop leaves of one direction."""

    kept: _Kept
    gates: Tensor
    """(N, grads*H): gradients of the gates."""
    raw: Tensor | None
    """(N, G*H): gradients of the recurrent products before their layer norm."""
    h_prev: Tensor
    """(N, P): the state that entered each row."""
    reset_h: Tensor | None
    """(N, H): r * h, where the candidate's product is apart."""
    grad_m: Tensor | None
    """(N, P): gradient of the projection."""
    m: Tensor | None
    """(N, H): what was projected."""
    sums: dict[str, Tensor]
    """Gradients of what is not in every cell."""


def _backward(one: _Direction, y: Tensor, kept_room: Tensor, grad_y: Tensor, grad_state: Sequence[Tensor]) -> _Swept:
    """Run the loop; ``grad_state`` is changed in place."""
    call, hidden, kept = one.call, one.hidden, one.kept(kept_room)
    projected = "weight_hr" in one.p

    def room(width: int, there: bool = True) -> Tensor | None:
        return call.rows.new_empty(one.tokens, width) if there else None

    gates, h_prev = call.rows.new_empty(one.tokens, _grads(one) * hidden), call.rows.new_empty(one.tokens, one.width)
    raw, reset_h = room(one.gates * hidden, one.normed), room(hidden, one.apart)
    grad_m, m = room(one.width, projected), room(hidden, projected)
    resets, row_ids, extras = one.resets(), one.row_ids(), one.extras()
    sweep = one.sweep(resets, row_ids)
    any_extra = any(extra is not None for extra in extras[1:])
    sums = call.rows.new_zeros(one.threads, sweep.sums()) if any_extra else None
    weights = one.recurrent_weights(transposed=True, fresh=True)
    state = [part[one.number].contiguous() for part in call.state]
    grads = [part[one.number] for part in grad_state]
    tensors = [
        *weights, *extras, grad_y[:, one.columns], y[:, one.columns], *_pair(state), kept.saved, kept.stats, gates, raw,
        h_prev, reset_h, grad_m, m, *_pair(grads), sums,
    ]  # fmt: skip
    sweep.backward(dtype_name(y.dtype), [_address(tensor) for tensor in tensors], grad_y.stride(0), y.stride(0))
    return _Swept(kept, gates, raw, h_prev, reset_h, grad_m, m, _named_sums(one, sums))


def _named_sums(one: _Direction, sums: Tensor | None) -> dict[str, Tensor]:
    if sums is None:
        return {}
    hidden = one.hidden
    sizes = [3 * hidden, one.gates * hidden, hidden, hidden, one.width, hidden]
    names = ["weight_ch", "ln_hh.weight", "ln_c.weight", "ln_c.bias", "restart_h", "restart_c"]
    return dict(zip(names, sums.sum(0).split(sizes), strict=True))


def _grads(one: _Direction) -> int:
    return 4 if one.call.cell == "gru" else one.gates


def _gradients(one: _Direction, swept: _Swept) -> tuple[dict[str, Tensor], Tensor]:
    """Gradients of the parameters by name, and of the rows (N, I)."""
    hidden, is_gru, named = one.hidden, one.call.cell == "gru", dict(swept.sums)
    from_x = swept.gates[:, : 3 * hidden] if is_gru else swept.gates
    from_h = swept.gates[:, hidden:] if is_gru else swept.gates
    w_ih, rows = one.p["weight_ih"], one.call.rows[: one.tokens].contiguous()
    if one.normed:
        # The norm wants PyTorch's order of gates; elsewhere it is cheaper to turn the weights than all tokens.
        from_x = from_x.roll(-hidden, 1) if is_gru else from_x
        from_x, named["ln_ih.weight"], named["ln_ih.bias"] = _normed_projection_back(one, swept.kept, from_x)
        named["bias_ih"] = named["ln_ih.bias"].clone()
        named["ln_hh.bias"] = from_h.sum(0)
        named["bias_hh"] = named["ln_hh.bias"].clone()
    turned = hidden if is_gru and not one.normed else 0  # the core's order is n r z
    grad_rows = linear(from_x, w_ih.roll(turned, 0).t())
    w_ih_grad, b_ih = (grad.roll(-turned, 0) for grad in transposed_product(from_x, rows))
    named["weight_ih"], named["bias_ih"] = w_ih_grad, named.get("bias_ih", b_ih)
    named["weight_hh"], b_hh = _recurrent_gradient(one, swept, from_h if swept.raw is None else swept.raw)
    named["bias_hh"] = named.get("bias_hh", b_hh)
    if swept.grad_m is not None and swept.m is not None:
        named["weight_hr"], _ = transposed_product(swept.grad_m, swept.m)
    return named, grad_rows


def _recurrent_gradient(one: _Direction, swept: _Swept, raw: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of W_hh and b_hh."""
    if swept.reset_h is None:
        return transposed_product(raw, swept.h_prev)
    r_z, n = raw[:, : 2 * one.hidden], raw[:, 2 * one.hidden :]
    parts = transposed_product(r_z, swept.h_prev), transposed_product(n, swept.reset_h)
    weights, biases = zip(*parts, strict=True)
    return torch.cat(weights), torch.cat(biases)


def _normed_projection_back(one: _Direction, kept: _Kept, grad: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of W_ih x, and of its layer norm's gain and shift."""
    assert kept.product is not None and kept.moments is not None
    mean, scale = kept.moments[:, : one.tokens]
    product, gain, shift = kept.product[: one.tokens], one.p["ln_ih.weight"], one.p["ln_ih.bias"]
    return torch.ops.aten.native_layer_norm_backward(
        grad.contiguous(), product, product.shape[-1:], mean, scale, gain, shift, [True, True, True]
    )


# -- types and addresses -----------------------------------------------------------------------------------------------


def _computed(dtype: torch.dtype) -> torch.dtype:
    """Type of the state and of all sums."""
    return torch.float32 if dtype == torch.bfloat16 else dtype


def _wide(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.to(_computed(tensor.dtype)).contiguous()


def _has_narrow_products(call: Call) -> bool:
    """Whether the core multiplies this call's bfloat16 rows as they are, two at a time."""
    plain = set(call.names) <= {"weight_ih", "weight_hh", "bias_ih", "bias_hh"} and call.cell != "gru_reset_before"
    even = call.rows.shape[1] % 2 == 0 and call.state[0].shape[-1] % 2 == 0
    drops = call.training and call.recurrent_dropout > 0
    return plain and even and not drops and not call.keep and core().has_bfloat16(target())


def _widened(call: Call) -> Call:
    return call.with_tensors([tensor.float() for tensor in call.tensors()])


def _flat(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.detach().contiguous()


def _pair(parts: Sequence[Tensor | None]) -> list[Tensor | None]:
    return [*parts, None][:2]


def _address(tensor: Tensor | None) -> int:
    return 0 if tensor is None else tensor.data_ptr()
