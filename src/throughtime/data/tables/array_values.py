"""What an array in a table holds: frames or a picture; a DataError says what is there instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throughtime.data.record import Frames, Picture
from throughtime.errors import DataError

__all__ = ["as_frames", "as_picture"]


def as_frames(value: NDArray[Any], column: str) -> Frames:
    """Take an array as frames.

    Args:
        value: numbers, (T, F).
        column: what it is called, for messages.

    Returns:
        The frames in float32, (T, F).

    Raises:
        DataError: it has another shape, no step, or holds NaN or infinity (the message says where).

    Example:
        >>> as_frames(np.ones((3, 2)), "x").shape
        (3, 2)
    """
    if value.ndim != 2:
        hint = "; for one feature a step write x[..., None]" if value.ndim == 1 else ""
        raise DataError(f"{column} has shape {value.shape}, not (T, F): T steps of F features{hint}")
    return _finite(value, column, ("step", "feature"))


def as_picture(value: NDArray[Any], column: str) -> Picture:
    """Take an array as a picture; bytes 0 to 255 become 0 to 1.

    Args:
        value: numbers, (H, W, C), or (H, W) where a pixel has one channel.
        column: what it is called, for messages.

    Returns:
        The picture in float32, (H, W, C).

    Raises:
        DataError: it has another shape, no pixel, or holds NaN or infinity (the message says where).

    Example:
        >>> as_picture(np.full((2, 3), 51, np.uint8), "x").shape
        (2, 3, 1)
    """
    if value.ndim not in (2, 3):
        raise DataError(f"{column} has shape {value.shape}, not (H, W, C): height, width and channels of a picture")
    picture = _finite(value if value.ndim == 3 else value[..., None], column, ("row", "column", "channel"))
    return picture / np.float32(255) if value.dtype == np.uint8 else picture


def _finite(value: NDArray[Any], column: str, axes: Sequence[str]) -> NDArray[np.float32]:
    """Take an array of numbers in float32; a message about one names its place along each axis, from 1."""
    if not value.size:
        raise DataError(f"{column} is empty: its shape is {value.shape}")
    if value.dtype.kind not in "biuf":
        raise DataError(f"{column} holds {value.dtype}, not numbers")
    with np.errstate(over="ignore"):
        numbers = np.ascontiguousarray(value, dtype=np.float32)
    finite = np.isfinite(numbers)
    if not finite.all():
        place = [int(index) for index in np.argwhere(~finite)[0]]
        where = ", ".join(f"{axis} {index + 1}" for axis, index in zip(axes, place, strict=True))
        raise DataError(f"{column}: {where} is {value[tuple(place)]}, not a finite number")
    return numbers
