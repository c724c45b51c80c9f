"""The C++ core behind our call: the time loop on CPU tensors.

The input's projection before the loop and the weight gradients after it are large products, left to torch. The loop
itself is in ``native/``; it reads weights that are packed for it, and notices any write to them by their content.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from throughtime.errors import ShapeError, UsageError
from throughtime.kernels.call import Call

__all__ = [
    "CELLS",
    "DTYPES",
    "WEIGHTS",
    "backward",
    "forward",
    "reserve_shape",
    "target",
    "unavailable",
]

CELLS = {"rnn_tanh": 0, "rnn_relu": 1, "lstm": 2, "gru": 3}
"""Cell name -> its number in the core."""

WEIGHTS = frozenset({"weight_ih", "weight_hh", "bias_ih", "bias_hh"})
"""Parameters that the core knows."""

DTYPES = (torch.float32, torch.float64)
"""Types it computes in."""

_GATES = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 3}
_SAVED = {"rnn_tanh": (0, 1), "rnn_relu": (0, 1), "lstm": (5, 6), "gru": (4, 4)}  # without and with zoneout
_GRADS = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 4}

_SMALL = 1 << 18
"""Multiplications of a sweep under which waking a second thread costs more than it brings."""


def _loaded() -> ModuleType | None:
    try:
        return import_module("throughtime._native")
    except ModuleNotFoundError:
        return None


_module = _loaded()  # here and not at the first call, for torch.compile traces that and cannot trace an import


def _core() -> ModuleType | None:
    return _module


def unavailable() -> str | None:
    """Why there is no native core in this installation, or None."""
    if _core() is None:
        return "it was not built: install throughtime where a C++20 compiler is found"
    return None


@cache
def target() -> str:
    """Name of the CPU target that runs: the best of this machine, or the one that THROUGHTIME_CPU names.

    Raises:
        UsageError: THROUGHTIME_CPU names a target that this machine does not run.
    """
    known: list[str] = cast(Any, _core()).targets()
    forced = os.environ.get("THROUGHTIME_CPU")
    if forced and forced not in known:
        raise UsageError(f"THROUGHTIME_CPU={forced}: this machine runs {', '.join(known)}")
    return forced or known[0]


class _Direction(NamedTuple):
    """One direction of a call, its weights by name."""

    call: Call
    number: int
    """0 forward, 1 backward."""
    sizes: list[int]

    @property
    def hidden(self) -> int:
        return self.call.state[0].shape[-1]

    @property
    def columns(self) -> slice:
        return slice(self.number * self.hidden, (self.number + 1) * self.hidden)

    @property
    def is_lstm(self) -> bool:
        return self.call.cell == "lstm"

    def sweep(self) -> Any:
        """The loop, ready to run on this direction's rows."""
        hidden, tokens, batch = (
            self.hidden,
            sum(self.sizes),
            self.call.state[0].shape[1],
        )
        work = tokens * _GATES[self.call.cell] * hidden * hidden
        threads = torch.get_num_threads() if work > _SMALL else 1
        double = self.call.rows.dtype == torch.float64
        return cast(Any, _core()).Sweep(
            target(),
            CELLS[self.call.cell],
            double,
            hidden,
            batch,
            self.sizes,
            bool(self.number),
            threads,
        )

    def noise(self, row_ids: Tensor | None) -> Any:
        """Zoneout and recurrent dropout of the call."""
        call = self.call
        zoneout = [*call.zoneout, 0.0][:2]
        seed = 0 if call.seed is None else int(call.seed)
        ids = _address(row_ids)
        return cast(Any, _core()).Noise(*zoneout, call.recurrent_dropout, call.training, seed, call.layer, ids)

    def run(self, is_backward: bool, pointers: list[int], stride: int, y_stride: int) -> None:
        resets, ids = self.resets(), self.call.row_ids
        ids = None if ids is None else ids.contiguous()
        self.sweep().run(is_backward, pointers, stride, y_stride, _address(resets), self.noise(ids))

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


def reserve_shape(call: Call) -> tuple[int, int, int]:
    """Shape of what forward keeps for backward.

    Args:
        call: see :class:`throughtime.kernels.call.Call`.
    """
    hidden = call.state[0].shape[-1]
    return (call.directions, call.rows.shape[0], _SAVED[call.cell][any(call.zoneout)] * hidden)


