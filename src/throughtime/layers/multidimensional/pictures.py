"""Batches, states and streams of pictures: flattened for the loop over time, and put back into their form."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from throughtime.errors import ShapeError
from throughtime.layers.rows import Input
from throughtime.layers.states import States
from throughtime.layers.stream import Stream, Values
from throughtime.layers.streamable import Streamable

__all__ = ["PictureStates", "PictureStream", "Place", "flattened", "in_pictures"]

Place = tuple[int, int]
"""(height, width) of a picture."""


def flattened(x: Input, picture: tuple[int, ...]) -> Input:
    """A batch of pictures as one of steps with channels * height * width features.

    Args:
        x: (..., channels, height, width), in any form that a layer takes.
        picture: (channels, height, width).

    Raises:
        ShapeError: its last axes are others.
    """
    data = x.data if isinstance(x, PackedSequence) else x
    if not isinstance(data, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]
        return x  # refused where the type of a batch is checked
    if tuple(data.shape[-3:]) != picture:
        raise ShapeError(
            f"the input's last axes must be (channels, height, width) = {picture}, got shape {tuple(data.shape)}"
        )
    return _changed(x, lambda steps: steps.flatten(-3))


def in_pictures(y: Input, place: Place) -> Input:
    """The way back of :func:`flattened`.

    Args:
        y: (..., channels * height * width), in any form.
        place: (height, width).
    """
    return _changed(y, lambda steps: _in_pictures(steps, place))


def _changed(x: Input, change: Callable[[Tensor], Tensor]) -> Input:
    if isinstance(x, PackedSequence):
        return PackedSequence(change(x.data), x.batch_sizes, x.sorted_indices, x.unsorted_indices)
    if x.is_nested and x.layout == torch.jagged:
        nested = cast("Any", x)
        return torch.nested.nested_tensor_from_jagged(change(nested.values()), nested.offsets(), nested.lengths())
    return change(x)


def _picture(features: int, place: Place) -> tuple[int, int, int]:
    """(channels, height, width)."""
    return (features // math.prod(place), *place)


def _in_pictures(steps: Any, place: Place) -> Any:
    """Of a tensor or an array."""
    return steps.reshape(*steps.shape[:-1], *_picture(steps.shape[-1], place))


@dataclass(frozen=True, kw_only=True)
class PictureStates(States):
    """The state of a stack whose carries are pictures: outside, each part is (L*D, B, channels, height, width)."""

    place: Place
    """(height, width)."""

    def _checked(self, part: Any, stacked: int, width: int) -> Tensor:
        rows = (stacked,) if self.unbatched else (stacked, self.batch)
        shape = (*rows, *_picture(width, self.place))
        if not isinstance(part, Tensor) or part.shape != shape:
            given = f"shape {tuple(part.shape)}" if isinstance(part, Tensor) else type(part).__name__
            raise ShapeError(f"a state must have shape {shape}, got {given}")
        return super()._checked(part.flatten(-3), stacked, width)

    def _outside(self, part: Tensor, order: Tensor | None) -> Tensor:
        return _in_pictures(super()._outside(part, order), self.place)


class PictureStream(Stream):
    """A :class:`throughtime.layers.stream.Stream` whose steps are pictures.

    Args:
        layer: a one-directional layer over flattened pictures.
        batch_size: B, independent streams side by side.
        weight_dtype: None, or the layer's own.

    Example:
        >>> import torch, throughtime as tt
        >>> layer, x = tt.ConvLSTM(1, 4, (8, 6)), torch.randn(5, 1, 1, 8, 6)
        >>> stream = layer.stream()
        >>> y = torch.stack([stream.step(frame) for frame in x])
        >>> torch.allclose(y, layer(x)[0], atol=1e-6), stream.state[1].shape
        (True, torch.Size([1, 1, 4, 8, 6]))
    """

    def __init__(self, layer: Streamable, batch_size: int = 1, *, weight_dtype: torch.dtype | None = None) -> None:
        super().__init__(layer, batch_size, weight_dtype=weight_dtype)
        self._place = cast("Any", layer).picture_size
        self._read, self._given = (_picture(size, self._place) for size in (layer.input_size, layer.output_size))

    def step(self, x: Values, out: Values | None = None) -> Values:
        """One step of every stream.

        Args:
            x: (B, channels, height, width), a tensor or a NumPy array of the layer's dtype, on the layer's device.
            out: the same with the channels of the output, of the kind and dtype of x: where to write. None: it is made.

        Returns:
            the output: ``out`` where that is given.

        Raises:
            ShapeError: x or out has another shape, dtype, device or kind.
            UsageError: another thread is in a step of this stream.
        """
        rows = _flat("this stream takes", x, (self.batch_size, *self._read))
        if out is None:
            return _in_pictures(super().step(rows), self._place)
        written = super().step(rows, _flat("out must be", out, (self.batch_size, *self._given)))
        cast("Any", out)[...] = _in_pictures(written, self._place)  # nothing new, unless flattening had to copy
        return out

    def feed(self, x: Values) -> Values:
        """A chunk of any number of steps.

        Args:
            x: (t, B, channels, height, width), or (B, t, ...) where the layer is ``batch_first``; a tensor or a NumPy
                array as for :meth:`step`.

        Returns:
            the outputs in the same form.

        Raises:
            ShapeError: x has another shape, dtype or device.
            UsageError: another thread is in a step of this stream.
        """
        time = int(self._layer.batch_first)
        rows = [self.batch_size]
        rows.insert(time, x.shape[time] if x.ndim == 5 else -1)
        return _in_pictures(super().feed(_flat("this stream takes", x, (*rows, *self._read))), self._place)


def _flat(what: str, x: Values, shape: tuple[int, ...]) -> Values:
    """Checked pictures (..., channels, height, width) as vectors."""
    if tuple(x.shape) != shape:
        raise ShapeError(f"{what} shape {shape}, got {tuple(x.shape)}")
    return cast(Values, x.reshape(*shape[:-3], math.prod(shape[-3:])))
