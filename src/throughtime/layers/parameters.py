"""Parameters of one cell inside a module: made, initialised and gathered under ``torch.nn``'s names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from throughtime.errors import UsageError
from throughtime.kernels.reference.cell import Cell, Parameters
from throughtime.layers.initialisers import initialise

__all__ = ["ParameterSet", "probability", "zoneouts"]


class ParameterSet:
    """Where the parameters of one layer and direction live in a module.

    Args:
        cell: the cell.
        sizes: (input_size, hidden_size, proj_size).
        bias: whether there are biases.
        layer_norm: whether there are layer norms; each is an ``nn.LayerNorm`` named like ``ln_ih_l0``.
        suffix: ending of every name, such as ``"_l0_reverse"``; empty for a single cell.
    """

    def __init__(self, cell: Cell, sizes: tuple[int, int, int], bias: bool, layer_norm: bool, suffix: str) -> None:
        self.cell, self.sizes, self.suffix = cell, sizes, suffix
        self.shapes = cell.shapes(*sizes, bias)
        self.norms = cell.norms(sizes[1]) if layer_norm else {}
        self.names: list[str] = [
            *self.shapes,
            *(f"{norm}.{part}" for norm in self.norms for part in ("weight", "bias")),
        ]

        self._attributes = [name + suffix for name in self.shapes]
        self.known = frozenset(self.names)
        """The names as a set, for choosing a kernel."""

    def first(self, module: nn.Module) -> Tensor:
        """The first parameter; it tells the dtype and device of all."""
        return getattr(module, self._attributes[0])

    def create(self, module: nn.Module, factory: dict[str, Any]) -> None:
        """Register empty parameters and fresh norms in ``module``."""
        for name, shape in self.shapes.items():
            module.register_parameter(name + self.suffix, nn.Parameter(torch.empty(shape, **factory)))
        for norm, width in self.norms.items():
            module.add_module(norm + self.suffix, nn.LayerNorm(width, eps=1e-5, **factory))

    def reset(self, module: nn.Module, init: str) -> None:
        """Initialise all of them; norms start at weight 1 and bias 0."""
        initialise(init, self.cell, self.sizes[1], {name: getattr(module, name + self.suffix) for name in self.shapes})
        for norm in self.norms:
            getattr(module, norm + self.suffix).reset_parameters()

    def plain(self, module: nn.Module) -> list[Tensor]:
        """The parameters without the norms, in ``torch.nn``'s order."""
        return [getattr(module, name) for name in self._attributes]

    def tensors(self, module: nn.Module) -> list[Tensor]:
        """All parameters in the order of ``names``."""
        norms = [getattr(module, norm + self.suffix) for norm in self.norms]
        return [*self.plain(module), *(tensor for norm in norms for tensor in (norm.weight, norm.bias))]

    def named(self, module: nn.Module) -> Parameters:
        """All parameters by name."""
        return dict(zip(self.names, self.tensors(module), strict=True))


def zoneouts(zoneout: Any, carry: tuple[str, ...]) -> tuple[float, float]:
    """Zoneout of h and of the other parts of the carry.

    Args:
        zoneout: one probability for both, or a pair of them.
        carry: names of the parts.

    Raises:
        UsageError: not a probability, or a pair for a carry of one part.
    """
    pair = [*cast("Sequence[Any]", zoneout)] if isinstance(zoneout, tuple | list) else [zoneout, zoneout]
    if len(pair) != 2:
        raise UsageError(f"zoneout is one probability or a pair (h, others), got {zoneout!r}")
    if len(carry) == 1 and pair[0] != pair[1]:
        raise UsageError(f"this cell carries h alone, so zoneout takes one number, got {zoneout!r}")
    return probability("zoneout", pair[0]), probability("zoneout", pair[1])


def probability(name: str, value: Any) -> float:
    """Check a probability; 1 is refused, since nothing would be left.

    Args:
        name: of the option, for the message.
        value: what was given for it.

    Raises:
        UsageError: not a number in [0, 1).
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value < 1.0:
        raise UsageError(f"{name} must be a probability in [0, 1), got {value!r}")
    return float(value)
