"""Attention to the last steps of endless input, in constant memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar, cast

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from throughtime.errors import ShapeError
from throughtime.layers.attention.blocks import Look, attend
from throughtime.layers.attention.reach import Reach
from throughtime.layers.stream_input import check_plain, check_unwatched, taken

__all__ = ["HistoryStream"]

Array = NDArray[Any]
Values = TypeVar("Values", Tensor, Array)


class _Streamed(Protocol):
    """A causal attention as its stream sees it; :class:`throughtime.HistoryAttention` is one."""

    batch_first: bool
    like: Tensor
    output: nn.Module

    @property
    def input_size(self) -> int:
        """I."""
        ...

    @property
    def output_size(self) -> int:
        """Width of the context."""
        ...

    def project(self, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values of steps."""
        ...

    def look(self, *, training: bool) -> Look:
        """How queries look at keys."""
        ...


class HistoryStream:
    """A causal :class:`throughtime.HistoryAttention` with a window, that reads its input as it comes.

    The keys and values of the last W steps stay inside, in a ring: a step takes the place of the one that leaves the
    window. Streaming is inference: no gradients, no dropout. Feeding a sequence in any chunks equals one call of the
    layer, to rounding. A stream of a recurrent stack goes before it: what that one's ``step`` or ``feed`` returned is
    what this one takes.

    Weights are read at every step; the keys and values inside are those of the weights that they were made with. One
    thread at a time may use it. A step that is not to be read is not given to the stream.

    Args:
        layer: a causal attention.
        window: W.
        batch_size: B, independent streams side by side.

    Raises:
        ShapeError: ``batch_size`` is not positive.

    Example:
        >>> import torch, throughtime as tt
        >>> attention, y = tt.HistoryAttention(4, window=3), torch.randn(6, 1, 4)
        >>> stream = attention.stream()
        >>> contexts = torch.cat([stream.feed(y[:4]), stream.step(y[4])[None], stream.feed(y[5:])])
        >>> torch.allclose(contexts, attention(y), atol=1e-6)
        True
    """

    def __init__(self, layer: _Streamed, window: int, batch_size: int = 1) -> None:
        check_unwatched()
        if batch_size < 1:
            raise ShapeError(f"batch_size must be 1 or more, got {batch_size}")
        self._layer, self.window, self.batch_size = layer, window, batch_size
        with torch.no_grad():
            _, keys, values = layer.project(layer.like.new_zeros(1, 1, layer.input_size))
        held = [keys] if values is keys else [keys, values]
        self._rings: list[Tensor] = [x.new_zeros(batch_size, window, *x.shape[2:]) for x in held]
        self._places = torch.arange(window, device=keys.device)
        self._seen = torch.zeros(batch_size, dtype=torch.int64, device=keys.device)
        self._fewest = self._at = 0

    def step(self, x: Values) -> Values:
        """One step of every stream.

        Args:
            x: (B, I), a tensor or a NumPy array of the layer's dtype, on the layer's device.

        Returns:
            (B, P), the context, of the kind of x.

        Raises:
            ShapeError: x has another shape, dtype or device.
        """
        with torch.no_grad():
            q, k, v = self._layer.project(self._entered(x, (self.batch_size, self._layer.input_size))[:, None])
            for ring, new in zip(self._rings, (k, v), strict=False):
                ring[:, self._at] = new[:, 0]
            allowed = self._passed()
            keys, values = (ring.transpose(1, 2) for ring in (self._rings[0], self._rings[-1]))
            context = self._layer.look(training=False)(q.transpose(1, 2), keys, values, allowed)
            y = self._layer.output(context.flatten(1))
        return cast(Values, y if isinstance(x, Tensor) else y.numpy())

    def feed(self, x: Values) -> Values:
        """A chunk of any number of steps.

        Args:
            x: (t, B, I), or (B, t, I) where the layer is ``batch_first``; a tensor or a NumPy array as for
                :meth:`step`.

        Returns:
            the contexts in the same form, P features.

        Raises:
            ShapeError: x has another shape, dtype or device.
        """
        time = 1 if self._layer.batch_first else 0
        shape = [self.batch_size, self._layer.input_size]
        shape.insert(time, x.shape[time] if x.ndim == 3 else -1)
        chunk = self._entered(x, tuple(shape)).transpose(0, time).transpose(0, 1)
        with torch.no_grad():
            y = self._feed(chunk) if chunk.shape[1] else chunk.new_empty(self.batch_size, 0, self._layer.output_size)
        y = y if time else y.transpose(0, 1)
        return cast(Values, y if isinstance(x, Tensor) else y.numpy())

    @property
    def state(self) -> tuple[Tensor, ...]:
        """What is inside after the last step; setting it goes on from there. Both copy.

        ``(keys, values, seen)``: (B, W, heads, width) each, the last step at the end, and (B,) int64 how many of the
        steps are there; those before them are zero. "dot", whose keys are its values, has ``(keys, seen)``.
        """
        check_unwatched()
        return *(self._in_order(ring).clone() for ring in self._rings), self._seen.clone()

    @state.setter
    def state(self, value: tuple[Tensor, ...]) -> None:
        check_unwatched()
        own = (*self._rings, self._seen)
        if len(value) != len(own):
            raise ShapeError(f"the state of this stream is {len(own)} tensors, got {len(value)}")
        check_plain(value, "state")
        for new, old in zip(value, own, strict=True):
            if (new.shape, new.dtype, new.device) != (old.shape, old.dtype, old.device):
                wanted, given = (f"{x.dtype} of shape {tuple(x.shape)} on {x.device}" for x in (old, new))
                raise ShapeError(f"a state of this stream has {wanted}, got {given}")
        *rings, seen = (part.detach().clone() for part in value)
        if bool(((seen < 0) | (seen > self.window)).any()):
            raise ShapeError(f"a state has seen from 0 to {self.window} steps, got {seen.tolist()}")
        self._rings, self._seen, self._at, self._fewest = rings, seen, 0, int(seen.min())

    def reset(self, rows: Sequence[int] | Tensor | None = None) -> None:
        """Let some streams begin anew, with nothing seen.

        Args:
            rows: indices of the streams, or a (B,) bool mask; None: all start over.
        """
        check_unwatched()
        chosen = torch.as_tensor(range(self.batch_size) if rows is None else rows, device=self._seen.device)
        chosen = chosen if chosen.numel() else chosen.to(torch.int64)  # an empty list has no type of its own
        self._seen[chosen] = 0
        for ring in self._rings:
            ring[chosen] = 0.0
        self._fewest = int(self._seen.min())

    def select(self, rows: Sequence[int] | Tensor) -> None:
        """Go on with some streams, in any order and number, such as those that a beam search follows.

        Args:
            rows: (B',) indices of the streams, one at least; a stream that comes several times is copied.

        Raises:
            ShapeError: there are none, or one is no stream of these.
        """
        check_unwatched()
        chosen = torch.as_tensor(rows, dtype=torch.int64, device=self._seen.device)
        if chosen.dim() != 1 or not chosen.numel():
            raise ShapeError(f"rows must be (streams,), one at least, got shape {tuple(chosen.shape)}")
        if bool(((chosen < 0) | (chosen >= self.batch_size)).any()):
            raise ShapeError(f"rows must be from 0 to {self.batch_size - 1}, got {chosen.tolist()}")
        self._rings = [ring.index_select(0, chosen) for ring in self._rings]
        self._seen, self.batch_size = self._seen.index_select(0, chosen), chosen.numel()
        self._fewest = int(self._seen.min())

    def _passed(self) -> Tensor | None:
        """Count the step that has just been written; (B, 1, 1, W) bool: which places hold a step, None: all."""
        at, self._at = self._at, (self._at + 1) % self.window
        if self._fewest == self.window:
            return None
        self._fewest += 1
        self._seen = (self._seen + 1).clamp(max=self.window)
        age = (at - self._places) % self.window
        return (age < self._seen[:, None])[:, None, None]

    def _feed(self, chunk: Tensor) -> Tensor:
        """(B, t, I) -> (B, t, P), t at least 1."""
        steps = chunk.shape[1]
        q, *new = self._layer.project(chunk)
        held = [torch.cat([self._in_order(ring), x], 1) for ring, x in zip(self._rings, new, strict=False)]
        keys, values = held[0][:, 1:], held[-1][:, 1:]  # the oldest is not seen any more
        reach = Reach.of_chunk(self._seen, steps, self.window)
        context = attend(self._layer.look(training=False), q, keys, keys if len(held) == 1 else values, reach)
        self._rings, self._at = [x[:, -self.window :].clone() for x in held], 0
        self._seen = (self._seen + steps).clamp(max=self.window)
        self._fewest = min(self._fewest + steps, self.window)
        return self._layer.output(context.flatten(2))

    def _in_order(self, ring: Tensor) -> Tensor:
        """The ring from its oldest step to its newest."""
        return ring if self._at == 0 else torch.cat([ring[:, self._at :], ring[:, : self._at]], 1)

    def _entered(self, x: Tensor | Array, shape: tuple[int, ...]) -> Tensor:
        """The input as a tensor, checked."""
        check_unwatched()
        if tuple(x.shape) != shape:
            raise ShapeError(f"this stream takes shape {shape}, got {tuple(x.shape)}")
        like = self._rings[0]
        if not isinstance(x, Tensor):
            x = taken(x, like.dtype)
        check_plain((x,), "input")
        if x.dtype != like.dtype or x.device != like.device:
            wanted, given = (f"{each.dtype} on {each.device}" for each in (like, x))
            raise ShapeError(f"this stream takes {wanted}, got {given}: convert it with .to()")
        return x
