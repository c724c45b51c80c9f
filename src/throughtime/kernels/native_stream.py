"""A stack that streams in the C++ core: it keeps its own weights, state and room, so a step is one short call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from throughtime.errors import UsageError
from throughtime.kernels import native, sight
from throughtime.kernels.call import Call
from throughtime.kernels.checks import check_call
from throughtime.kernels.packing import address, core, dtype_name, target
from throughtime.kernels.reference.cell import Parameters

__all__ = ["CELLS", "Carry", "NativeStream", "refusal"]

Carry = tuple[Tensor, ...]
"""The state of one layer, parts of (B, width), h first."""

CELLS = frozenset(native.CELLS) - {"gru_reset_before"}
"""Cells that it streams."""

_WEIGHTS = frozenset({"weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_ch"})
_NUMPY = {torch.float32: np.dtype(np.float32), torch.float64: np.dtype(np.float64)}


def refusal(calls: Sequence[Call], around: Sequence[str]) -> str | None:
    """Why the core cannot stream these layers, or None.

    Args:
        calls: one call per layer, for a single step.
        around: options that put something around the layers, such as "residual".
    """
    call = calls[0]
    if sight.transformed():
        return "torch.func transforms and forward-mode derivatives run on the reference"
    if call.rows.device.type != "cpu":
        return f"it runs on the CPU, not on {call.rows.device.type}"
    if call.rows.dtype not in _NUMPY:
        return f"it streams float32 and float64, not {call.rows.dtype}"
    if call.cell not in CELLS:
        return f"it does not stream the cell {call.cell!r}"
    if not set(call.names) <= _WEIGHTS:
        return f"it does not stream {', '.join(sorted(set(call.names) - _WEIGHTS))}"
    if around:
        return f"it does not stream stacks with {', '.join(around)}"
    return native.unavailable()


class NativeStream:
    """The layers of one stack, for a number of rows.

    Args:
        calls: one call per layer, for a single step; their weights are read now and not kept, their states enter.
        bfloat16: keep the weight matrices as bfloat16. Where the processor multiplies bfloat16, x and h are rounded to
            it as they enter a product; elsewhere the rounded weights are widened again. State and sums are float32.

    Raises:
        ShapeError: a parameter or state of the wrong shape, type or device.
    """

    def __init__(self, calls: Sequence[Call], bfloat16: bool = False) -> None:
        self._widths = [[part.shape[2] for part in call.state] for call in calls]
        like = calls[0].rows
        self._batch, self._dtype = like.shape[0], like.dtype
        narrow = bfloat16 and bool(core().has_bfloat16(target()))
        layers = _layers(calls, rounded=bfloat16 and not narrow)
        self._width: int = layers[-1].hidden
        zoneout = [*calls[0].zoneout, 0.0][:2]
        self._stream: Any = core().Stream(
            target(), native.CELLS[calls[0].cell], self._batch, *zoneout, dtype_name(like.dtype), narrow,
            [[layer.inputs, layer.hidden] for layer in layers],
            [[address(tensor) for tensor in layer.tensors] for layer in layers], self._make(self._batch),
        )  # fmt: skip
        self.quick = self._stream.step
        """``quick(x, out)``: one step of C-contiguous NumPy arrays (B, I) and (B, H) of the stream's type, ``out`` made
        where it is None; gives None, and does nothing, for anything else."""
        self._step_at, self._shape = self._stream.step_at, like.shape
        self.carries = [tuple(part[0] for part in call.state) for call in calls]

    def quick_tensor(self, x: Tensor, out: Any) -> Tensor | None:
        """One step of a plain tensor.

        Args:
            x: any tensor.
            out: None, or nothing is done.

        Returns:
            (B, H); None, and nothing is done, where x is not a contiguous (B, I) of the stream's type on the CPU.
        """
        if out is not None or x.shape != self._shape or x.dtype is not self._dtype:
            return None
        if not (x.is_cpu and x.is_contiguous()) or x.is_neg():
            return None
        place = x.data_ptr()  # 0: a wrapper, or memory that was given back
        y = self._step_at(place) if place else None
        return None if y is None else torch.from_numpy(y)  # in half the time of torch.empty

    def step(self, x: Tensor) -> Tensor:
        """One step.

        Args:
            x: (B, I) of the stream's type, on the CPU.

        Returns:
            (B, H).

        Raises:
            UsageError: another thread is in a step.
        """
        return self._run(x, 1, (self._batch, self._width))

    def feed(self, x: Tensor) -> Tensor:
        """Any number of steps.

        Args:
            x: (T, B, I) of the stream's type, on the CPU.

        Returns:
            (T, B, H).

        Raises:
            UsageError: another thread is in a step.
        """
        return self._run(x, x.shape[0], (x.shape[0], self._batch, self._width))

    def select(self, rows: Tensor) -> None:
        """Go on with some rows; the weights are not read again.

        Args:
            rows: (B',) int64 on the CPU, each from 0 to B - 1; one at least.

        Raises:
            UsageError: another thread is in a step.
        """
        _alone(self._stream.select(rows.tolist(), self._make(rows.numel())))
        self._batch = rows.numel()
        self._shape = torch.Size([self._batch, self._shape[1]])

    def _make(self, batch: int) -> Any:
        """What makes the output of a step."""
        return partial(np.empty, (batch, self._width), _NUMPY[self._dtype])

    def _run(self, x: Tensor, steps: int, shape: tuple[int, ...]) -> Tensor:
        x = x.contiguous().resolve_neg()
        y = torch.empty(shape, dtype=self._dtype, device="cpu")
        _alone(self._stream.run(address(x), y.data_ptr(), steps))
        return y

    @property
    def carries(self) -> list[Carry]:
        """The state of each layer; reading and setting it copies."""
        carries = [
            tuple(torch.empty(self._batch, width, dtype=self._dtype, device="cpu") for width in each)
            for each in self._widths
        ]
        for number, carry in enumerate(carries):
            _alone(self._stream.read(number, *_pair(carry)))
        return carries

    @carries.setter
    def carries(self, value: Sequence[Carry]) -> None:
        for number, carry in enumerate(value):
            held = [part.detach().contiguous() for part in carry]
            _alone(self._stream.write(number, *_pair(held)))


class _Layer(NamedTuple):
    inputs: int
    """I."""
    hidden: int
    """H."""
    tensors: list[Tensor | None]
    """W_ih, W_hh, what is added to W_ih x, b_hn, peepholes: contiguous."""


def _layers(calls: Sequence[Call], rounded: bool) -> list[_Layer]:
    layers: list[_Layer] = []
    width = calls[0].rows.shape[1]
    for call in calls:
        check_call(replace(call, rows=call.rows.new_empty(call.rows.shape[0], width)), call.cell in CELLS)
        layer = _layer(call, rounded)
        layers.append(layer)
        width = layer.hidden
    return layers


def _layer(call: Call, rounded: bool) -> _Layer:
    p = {name: tensor.detach().contiguous() for name, tensor in call.parameters(0).items()}
    hidden, inputs = p["weight_hh"].shape[1], p["weight_ih"].shape[1]
    matrices = [p[name].bfloat16().float() if rounded else p[name] for name in ("weight_ih", "weight_hh")]
    return _Layer(inputs, hidden, [*matrices, *_biases(p, hidden, call.cell), p.get("weight_ch")])


def _biases(p: Parameters, hidden: int, cell: str) -> tuple[Tensor | None, Tensor | None]:
    """What is added to W_ih x, and the bias that a GRU's reset gate scales."""
    if "bias_ih" not in p:
        return None, None
    if cell != "gru":
        return p["bias_ih"] + p["bias_hh"], None
    gating, inner = p["bias_hh"].clone(), p["bias_hh"][2 * hidden :]
    gating[2 * hidden :] = 0
    return p["bias_ih"] + gating, inner


def _alone(done: bool) -> None:
    if not done:
        raise UsageError("this stream is in a step in another thread: give each thread a stream of its own")


def _pair(carry: Sequence[Tensor]) -> list[int]:
    return [*(address(part) for part in carry), 0][:2]
