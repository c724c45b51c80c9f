"""Endless input in constant memory: one step, or one chunk, at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from throughtime.errors import ShapeError
from throughtime.kernels import torch_fused
from throughtime.kernels.call import Call
from throughtime.kernels.reference.loop import advance

if TYPE_CHECKING:
    from throughtime.layers.recurrent import Recurrent

__all__ = ["Stream"]

Carry = tuple[Tensor, ...]


class Stream:
    """A one-directional stack that reads its input as it comes.

    The state stays inside and can be read, set and reset row by row. Streaming is inference: no gradients, no masks,
    zoneout in expectation. Feeding a sequence in any chunks equals one call of the layer, to rounding. The stream reads
    the layer's parameters as they were when it was made; values changed in place are seen.

    Args:
        layer: a one-directional recurrent layer.
        batch_size: B, independent streams side by side.

    Example:
        >>> import torch, throughtime as tt
        >>> layer, x = tt.GRU(3, 4, num_layers=2), torch.randn(6, 1, 3)
        >>> stream = layer.stream()
        >>> y = torch.stack([stream.step(x_t) for x_t in x])
        >>> torch.allclose(y, layer(x)[0], atol=1e-6)
        True
    """

    def __init__(self, layer: Recurrent, batch_size: int = 1) -> None:
        if batch_size < 1:
            raise ShapeError(f"batch_size must be 1 or more, got {batch_size}")
        self._layer, self.batch_size = layer, batch_size
        self._calls = layer.step_calls(batch_size)
        self._bare = layer.bare
        self._carries = self._initial()

    def _initial(self) -> list[Carry]:
        layers = self._layer.states(self.batch_size, self._calls[0].rows).enter(None, None)
        return [tuple(part[0].detach() for part in layer) for layer in layers]

    def step(self, x: Tensor) -> Tensor:
        """One step of every stream.

        Args:
            x: (B, I) of the layer's dtype and device.

        Returns:
            (B, P), the last layer's output.

        Raises:
            ShapeError: x has another shape.
        """
        if x.shape != (self.batch_size, self._layer.input_size):
            raise ShapeError(f"a step takes shape {(self.batch_size, self._layer.input_size)}, got {tuple(x.shape)}")
        with torch.no_grad():
            for layer, call in enumerate(self._calls):
                carry = self._step(call, x, self._carries[layer])
                self._carries[layer] = carry
                x = carry[0] + x if self._layer.residual and layer else carry[0]
        return x

    def _step(self, call: Call, x: Tensor, carry: Carry) -> Carry:
        p = call.parameters(0)
        if self._bare:
            return torch_fused.step(call.cell, p, x, carry)
        return advance(call, 0, call.body().project(p, x), carry, None, [None] * len(carry))[0]

    def feed(self, x: Tensor) -> Tensor:
        """A chunk of any number of steps.

        Args:
            x: (t, B, I), or (B, t, I) where the layer is ``batch_first``.

        Returns:
            the outputs in the same form, P features.
        """
        training = self._layer.training
        self._layer.eval()
        try:
            with torch.no_grad():
                y, self.state = self._layer(x, self.state)
        finally:
            self._layer.train(training)
        return y

    @property
    def state(self) -> Any:
        """The state after the last step, as the layer returns it; setting it continues from there."""
        layers = [[part[None] for part in carry] for carry in self._carries]
        return self._layer.states(self.batch_size, self._calls[0].rows).leave(layers, None)

    @state.setter
    def state(self, value: Any) -> None:
        layers = self._layer.states(self.batch_size, self._calls[0].rows).enter(value, None)
        self._carries = [tuple(part[0] for part in layer) for layer in layers]

    def reset(self, rows: Sequence[int] | Tensor | None = None) -> None:
        """Return some streams to the initial state.

        Args:
            rows: indices of the streams, or a (B,) bool mask; None: all.
        """
        initial = self._initial()
        if rows is None:
            self._carries = initial
            return
        chosen = torch.as_tensor(rows, device=initial[0][0].device)
        mask = torch.zeros(self.batch_size, dtype=torch.bool, device=chosen.device)
        mask[chosen] = True
        self._carries = [
            tuple(torch.where(mask[:, None], new, old) for new, old in zip(fresh, carry, strict=True))
            for fresh, carry in zip(initial, self._carries, strict=True)
        ]
