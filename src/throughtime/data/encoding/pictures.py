"""Whole pictures, or grids of features, ready to become batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.items import Arrays
from throughtime.data.record import Picture, Record

__all__ = ["PictureFeatures", "PictureItems", "is_grid"]

CHANNELS = 4
"""Channels of a picture at most: red, green, blue, and one more. What has more is a grid of features."""


def is_grid(content: Picture) -> bool:
    """Whether it is a grid of features, and no picture.

    Args:
        content: (H, W, C).

    Returns:
        Whether there are more than four channels.
    """
    return content.shape[2] > CHANNELS


class PictureFeatures:
    """Pictures of one size, or grids of features of one shape; the network brings their channels to one scale.

    Args:
        height: rows of pixels, or of the grid.
        width: columns.
        mean: (C,) mean of each channel in training.
        scale: (C,) standard deviation of each; 1 where a channel never changes.
    """

    kind = "pictures"

    def __init__(self, height: int, width: int, mean: Sequence[float], scale: Sequence[float]) -> None:
        self.height, self.width, self.mean, self.scale = height, width, mean, scale

    @classmethod
    def of(cls, records: Sequence[Record]) -> Self:
        """Take the size of the first record, and mean and scale of all."""
        pictures = [cast(Picture, record.content) for record in records]
        height, width, channels = pictures[0].shape
        total, squares = np.zeros(channels), np.zeros(channels)
        for picture in pictures:
            flat = picture.reshape(-1, channels).astype(np.float64)
            total += flat.mean(0)
            squares += (flat**2).mean(0)
        mean = total / len(pictures)
        deviation = np.sqrt(np.maximum(squares / len(pictures) - mean**2, 0))
        scale = np.where(deviation > 1e-6 * (1 + abs(mean)), deviation, 1.0)
        return cls(height, width, mean.tolist(), scale.tolist())

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        return self.height, self.width, len(self.mean)

    def problem(self, record: Record) -> str | None:
        content = record.content
        if not isinstance(content, np.ndarray) or content.ndim != 3:
            return "it is no picture"
        if content.shape == self.shape:
            return None
        if content.shape[2] != self.shape[2]:
            return f"it has {content.shape[2]} channels, and {self.shape[2]} were learned from"
        return f"it is a grid of {content.shape[:2]} places, and those learned from are {self.shape[:2]}"

    def items(self, records: Sequence[Record]) -> PictureItems:
        return PictureItems([cast(Picture, record.content) for record in records])

    def to_mapping(self) -> dict[str, Any]:
        size = {"height": self.height, "width": self.width}
        return {"kind": self.kind, **size, "mean": list(self.mean), "scale": list(self.scale)}

    @classmethod
    def from_mapping(cls, saved: Mapping[str, Any]) -> Self:
        """Make it again; a ValueError, KeyError or TypeError says that it is damaged."""
        mean, scale = ([float(each) for each in saved[part]] for part in ("mean", "scale"))
        height, width = int(saved["height"]), int(saved["width"])
        if not mean or len(mean) != len(scale) or min(scale) <= 0 or min(height, width) < 1:
            raise ValueError("size, mean and scale do not fit")
        return cls(height, width, mean, scale)

    def describe(self) -> dict[str, object]:
        return {"height": self.height, "width": self.width, "channels": len(self.mean)}


class PictureItems:
    """Items of pictures of one size, a step each.

    Args:
        rows: the pictures, (H, W, C).
    """

    def __init__(self, rows: Sequence[Picture]) -> None:
        self._rows = rows
        self.lengths = self.answered = np.ones(len(rows), np.int64)

    @property
    def content_key(self) -> str:
        digest = blake2b(digest_size=16)
        for row in self._rows:
            digest.update(str(row.shape).encode())
            digest.update(np.ascontiguousarray(row, "<f4").data)
        return digest.hexdigest()

    def batch(self, rows: Sequence[int] | NDArray[np.int64]) -> Arrays:
        """Give ``pictures`` (B, H, W, C) and ``lengths``, 1 each."""
        pictures = np.stack([self._rows[row] for row in rows])
        return {"pictures": pictures.astype(np.float32, copy=False), "lengths": self.lengths[rows]}
