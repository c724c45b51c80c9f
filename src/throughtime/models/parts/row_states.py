"""The state of recurrent layers as its parts, a row for each sequence: carried from call to call, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = ["State", "beside", "enter", "first_rows", "leave", "row_of"]

State = tuple[Tensor, ...]
"""The parts of a state, h first, each (L, B, width): (h, c) for the LSTM, (h,) for the GRU; none of no state."""


def enter(state: State | None) -> Tensor | State | None:
    """Give a state as the layers take it: of one part bare, as torch's do.

    Args:
        state: its parts, h first; None or empty where there is none.

    Returns:
        What a layer takes beside its input.
    """
    if not state:
        return None
    return state[0] if len(state) == 1 else state


def leave(state: Any) -> State:
    """Take a state as the layers give it: of one part bare, as torch's do.

    Args:
        state: what a layer returned behind its output.

    Returns:
        Its parts.
    """
    return (state,) if isinstance(state, Tensor) else tuple(state)


def first_rows(state: State, rows: int) -> State:
    """Take the state of the first rows of a batch.

    Args:
        state: parts (L, B, width).
        rows: how many.

    Returns:
        Parts (L, rows, width).
    """
    return tuple(part[:, :rows].contiguous() for part in state)


def row_of(state: State, row: int) -> State:
    """Take the state of one row out of a batch, so that nothing else of it is kept.

    Args:
        state: parts (L, B, width).
        row: the row.

    Returns:
        Parts (L, 1, width).
    """
    return tuple(part[:, row : row + 1].clone() for part in state)


def beside(states: Sequence[State]) -> State:
    """Put the states of rows side by side.

    Args:
        states: one of each row; empty where the row has none, and its place is then zero.

    Returns:
        Parts (L, rows, width); empty where no row has a state.

    Example:
        >>> h = torch.ones(1, 1, 2)
        >>> beside([(h,), (), (3 * h,)])[0].tolist()
        [[[1.0, 1.0], [0.0, 0.0], [3.0, 3.0]]]
    """
    like = next((state for state in states if state), ())
    none = tuple(map(torch.zeros_like, like))
    return tuple(torch.cat(parts, 1) for parts in zip(*(state or none for state in states), strict=True))
