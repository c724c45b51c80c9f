"""Digits pixel by pixel: a handwritten digit as one long series of shades."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from throughtime.data.demos.digits import divided_digits
from throughtime.data.memory.source import MemorySource, Part
from throughtime.errors import UsageError

__all__ = ["PixelDigits"]


class PixelDigits(MemorySource[tuple[NDArray[np.float32], str]]):
    """Handwritten digits of 8 x 8 pixels, one pixel a step, row after row or in one order drawn for all.

    Of the 1,797 images the seed sets a fifth apart, one half of it to validate on and the other to test.

    Args:
        count: number of items; None takes all images of the part.
        permuted: whether the pixels come in an order that the seed has drawn, the same for all images.
        seed: of the division, and of the order.
        part: "train", "valid" or "test".

    Raises:
        UsageError: more items than images, or scikit-learn is not installed.

    Source: Le, Jaitly and Hinton 2015, "A simple way to initialize recurrent networks of rectified linear units",
    section 4.2, with MNIST's 784 pixels; the images: Alpaydin and Kaynak 1998, CC BY 4.0, as scikit-learn ships them.

    Example:
        >>> frames, label = PixelDigits()[0]
        >>> frames.shape, len(PixelDigits()), len(PixelDigits(part="test"))
        ((64, 1), 1438, 179)
    """

    def __init__(
        self, count: int | None = None, *, permuted: bool = False, seed: int = 0, part: Part = "train"
    ) -> None:
        learned, apart, images, labels = divided_digits(seed)
        half = (len(apart) + 1) // 2
        chosen = {"train": learned, "valid": apart[:half], "test": apart[half:]}.get(part, learned)
        super().__init__(len(chosen) if count is None else count, seed=seed, part=part)
        if len(self) > len(chosen):
            raise UsageError(f"there are {len(chosen):,} digits of the part {part!r}, not {len(self):,}")
        pixels = images.reshape(len(images), -1, 1)
        order = np.random.Generator(np.random.PCG64([seed])).permutation(pixels.shape[1]) if permuted else slice(None)
        self._frames = (pixels[chosen][:, order] / 255).astype(np.float32)
        self._labels: list[int] = labels[chosen].tolist()

    def make(self, index: int, random: np.random.Generator) -> tuple[NDArray[np.float32], str]:
        return self._frames[index], str(self._labels[index])
