"""Parameters of one cell inside a module: made, initialised and gathered under ``torch.nn``'s names."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from throughtime.kernels.reference.cell import Cell, Parameters
from throughtime.layers.construction.initialisers import initialise

__all__ = ["NamedParameters", "ParameterSet"]


class NamedParameters:
    """Where parameters that go by a name and a suffix live in a module.

    Args:
        shapes: name without suffix -> shape.
        norms: name without suffix -> width of a layer norm; each is an ``nn.LayerNorm`` named like ``ln_ih_l0``.
        suffix: ending of every name, such as ``"_l0_reverse"``; empty for a single cell.
    """

    def __init__(self, shapes: dict[str, tuple[int, ...]], norms: dict[str, int], suffix: str) -> None:
        self.shapes, self.norms, self.suffix = shapes, norms, suffix
        self.names: list[str] = [
            *self.shapes,
            *(f"{norm}.{part}" for norm in self.norms for part in ("weight", "bias")),
        ]

        self._attributes = [name + suffix for name in self.shapes]
        self.known = frozenset(self.names)
        """The names as a set, for choosing a kernel."""

    def first(self, module: nn.Module) -> Tensor:
        """The first parameter; it tells the dtype and device of all."""
        return _parameter(module, self._attributes[0])

    def create(self, module: nn.Module, factory: dict[str, Any]) -> None:
        """Register empty parameters and fresh norms in ``module``."""
        for name, shape in self.shapes.items():
            module.register_parameter(name + self.suffix, nn.Parameter(torch.empty(shape, **factory)))
        for norm, width in self.norms.items():
            module.add_module(norm + self.suffix, nn.LayerNorm(width, eps=1e-5, **factory))

    def reset_norms(self, module: nn.Module) -> None:
        """Let the norms start at weight 1 and bias 0."""
        for norm in self.norms:
            getattr(module, norm + self.suffix).reset_parameters()

    def plain(self, module: nn.Module) -> list[Tensor]:
        """The parameters without the norms, in ``torch.nn``'s order."""
        return [_parameter(module, name) for name in self._attributes]

    def tensors(self, module: nn.Module) -> list[Tensor]:
        """All parameters in the order of ``names``."""
        norms = [getattr(module, norm + self.suffix) for norm in self.norms]
        return [*self.plain(module), *(tensor for norm in norms for tensor in (norm.weight, norm.bias))]

    def named(self, module: nn.Module) -> Parameters:
        """All parameters by name."""
        return dict(zip(self.names, self.tensors(module), strict=True))


class ParameterSet(NamedParameters):
    """Where the parameters of one layer and direction live in a module.

    Args:
        cell: the cell.
        sizes: (input_size, hidden_size, proj_size).
        bias: whether there are biases.
        layer_norm: whether there are layer norms.
        suffix: ending of every name, such as ``"_l0_reverse"``; empty for a single cell.
    """

    def __init__(self, cell: Cell, sizes: tuple[int, int, int], bias: bool, layer_norm: bool, suffix: str) -> None:
        self.cell, self.sizes = cell, sizes
        super().__init__(cell.shapes(*sizes, bias), cell.norms(sizes[1]) if layer_norm else {}, suffix)

    def reset(self, module: nn.Module, init: str) -> None:
        """Initialise all of them; norms start at weight 1 and bias 0."""
        initialise(init, self.cell, self.sizes[1], {name: getattr(module, name + self.suffix) for name in self.shapes})
        self.reset_norms(module)


def _parameter(module: nn.Module, name: str) -> Tensor:
    """The same as ``getattr``, for which ``nn.Module`` searches in Python, quicker: this is done at every call."""
    own = module._parameters.get(name)  # pyright: ignore[reportPrivateUsage]
    return getattr(module, name) if own is None else own  # parametrized, replicated, deleted: what stands there now
