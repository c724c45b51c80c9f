"""What is seen of a network while it learns: how far its gradient comes, and what its gates do."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
from torch import Tensor, nn

from throughtime.insight import Subject, gate_statistics, gradient_flow, memory_horizon, subject
from throughtime.insight.pictures.flow import flow_picture, relative_flow
from throughtime.insight.pictures.gates import gates_picture
from throughtime.insight.pictures.horizon import horizon_picture
from throughtime.insight.results import Flow
from throughtime.layers import Recurrent
from throughtime.runs.explaining.layers import layers_of
from throughtime.training.pages.page import figure

__all__ = ["NetworkWatcher", "remembered"]

STEPS = 128
"""Steps of a sequence that are looked at, the last ones."""
BACK = (1, 2, 5, 10, 20, 50, 100)
"""Steps back at which it is told what is left of the gradient."""


class NetworkWatcher:
    """Looks at the layers of a network, on the reference in float64: a :class:`throughtime.training.watching.Watcher`.

    Args:
        net: the network.
        what: "flow", "gates" or both.
    """

    def __init__(self, net: nn.Module, what: Sequence[str]) -> None:
        self._layer, self._what = layers_of(net), what
        self._x: Tensor | None = None

    @contextmanager
    def looking(self) -> Generator[None]:
        """Keep what the layers read first inside: the longest row of the batch."""
        self._x = None
        if self._layer is None:
            yield
            return
        handle = self._layer.register_forward_pre_hook(cast(Any, self._keep), with_kwargs=True)
        try:
            yield
        finally:
            handle.remove()

    def _keep(self, layer: Recurrent, given: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        x = given[0]
        if self._x is not None or not isinstance(x, Tensor) or x.is_nested or x.dim() != 3:
            return
        rows, lengths = (x if layer.batch_first else x.transpose(0, 1)).detach(), named.get("lengths")
        row = 0 if lengths is None else int(np.argmax([int(length) for length in lengths]))
        stop = rows.shape[1] if lengths is None else int(lengths[row])
        self._x = rows[row, max(0, stop - STEPS) : stop].clone()

    @property
    def subject(self) -> Subject | None:
        """The layers with what they have read last; None where they have read nothing."""
        return None if self._layer is None or self._x is None or not len(self._x) else subject(self._layer, self._x)

    def seen(self) -> Mapping[str, Any]:
        """Say what is left of the gradient, and how often gates are open and shut.

        Returns:
            ``flow``: track -> steps back -> share that is left; ``gates``: gate -> ``open``, ``shut``, ``mean``.
        """
        looked_at = self.subject
        if looked_at is None:
            return {}
        found: dict[str, Any] = {}
        if "flow" in self._what:
            found["flow"] = _left(gradient_flow(looked_at))
        if "gates" in self._what:
            found["gates"] = _of_gates(looked_at)
        return found


def _left(flow: Flow) -> dict[str, dict[str, float]]:
    left: dict[str, dict[str, float]] = {}
    for track, (steps, values) in relative_flow(flow).items():
        there = {int(back): float(value) for back, value in zip(steps, values, strict=True)}
        left[track] = {str(back): there[back] for back in BACK if back in there}
    return left


def _of_gates(looked_at: Subject) -> dict[str, dict[str, float]]:
    """How often gates are open and shut; what is not between 0 and 1 is none."""
    gates = gate_statistics(looked_at)
    return {
        name: {
            "open": float(gates.high[name].mean()),
            "shut": float(gates.low[name].mean()),
            "mean": float(values.mean()),
        }
        for name, values in gates.values.items()
        if name in gates.low and values.min() >= 0
    }


def remembered(looked_at: Subject) -> str:
    """Draw what layers remember of a sequence.

    Args:
        looked_at: the layers, with the sequence.

    Returns:
        HTML: figures for the report.
    """
    pictures = {"the gradient on its way back": flow_picture(gradient_flow(looked_at))}
    if not looked_at.recurrent.bidirectional:
        pictures["how far back an input is felt"] = horizon_picture(memory_horizon(looked_at))
    pictures["gates over time"] = gates_picture(gate_statistics(looked_at))
    return "".join(figure(name, picture) for name, picture in pictures.items())