def forward(call: Call) -> tuple[Tensor, list[Tensor], Tensor]:
    """Sweep every direction of one layer.

    Args:
        call: see :class:`throughtime.kernels.call.Call`.

    Returns:
        y (N', D*H), the final carry, and what backward needs (empty where ``call.keep`` is false).
    """
    _check(call)
    sizes = call.sizes()
    tokens, width = sum(sizes), call.directions * call.state[0].shape[-1]
    y = call.rows.new_empty(call.rows.shape[0], width)
    y[tokens:] = 0.0
    reserve = call.rows.new_empty(reserve_shape(call) if call.keep else 0)
    if call.keep:
        reserve[:, tokens:] = 0.0
    final = [torch.empty_like(part, memory_format=torch.contiguous_format) for part in call.state]
    for index in range(call.directions):
        _forward(
            _Direction(call, index, sizes),
            y,
            reserve[index] if call.keep else None,
            final,
        )
    return y, final, reserve


def _check(call: Call) -> None:
    """Raise ShapeError for a tensor that the core would misread: it is given addresses, no tensors."""
    hidden, rows = call.state[0].shape[-1], call.rows
    wide = _GATES[call.cell] * hidden
    shapes = {"weight_ih": (wide, rows.shape[-1]), "weight_hh": (wide, hidden), "bias_ih": (wide,), "bias_hh": (wide,)}
    expected = [*(call.state[0].shape for _ in call.state), *(shapes[name] for name in call.names * call.directions)]
    for tensor, shape in zip([*call.state, *call.weights], expected, strict=True):
        if tensor.shape != shape or tensor.dtype != rows.dtype or tensor.device != rows.device:
            raise ShapeError(
                f"a parameter or state must be {rows.dtype} of shape {tuple(shape)} on {rows.device}, "
                f"got {tensor.dtype} {tuple(tensor.shape)} on {tensor.device}"
            )


def _forward(one: _Direction, y: Tensor, saved: Tensor | None, final: Sequence[Tensor]) -> None:
    call, hidden = one.call, one.hidden
    p = call.parameters(one.number)
    bias, bias_n = _biases(call.cell, p.get("bias_ih"), p.get("bias_hh"), hidden)
    rows = call.rows[: sum(one.sizes)]
    from_x = rows @ p["weight_ih"].t() if bias is None else torch.addmm(bias, rows, p["weight_ih"].t())
    weights = _packed(p["weight_hh"], call.cell, False, fresh=call.keep)
    state, out = [part[one.number].contiguous() for part in call.state], y[:, one.columns]
    after = [part[one.number] for part in final]
    pointers = _addresses(
        from_x, weights, bias_n, state[0], state[1] if one.is_lstm else None, out, saved,
        after[0], after[1] if one.is_lstm else None,
    )  # fmt: skip
    one.run(False, pointers, from_x.stride(0), y.stride(0))


def backward(call: Call, y: Tensor, reserve: Tensor, grad_y: Tensor, grad_final: Sequence[Tensor]) -> list[Tensor]:
    """Gradients with respect to ``call.tensors()``, in that order.

    Args:
        call: as for :func:`forward`.
        y: (N', D*H) from forward.
        reserve: what forward kept.
        grad_y: (N', D*H) gradient of y.
        grad_final: gradients of the final carry, parts of (D, B, H).
    """
    sizes = call.sizes()
    grad_rows: Tensor | None = None
    grad_state = [grad.contiguous().clone() for grad in grad_final]
    weights: list[Tensor] = []
    for index in range(call.directions):
        one = _Direction(call, index, sizes)
        gates, h_prev = _backward(one, y, reserve[index], grad_y.contiguous(), grad_state)
        p, hidden = call.parameters(index), one.hidden
        from_rows, from_h = _split(call.cell, gates, hidden)
        rows = call.rows[: gates.shape[0]]
        weight = _reordered(call.cell, p["weight_ih"], hidden, back=True)
        grad = from_rows @ weight
        grad_rows = grad if grad_rows is None else grad_rows.add_(grad)
        named = {
            "weight_ih": _reordered(call.cell, from_rows.t() @ rows, hidden),
            "weight_hh": from_h.t() @ h_prev,
        }
        if "bias_ih" in p:
            named["bias_ih"] = _reordered(call.cell, from_rows.sum(0), hidden)
            named["bias_hh"] = from_h.sum(0) if call.cell == "gru" else named["bias_ih"].clone()
        weights += [named[name] for name in call.names]
    assert grad_rows is not None
    tail = call.rows.shape[0] - grad_rows.shape[0]
    grad_rows = torch.cat([grad_rows, grad_rows.new_zeros(tail, grad_rows.shape[1])]) if tail else grad_rows
    return [
        grad_rows,
        *grad_state,
        *(torch.zeros_like(part) for part in call.restart),
        *weights,
    ]


