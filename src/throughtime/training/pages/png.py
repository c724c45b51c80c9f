"""Pictures as PNG, for pages that carry theirs with them."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["png_of"]


def png_of(pixels: NDArray[np.uint8]) -> bytes:
    r"""Write a picture as PNG.

    Args:
        pixels: (H, W, 3), red, green and blue.

    Returns:
        The file.

    Source: Portable Network Graphics (PNG) Specification (Third Edition), W3C 2025, sections 5 and 11.

    Example:
        >>> png_of(np.zeros((2, 2, 3), np.uint8))[:4]
        b'\x89PNG'
    """
    height, width, _ = pixels.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], 1)  # 0: a row is not filtered
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
