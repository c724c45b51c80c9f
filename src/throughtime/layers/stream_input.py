"""What a stream takes: its steps stand outside of any graph, and its input is in plain memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from throughtime.errors import ShapeError, UsageError
from throughtime.kernels.sight import has_memory, modes_are_on, transformed, unreadable

__all__ = ["check_plain", "check_unwatched", "taken"]


def check_unwatched() -> None:
    """Raise where a stream's steps would be lost on what looks on: its state and weights stand outside of any graph."""
    if unreadable() or modes_are_on():
        raise UsageError(
            "a stream's steps cannot be compiled, traced, exported or seen by a mode: call the layer there"
        )


def check_plain(tensors: Iterable[Tensor], what: str) -> None:
    """Raise for wrappers of tensors; inside a transform they are the transform's own.

    Args:
        tensors: what a stream is given.
        what: what they are to it, for the message.

    Raises:
        UsageError: one is no plain tensor.
    """
    if not transformed() and not has_memory(tensors):
        raise UsageError(f"a stream takes plain tensors, and its {what} has a subclass or a wrapper: call the layer")


def taken(x: NDArray[Any], dtype: torch.dtype) -> Tensor:
    """Take a NumPy array as a tensor, on the same memory where that can be written.

    Args:
        x: the array.
        dtype: the stream's type.

    Returns:
        The tensor.

    Raises:
        ShapeError: the array is of another type.
    """
    wanted = str(dtype).removeprefix("torch.")
    if x.dtype != wanted:
        raise ShapeError(f"this stream takes {wanted}, got a NumPy array of {x.dtype}: convert it with .astype()")
    return torch.from_numpy(np.require(x, requirements=["C", "A", "W"]))  # torch warns of memory that it may not write
