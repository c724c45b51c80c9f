"""The state of a stack: as a caller sees it (torch.nn's shapes), and layer by layer in the order of the ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor

from throughtime.errors import ShapeError
from throughtime.layers.construction.arguments import alike

__all__ = ["Layers", "States"]

Layers = list[list[Tensor]]
"""For each layer, the parts of its carry, (D, B, width), rows in the order of their ranks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class States:
    """Turns states between the caller's form and the layers'.

    The caller's form: h, or a tuple (h, c) where the carry has two parts. Each part is (L*D, B, width); (L*D, width)
    where the sequence is unbatched; a list of L tensors (D, B, width) where the layers differ in width.
    """

    widths: list[list[int]]
    """Width of each part of each layer's carry."""
    directions: int
    """D."""
    batch: int
    """B."""
    unbatched: bool
    """The sequence has no batch axis, and neither has its state."""
    initial: Layers | None
    """The learned state of each layer, parts of (D, width)."""

    like: Tensor
    """Gives new states their dtype and device."""

    def enter(self, hx: Any, order: Tensor | None) -> Layers:
        """The caller's state, or the initial one where ``hx`` is None, for the layers.

        Raises:
            ShapeError: a part is missing or has another shape, dtype or device.
        """
        if hx is None:
            return [self._initial(layer) for layer in range(len(self.widths))]
        layers = self._by_layer(self._parts(hx))
        return layers if order is None else [[part.index_select(1, order) for part in layer] for layer in layers]

    def leave(self, layers: Layers, order: Tensor | None) -> Any:
        """The layers' state in the caller's form."""
        parts = [list(part) for part in zip(*layers, strict=True)]
        if self._uniform():
            return self.leave_stacked([torch.cat(part) if len(part) > 1 else part[0] for part in parts], order)
        return _alone([[self._outside(layer, order) for layer in part] for part in parts])

    def enter_stacked(self, hx: Any, order: Tensor | None) -> list[Tensor]:
        """The state for all layers at once, parts of (L*D, B, width); for layers of one width."""
        stacked = len(self.widths) * self.directions
        if hx is None:
            return [self.like.new_zeros(stacked, self.batch, width) for width in self.widths[0]]
        parts = zip(self._parts(hx), self.widths[0], strict=True)
        checked = [self._checked(part, stacked, width) for part, width in parts]
        return checked if order is None else [part.index_select(1, order) for part in checked]

    def leave_stacked(self, parts: list[Tensor], order: Tensor | None) -> Any:
        """Parts of (L*D, B, width) in the caller's form."""
        return _alone([self._outside(part, order) for part in parts])

    def _outside(self, part: Tensor, order: Tensor | None) -> Tensor:
        part = part if order is None else part.index_select(1, torch.argsort(order))
        return part.squeeze(1) if self.unbatched else part

    def _initial(self, layer: int) -> list[Tensor]:
        sizes = (self.directions, self.batch)
        if self.initial is None:
            return [self.like.new_zeros(*sizes, width) for width in self.widths[layer]]
        return [part[:, None].expand(*sizes, part.shape[-1]).contiguous() for part in self.initial[layer]]

    def _uniform(self) -> bool:
        return all(widths == self.widths[0] for widths in self.widths)

    def _parts(self, hx: Any) -> list[Any]:
        count = len(self.widths[0])
        parts = [hx] if count == 1 else _items(hx)
        if len(parts) != count:
            raise ShapeError(f"this layer's state is a tuple of {count} tensors, got {_described(hx)}")
        return parts

    def _by_layer(self, parts: list[Any]) -> Layers:
        by_part = [self._split(part, [widths[k] for widths in self.widths]) for k, part in enumerate(parts)]
        return [list(layer) for layer in zip(*by_part, strict=True)]

    def _split(self, part: Any, widths: list[int]) -> list[Tensor]:
        """One part of the state, by layer."""
        if self._uniform():
            stacked = self._checked(part, len(widths) * self.directions, widths[0])
            return list(stacked.chunk(len(widths)))
        layers = _items(part)
        if len(layers) != len(widths):
            raise ShapeError(f"layers of different widths take a list of {len(widths)} states, got {_described(part)}")
        return [self._checked(each, self.directions, width) for each, width in zip(layers, widths, strict=True)]

    def _checked(self, part: Any, stacked: int, width: int) -> Tensor:
        """(stacked, B, width), contiguous."""
        shape = (stacked, width) if self.unbatched else (stacked, self.batch, width)
        if not isinstance(part, Tensor) or part.shape != shape:
            raise ShapeError(f"a state must have shape {shape}, got {_described(part)}")
        alike("state", part, "input", self.like)
        return (part.unsqueeze(1) if self.unbatched else part).contiguous()


def _alone(parts: list[Any]) -> Any:
    """A tuple of the parts, or the only one."""
    return parts[0] if len(parts) == 1 else tuple(parts)


def _items(value: Any) -> list[Any]:
    return list(cast("Sequence[Any]", value)) if isinstance(value, tuple | list) else []


def _described(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, tuple | list):
        return f"{type(value).__name__} of {len(value)}"  # pyright: ignore[reportUnknownArgumentType]
    return type(value).__name__
