"""How weights start: PyTorch's default, orthogonal, forget bias, chrono."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from throughtime.errors import UnknownNameError, UsageError
from throughtime.kernels.reference.cell import Cell

__all__ = ["INITIALISERS", "initialise"]

Named = dict[str, Tensor]


def initialise(init: str, cell: Cell, hidden_size: int, parameters: Named) -> None:
    """Fill the parameters of one layer and direction, in place.

    Args:
        init: "default", "orthogonal", "forget_bias", "forget_bias:VALUE" or "chrono:STEPS".
        cell: the cell; its gate names say which block is the forget (LSTM) or update (GRU) gate.
        hidden_size: H.
        parameters: name without layer suffix -> tensor, in ``torch.nn``'s order.

    Raises:
        UnknownNameError: no initialiser of that name.
        UsageError: a value is missing or does not parse, or the cell has no gate to bias.
    """
    name, _, value = init.partition(":")
    if name not in INITIALISERS:
        raise UnknownNameError("init", name, INITIALISERS)
    with torch.no_grad():
        INITIALISERS[name](cell, hidden_size, parameters, value)
        cell.start(parameters)


def _default(cell: Cell, hidden_size: int, parameters: Named, value: str) -> None:
    """Uniform in +-1/sqrt(fan-in), drawn in the order of ``torch.nn``: the same seed gives the same weights."""
    _no_value("default", value)
    fan_in = cell.fan_in(hidden_size)
    bound = 1.0 / math.sqrt(fan_in) if fan_in else 0.0
    for tensor in parameters.values():
        nn.init.uniform_(tensor, -bound, bound)


def _orthogonal(cell: Cell, hidden_size: int, parameters: Named, value: str) -> None:
    """Each gate's square of W_hh (each head's) orthogonal (Saxe et al. 2014), W_ih Glorot uniform, biases zero."""
    _no_value("orthogonal", value)
    if "weight_hh" not in parameters:
        raise UsageError(f"cell {cell.name!r} has no recurrent matrix to make orthogonal: use init='default'")
    for name, tensor in parameters.items():
        if tensor.dim() < 2:
            nn.init.zeros_(tensor)
        elif name == "weight_hh":
            for square in tensor.chunk(len(cell.gates) * cell.heads):
                nn.init.orthogonal_(square)
        else:
            nn.init.xavier_uniform_(tensor)


def _forget_bias(cell: Cell, hidden_size: int, parameters: Named, value: str) -> None:
    """The default, and the forget gate's bias at VALUE (1), after Jozefowicz, Zaremba and Sutskever 2015."""
    _default(cell, hidden_size, parameters, "")
    _set_bias(cell, parameters, "f", torch.tensor(_number("forget_bias", value or "1")))


def _chrono(cell: Cell, hidden_size: int, parameters: Named, value: str) -> None:
    """Gates open for times log-uniform in 1..STEPS: b_f = log U(1, STEPS-1), b_i = -b_f; for a GRU b_z = b_f.

    Which gates these are, and in which sense, a cell says with ``keeps``.

    Source: Tallec and Ollivier 2018, "Can recurrent neural networks warp time?", section 2.
    """
    steps = _number("chrono", value)
    if steps <= 2:
        raise UsageError("init='chrono:STEPS' needs the longest dependency in steps, more than 2, such as 'chrono:784'")
    _default(cell, hidden_size, parameters, "")
    keeps = cell.keeps or ({"z": 1} if "z" in cell.gates else {"f": 1, "i": -1})
    block = _block(cell, parameters, next(iter(keeps)))
    spread = torch.log(torch.empty(block.stop - block.start).uniform_(1.0, steps - 1.0))
    for gate, sense in keeps.items():
        _set_bias(cell, parameters, gate, sense * spread)


def _set_bias(cell: Cell, parameters: Named, gate: str, bias: Tensor) -> None:
    """Put all of a gate's bias where the cell has those of its gates, such as b_ih; b_hh's part becomes zero."""
    block = _block(cell, parameters, gate)
    for name in cell.gate_biases(parameters):
        parameters[name][block] = bias.to(parameters[name])
    if "bias_hh" in parameters:
        parameters["bias_hh"][block] = 0.0


def _block(cell: Cell, parameters: Named, gate: str) -> slice:
    """Where a gate's numbers stand in a bias: one for each unit, or for each channel of pictures."""
    biases = cell.gate_biases(parameters)
    if gate not in cell.gates or not biases:
        raise UsageError(f"cell {cell.name!r} has no bias of a gate {gate!r} to initialise")
    size = parameters[biases[0]].shape[0] // len(cell.gates)
    start = cell.gates.index(gate) * size
    return slice(start, start + size)


def _number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise UsageError(f"init={name!r} takes a number after a colon, such as '{name}:100'; got {value!r}") from None


def _no_value(name: str, value: str) -> None:
    if value:
        raise UsageError(f"init={name!r} takes no value, got {value!r}")


INITIALISERS: dict[str, Callable[[Cell, int, Named, str], None]] = {
    "default": _default,
    "orthogonal": _orthogonal,
    "forget_bias": _forget_bias,
    "chrono": _chrono,
}
"""Name -> initialiser of one layer and direction."""
