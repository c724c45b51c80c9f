"""Pictures of another size."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from throughtime.data.record import Picture

__all__ = ["resized"]


def resized(picture: Picture, height: int, width: int) -> Picture:
    """Bring a picture to another size; what is made smaller is smoothed, so that no detail turns into a pattern.

    .. code-block:: text

        out = A_height picture A_width^T        of each channel

    A row of A weighs the old pixels by a triangle around the middle of the new one, as wide on each side as the larger
    of the old and the new pixel (bilinear, with antialiasing: what Pillow and torchvision do).

    Args:
        picture: (H, W, C).
        height: rows that it is to have.
        width: columns.

    Returns:
        (height, width, C); the picture itself where it is so already.

    Example:
        >>> resized(np.array([[[0.0], [1.0]]], np.float32), 1, 4)[0, :, 0].tolist()
        [0.0, 0.25, 0.75, 1.0]
    """
    if picture.shape[:2] == (height, width):
        return picture
    down, across = _weights(picture.shape[0], height), _weights(picture.shape[1], width)
    return np.ascontiguousarray(np.einsum("ij,jwc,kw->ikc", down, picture, across, optimize=True), np.float32)


@lru_cache(64)
def _weights(old: int, new: int) -> NDArray[np.float32]:
    """(new, old), each row sums to 1."""
    scale = old / new
    middles = (np.arange(new) + 0.5) * scale - 0.5
    distance = np.abs(np.arange(old) - middles[:, None]) / max(scale, 1.0)
    weights = np.maximum(0.0, 1.0 - distance)
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)
