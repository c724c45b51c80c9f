"""Endless input in constant memory: one step, or one chunk, at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from throughtime.errors import KernelError, ShapeError, UsageError
from throughtime.kernels import dispatch, native_stream
from throughtime.kernels.call import Call
from throughtime.kernels.native_stream import NativeStream
from throughtime.kernels.sight import modes_are_on, trace_is_on
from throughtime.layers.captured_steps import CapturedSteps, CudaGraph, Graph
from throughtime.layers.steps import LayeredSteps, Steps
from throughtime.layers.stream_input import check_plain, check_unwatched, taken
from throughtime.layers.streamable import Streamable
from throughtime.layers.values import check_finite

__all__ = ["Stream"]

Array = NDArray[Any]
Values = TypeVar("Values", Tensor, Array)


class Stream:
    """A one-directional stack that reads its input as it comes.

    The state stays inside and can be read, set and reset row by row. Streaming is inference: no gradients, no masks,
    zoneout in expectation. Feeding a sequence in any chunks equals one call of the layer, to rounding.

    A stream has the layer's weights as they were when it was made, or when :meth:`refresh` or a full :meth:`reset` last
    read them; what is written to the layer between is not seen. One thread at a time may use it. There is no mask: a
    step that is not to be read is not given to the stream.

    Plain LSTM, GRU and Elman stacks on the CPU, with or without biases, peepholes and zoneout, run in the C++ core in
    about a microsecond a step; everything else runs layer by layer, on an NVIDIA GPU as a graph that is captured after
    some steps and replayed. :attr:`kernel` says which, and :func:`throughtime.use_kernel` forces one while the stream
    is made.

    Args:
        layer: a one-directional recurrent layer.
        batch_size: B, independent streams side by side.
        weight_dtype: ``torch.bfloat16`` keeps a float32 layer's weight matrices in half the memory, which makes large
            steps about twice as fast. State, sums, biases, input and output stay float32; on processors that multiply
            bfloat16, x and h are rounded to it where they enter a product. None: the layer's dtype.

    Raises:
        ShapeError: ``batch_size`` is not positive.
        UsageError: ``weight_dtype`` cannot be honoured here.
        KernelError: a kernel is forced and cannot stream this layer.

    Example:
        >>> import numpy as np, torch, throughtime as tt
        >>> layer, x = tt.GRU(3, 4, num_layers=2), torch.randn(6, 1, 3)
        >>> stream = layer.stream()
        >>> y = torch.stack([stream.step(x_t) for x_t in x])
        >>> torch.allclose(y, layer(x)[0], atol=1e-6)
        True
        >>> stream.step(np.zeros((1, 3), np.float32)).shape
        (1, 4)
    """

    def __init__(self, layer: Streamable, batch_size: int = 1, *, weight_dtype: torch.dtype | None = None) -> None:
        check_unwatched()
        if batch_size < 1:
            raise ShapeError(f"batch_size must be 1 or more, got {batch_size}")
        self._layer, self.batch_size = layer, batch_size
        self._forced = _forced()
        calls = self._calls()
        self._narrow = _narrow(weight_dtype, calls[0].rows.dtype)
        self._choice = _choice(self._refusals(calls), self._forced)
        if self._narrow and self._choice.kernel != "native":
            reason = self._choice.refused.get("native", f"{self._choice.kernel!r} is forced")
            raise UsageError(f"weight_dtype=torch.bfloat16 needs the native kernel: {reason}")
        self._load(calls)

    @property
    def kernel(self) -> dispatch.Explanation:
        """Which kernel runs the steps, and why others do not; chosen when the stream is made. On a GPU it says how."""
        steps = self._steps
        return replace(self._choice, how=steps.how) if isinstance(steps, CapturedSteps) else self._choice

    def step(self, x: Values, out: Values | None = None) -> Values:
        """One step of every stream.

        Args:
            x: (B, I), a tensor or a NumPy array of the layer's dtype, on the layer's device.
            out: (B, P), of the kind and dtype of x: where to write the output; it may be x. None: it is made.

        Returns:
            (B, P), the last layer's output, of the kind of x: ``out`` where that is given.

        Raises:
            ShapeError: x or out has another shape, dtype, device or kind.
            UsageError: another thread is in a step of this stream.
        """
        if trace_is_on() or modes_are_on():  # as in check_unwatched, which costs a third of a step
            check_unwatched()
        y = self._quick_tensor(x, out) if type(x) is Tensor else self._quick(x, out)
        return self._step(x, out) if y is None else y

    def _step(self, x: Values, out: Values | None) -> Values:
        """Any step that is not of plain arrays."""
        tensor = self._entered(x, (self.batch_size, self._layer.input_size))
        if self._layer.cell.finite_only:
            check_finite(tensor[None])
        if out is not None:
            self._check_out(x, out)
        with torch.no_grad():
            y = self._steps.step(tensor)
            if isinstance(x, Tensor):
                return cast(Values, y if out is None else cast(Tensor, out).copy_(y))
        if out is None:
            return cast(Values, y.numpy())
        np.copyto(cast(Array, out), y.numpy())
        return out

    def feed(self, x: Values) -> Values:
        """A chunk of any number of steps.

        Args:
            x: (t, B, I), or (B, t, I) where the layer is ``batch_first``; a tensor or a NumPy array as for
                :meth:`step`.

        Returns:
            the outputs in the same form, P features.

        Raises:
            ShapeError: x has another shape, dtype or device.
            UsageError: another thread is in a step of this stream.
        """
        time = 1 if self._layer.batch_first else 0
        shape = [self.batch_size, self._layer.input_size]
        shape.insert(time, x.shape[time] if x.ndim == 3 else -1)
        rows = self._entered(x, tuple(shape)).transpose(0, time)
        if self._layer.cell.finite_only:
            check_finite(rows)
        with torch.no_grad():
            y = self._steps.feed(rows) if rows.shape[0] else rows.new_empty(0, self.batch_size, self._layer.output_size)
        y = y.transpose(0, time)
        return cast(Values, y if isinstance(x, Tensor) else y.numpy())

    @property
    def state(self) -> Any:
        """The state after the last step, as the layer returns it; setting it continues from there. Both copy."""
        check_unwatched()
        layers = [[part[None] for part in carry] for carry in self._steps.carries]
        return self._layer.states(self.batch_size, self._like).leave(layers, None)

    @state.setter
    def state(self, value: Any) -> None:
        check_unwatched()
        layers = self._layer.states(self.batch_size, self._like).enter(value, None)
        check_plain([part for layer in layers for part in layer], "state")
        self._steps.carries = [tuple(part[0] for part in layer) for layer in layers]

    def reset(self, rows: Sequence[int] | Tensor | None = None) -> None:
        """Return some streams to the initial state.

        Args:
            rows: indices of the streams, or a (B,) bool mask; None: all start over, with the layer's weights and
                learned states as they are now.
        """
        check_unwatched()
        if rows is None:
            self._load(self._calls())
            return
        chosen = torch.as_tensor(rows, device=self._like.device)
        if not chosen.numel():
            return
        mask = torch.zeros(self.batch_size, dtype=torch.bool, device=chosen.device)
        mask[chosen] = True
        self._steps.carries = [
            tuple(torch.where(mask[:, None], new, old) for new, old in zip(fresh, carry, strict=True))
            for fresh, carry in zip(self._start(), self._steps.carries, strict=True)
        ]

    def select(self, rows: Sequence[int] | Tensor) -> None:
        """Go on with some streams, in any order and number, such as those that a beam search follows.

        The weights are not read again; ``batch_size`` becomes the number of rows.

        Args:
            rows: (B',) indices of the streams, one at least; a stream that comes several times is copied.

        Raises:
            ShapeError: there are none, or one is no stream of these.
            UsageError: another thread is in a step of this stream.
        """
        check_unwatched()
        chosen = torch.as_tensor(rows, dtype=torch.int64, device=self._like.device)
        if chosen.dim() != 1 or not chosen.numel():
            raise ShapeError(f"rows must be (streams,), one at least, got shape {tuple(chosen.shape)}")
        if bool(((chosen < 0) | (chosen >= self.batch_size)).any()):
            raise ShapeError(f"rows must be from 0 to {self.batch_size - 1}, got {chosen.tolist()}")
        self._steps.select(chosen)
        self.batch_size = chosen.numel()
        self._chosen = chosen if self._chosen is None else self._chosen[chosen]

    def refresh(self) -> None:
        """Read the layer's weights again, and go on from the state there is.

        Raises:
            KernelError: the layer has become one that this stream's kernel cannot run.
        """
        check_unwatched()
        carries = self._steps.carries
        self._load(self._calls())
        self._steps.carries = carries

    def _start(self) -> list[tuple[Tensor, ...]]:
        """The initial state of the streams that there are."""
        if self._chosen is None:
            return self._initial
        return [tuple(part[self._chosen] for part in carry) for carry in self._initial]

    # -- making it -----------------------------------------------------------------------------------------------------

    def _calls(self) -> list[Call]:
        with torch.no_grad():
            return [replace(call, keep=False) for call in self._layer.step_calls(self.batch_size)]

    def _refusals(self, calls: list[Call]) -> dict[str, str | None]:
        """Kernel -> why it does not stream this layer, in order of preference."""
        own = None if self._layer.bare else "it has no single step of this cell with these options"
        native = native_stream.refusal(calls, self._layer.around)
        return {"native": native, "torch": own, "reference": None}

    def _load(self, calls: list[Call]) -> None:
        """Take the weights and the initial state."""
        blocks = [self._layer.block(number) for number in range(len(calls))]
        for call, block in zip(calls, blocks, strict=True):
            check_plain((*call.tensors(), *block.p.values()), "weights")
        kernel = self._choice.kernel
        reason = self._refusals(calls)[kernel]
        if reason is not None:
            raise KernelError(f"this stream runs on {kernel!r}, but not the layer as it is now: {reason}")
        self._like = calls[0].rows
        self._initial = [tuple(part[0].detach().clone() for part in call.state) for call in calls]
        self._chosen: Tensor | None = None  # which of these the streams are, where some were selected
        self._quick: Callable[[Any, Any], Any] = _not_quick
        self._quick_tensor: Callable[[Any, Any], Any] = _not_quick
        self._steps: Steps
        if kernel == "native":
            self._steps = stream = NativeStream(calls, self._narrow)
            self._quick, self._quick_tensor = stream.quick, stream.quick_tensor
            return
        self._steps = layered = LayeredSteps(self._layer, calls, blocks, kernel == "torch", self._forced)
        if (make := _graphs(self._layer, self._like)) is not None:
            self._steps = captured = CapturedSteps(layered, self._like, make)
            if not self._layer.cell.finite_only:
                self._quick_tensor = captured.quick

    # -- checks --------------------------------------------------------------------------------------------------------

    def _entered(self, x: Tensor | Array, shape: tuple[int, ...]) -> Tensor:
        """The input as a tensor, checked."""
        check_unwatched()
        if tuple(x.shape) != shape:
            raise ShapeError(f"this stream takes shape {shape}, got {tuple(x.shape)}")
        if not isinstance(x, Tensor):
            x = taken(x, self._like.dtype)
        check_plain((x.resolve_neg() if x.is_neg() else x,), "input")
        if x.dtype != self._like.dtype or x.device != self._like.device:
            wanted, given = (f"{each.dtype} on {each.device}" for each in (self._like, x))
            raise ShapeError(f"this stream takes {wanted}, got {given}: convert it with .to()")
        return x

    def _check_out(self, x: Tensor | Array, out: Any) -> None:
        kind, shape = Tensor if isinstance(x, Tensor) else np.ndarray, (self.batch_size, self._layer.output_size)
        given, wanted = f"{type(out).__name__} {_form(out)}", (shape, *_form(x)[1:])
        if not isinstance(out, kind) or _form(out) != wanted:
            raise ShapeError(f"out must be {kind.__name__} {wanted}, got {given}")
        if isinstance(out, np.ndarray) and not out.flags.writeable:
            raise UsageError("out is read-only")


def _graphs(layer: Streamable, like: Tensor) -> Callable[[], Graph] | None:
    """What makes graphs to capture steps in, on a GPU; None elsewhere, and for cells of which it is not known what they
    do besides arithmetic.
    """
    own = type(layer.cell).__module__.startswith("throughtime.")
    return partial(CudaGraph, like.device) if like.is_cuda and own else None


def _not_quick(x: Any, out: Any) -> None:
    """No step is quick."""


def _forced() -> str | None:
    """The kernel that ``use_kernel`` forces here and now."""
    return dispatch._forced.name  # pyright: ignore[reportPrivateUsage]


def _choice(refusals: dict[str, str | None], forced: str | None) -> dispatch.Explanation:
    refused = {name: reason for name, reason in refusals.items() if reason is not None}
    if forced in refused:
        raise KernelError(f"kernel {forced!r} was forced and cannot stream this layer: {refused[forced]}")
    return dispatch.Explanation(forced or next(name for name in refusals if name not in refused), refused)


def _narrow(weight_dtype: torch.dtype | None, dtype: torch.dtype) -> bool:
    """Whether the weights are narrower than the rest."""
    if weight_dtype in (None, dtype):
        return False
    if weight_dtype != torch.bfloat16 or dtype != torch.float32:
        raise UsageError(f"weight_dtype can be torch.bfloat16 for a float32 layer, got {weight_dtype} for {dtype}")
    return True


def _form(values: Any) -> tuple[Any, ...]:
    """Shape, dtype and device, as far as there are any."""
    return tuple(getattr(values, name, None) for name in ("shape", "dtype", "device"))
