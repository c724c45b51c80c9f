"""What recurrent layers do while they read, kept, so that after a change they go on from the last state before it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from throughtime.errors import UsageError
from throughtime.layers import Recurrent

__all__ = ["EVERY", "Reading", "first_difference"]

EVERY = 64
"""Steps between two states that are kept."""

Floats = NDArray[np.float32]


class Reading:
    """Every gate and every part of the state of a stack, over a sequence that changes.

    One way the layers go on from a state that is kept every 64 steps; both ways they read the sequence again.

    Args:
        layer: the layers, in evaluation.

    Example:
        >>> import throughtime as tt
        >>> reading, x = Reading(tt.GRU(3, 4).eval()), torch.randn(100, 3)
        >>> reading.read(x[:99]), reading.read(x), reading.steps
        (0, 64, 100)
    """

    def __init__(self, layer: Recurrent) -> None:
        self._layer = layer
        self._tracks: dict[str, Floats] = {}
        self._outputs: Floats = np.empty((0, 0), np.float32)
        self._x = torch.empty(0, layer.input_size)
        self._kept: list[Any] = [None]
        self.steps = 0

    @property
    def names(self) -> list[str]:
        """The tracks: each gate and part of the carry of each layer and direction."""
        return list(self._tracks)

    @property
    def outputs(self) -> Floats:
        """What the stack gives, (T, D*P)."""
        return self._outputs[: self.steps]

    def track(self, name: str) -> Floats:
        """One gate or part of the carry, (T, width)."""
        return self._tracks[name][: self.steps]

    @torch.no_grad()
    def read(self, x: Tensor) -> int:
        """Read a sequence, of which only what follows its first change is new.

        Args:
            x: (T, I), T at least 1.

        Returns:
            The first step whose numbers were made anew; T where none were.

        Raises:
            UsageError: the network computes numbers that are not finite.
        """
        both, same = self._layer.bidirectional, first_difference(self._x, x)
        if same == len(x) and (not both or same == self.steps):
            self._x, self.steps = x, same
            return same
        place = 0 if both else same // EVERY
        self._x, self.steps = x[: place * EVERY], place * EVERY
        del self._kept[place + 1 :]
        for start in range(place * EVERY, len(x), len(x) if both else EVERY):
            self._go_on(x[start:] if both else x[start : start + EVERY])
        self._x = x
        return place * EVERY

    def _go_on(self, x: Tensor) -> None:
        layer = self._layer
        given = x[None] if layer.batch_first else x[:, None]
        y, after, traced = layer(given, self._kept[-1] if not layer.bidirectional else None, trace=True)
        numbers = {name: _numbers(track, layer.batch_first) for name, track in traced.items()}
        outputs = _numbers(y, layer.batch_first)
        if wrong := [name for name, array in numbers.items() if not np.isfinite(array).all()]:
            raise UsageError(
                f"the network computes numbers that are not finite ({wrong[0]}, steps {self.steps} to "
                f"{self.steps + len(x) - 1}): its weights went astray in training, or the text does not suit it"
            )
        for name, array in numbers.items():
            self._tracks[name] = _put(self._tracks.get(name), self.steps, array)
        self._outputs = _put(self._outputs if self._outputs.size else None, self.steps, outputs)
        self.steps += len(x)
        if self.steps % EVERY == 0:
            self._kept.append(after)


def first_difference(one: Tensor, other: Tensor) -> int:
    """Give how many rows two sequences begin with in common.

    Args:
        one: (T, I).
        other: (U, I).

    Example:
        >>> first_difference(torch.tensor([[1.0], [2.0]]), torch.tensor([[1.0], [3.0], [2.0]]))
        1
    """
    shared = min(len(one), len(other))
    differs = (one[:shared] != other[:shared]).any(-1).nonzero()
    return int(differs[0, 0]) if len(differs) else shared


def _numbers(tensor: Any, batch_first: bool) -> Floats:
    rows = tensor[0] if batch_first else tensor[:, 0]
    return rows.detach().float().cpu().numpy()


def _put(held: Floats | None, start: int, rows: Floats) -> Floats:
    """Write rows behind the first ones of an array that has room for them; where it has none, one of twice the size."""
    stop = start + len(rows)
    if held is None or len(held) < stop:
        larger = np.empty((max(2 * stop, EVERY), rows.shape[1]), np.float32)
        if held is not None:
            larger[:start] = held[:start]
        held = larger
    held[start:stop] = rows
    return held
