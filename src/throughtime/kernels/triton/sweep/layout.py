"""Weights as the programs of the sweep read them, and back: a unit's gates side by side, sizes padded with zeros."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["X_PLACES", "Z_PLACES", "gather", "gather_columns", "spread", "spread_columns"]

X_PLACES = {"rnn": (0,), "lstm": (0, 1, 2, 3), "gru": (0, 1, 3), "gru_before": (0, 1, 3)}
"""Column of each gate among a unit's in what comes from the input. What a GRU's reset gate scales has its own, 2."""

Z_PLACES = {"rnn": (0,), "lstm": (0, 1, 2, 3), "gru": (0, 1, 2), "gru_before": (0, 1)}
"""The same in the recurrent product."""


def spread(block: Tensor, places: tuple[int, ...], columns: int, hidden_pad: int, width_pad: int = 0) -> Tensor:
    """Gates one after the other -> units one after the other.

    Args:
        block: (G*H,) or (G*H, K).
        places: column of each gate among those of a unit.
        columns: columns of a unit.
        hidden_pad: units, padded.
        width_pad: K, padded; 0: as it is.

    Returns:
        (units * columns,) or (units * columns, K).
    """
    gates, rest = block.view(len(places), -1, *block.shape[1:]), list(block.shape[1:])
    if rest and width_pad:
        rest = [width_pad]
    hidden, inside = gates.shape[1], tuple(slice(0, size) for size in block.shape[1:])
    if hidden == hidden_pad and rest == list(block.shape[1:]) and places == tuple(range(columns)):
        return gates.transpose(0, 1).reshape(-1, *rest)
    out = block.new_zeros(hidden_pad, columns, *rest)
    if places == tuple(range(len(places))):
        out[(slice(0, hidden), slice(0, len(places)), *inside)] = gates.transpose(0, 1)
    else:
        for gate, place in enumerate(places):
            out[(slice(0, hidden), place, *inside)] = gates[gate]
    return out.flatten(0, 1)


def gather(block: Tensor, places: tuple[int, ...], columns: int, hidden: int, width: int = 0) -> Tensor:
    """The reverse of :func:`spread`, of the columns of gates.

    Args:
        block: (units * columns,) or (units * columns, K).
        places: column of each gate among those of a unit.
        columns: columns of a unit.
        hidden: H.
        width: K without padding; 0: all.

    Returns:
        (G*H,) or (G*H, K).
    """
    units = block.view(-1, columns, *block.shape[1:])[:hidden]
    if block.dim() > 1 and width:
        units = units[..., :width]
    return torch.cat([units[:, place] for place in places])


def spread_columns(rows: Tensor, places: tuple[int, ...], out: Tensor) -> None:
    """As :func:`spread`, of every row.

    Args:
        rows: (N, G*H).
        places: column of each gate among those of a unit.
        out: (N, units, columns), which is filled; what no gate has is 0.
    """
    hidden = rows.shape[1] // len(places)
    if out.shape[1] > hidden or out.shape[2] > len(places):
        out.zero_()
    for gate, place in enumerate(places):
        out[:, :hidden, place] = rows[:, gate * hidden : (gate + 1) * hidden]


def gather_columns(rows: Tensor, places: tuple[int, ...], columns: int, hidden: int) -> Tensor:
    """As :func:`gather`, of every row.

    Args:
        rows: (N, units * columns).
        places: column of each gate among those of a unit.
        columns: columns of a unit.
        hidden: H.

    Returns:
        (N, G*H).
    """
    units = rows.view(rows.shape[0], -1, columns)
    return torch.cat([units[:, :hidden, place] for place in places], 1)