def _backward(
    one: _Direction,
    y: Tensor,
    saved: Tensor,
    grad_y: Tensor,
    grad_state: Sequence[Tensor],
) -> tuple[Tensor, Tensor]:
    """Gradients of the gates (N, grads*H) and the state that entered each row (N, H); ``grad_state`` in place."""
    call, hidden, tokens = one.call, one.hidden, sum(one.sizes)
    gates = call.rows.new_empty(tokens, _GRADS[call.cell] * hidden)
    h_prev = call.rows.new_empty(tokens, hidden)
    weights = _packed(call.parameters(one.number)["weight_hh"], call.cell, True, fresh=True)
    state = [part[one.number].contiguous() for part in call.state]
    grads = [part[one.number] for part in grad_state]
    pointers = _addresses(
        weights, grad_y[:, one.columns], y[:, one.columns], state[0], state[1] if one.is_lstm else None, saved, gates,
        h_prev, grads[0], grads[1] if one.is_lstm else None,
    )  # fmt: skip
    one.run(True, pointers, grad_y.stride(0), y.stride(0))
    return gates, h_prev


def _biases(cell: str, b_ih: Tensor | None, b_hh: Tensor | None, hidden: int) -> tuple[Tensor | None, Tensor | None]:
    """The bias that joins the input's projection, and the one inside the GRU's recurrent candidate."""
    if b_ih is None or b_hh is None:
        return None, None
    if cell != "gru":
        return b_ih + b_hh, None
    inner = b_hh.clone()
    inner[2 * hidden :] = 0.0
    return b_ih + inner, b_hh[2 * hidden :].contiguous()


def _split(cell: str, gates: Tensor, hidden: int) -> tuple[Tensor, Tensor]:
    """Gradients of the gates, for the input's projection and for the recurrent one; they differ in the GRU's n."""
    return (gates[:, : 3 * hidden], gates[:, hidden:]) if cell == "gru" else (gates, gates)


def _reordered(cell: str, blocks: Tensor, hidden: int, back: bool = False) -> Tensor:
    """The core's order of the GRU's input gates (n, r, z) -> PyTorch's (r, z, n); ``back``: the other way."""
    return blocks.roll(hidden if back else -hidden, 0) if cell == "gru" else blocks


class _Packed(NamedTuple):
    digest: int
    weights: Tensor


_cache: Any = WeakTensorKeyDictionary()


def _packed(weight: Tensor, cell: str, is_backward: bool, *, fresh: bool) -> Tensor:
    """W_hh in the core's layout; kept beside the tensor while its content, read anew each time, stays the same.

    ``fresh`` packs without asking: in training the weights change at every step.
    """
    weight = weight.contiguous()
    if fresh:
        return _pack(weight, cell, is_backward)
    digest: int = cast(Any, _core()).digest(target(), weight.data_ptr(), weight.nbytes)
    known: _Packed | None = _cache.get(weight)
    if known is None or known.digest != digest:
        known = _Packed(digest, _pack(weight, cell, is_backward))
        _cache[weight] = known
    return known.weights


def _pack(weight: Tensor, cell: str, is_backward: bool) -> Tensor:
    core: Any = _core()
    hidden, double = weight.shape[1], weight.dtype == torch.float64
    packed = weight.new_empty(core.packed_size(target(), CELLS[cell], hidden, is_backward, double))
    core.pack(
        target(),
        CELLS[cell],
        double,
        weight.data_ptr(),
        hidden,
        is_backward,
        packed.data_ptr(),
    )
    return packed


def _address(tensor: Tensor | None) -> int:
    return 0 if tensor is None else tensor.data_ptr()


def _addresses(*tensors: Tensor | None) -> list[int]:
    return [_address(tensor) for tensor in tensors]
