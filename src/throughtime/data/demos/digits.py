"""The images of the demo ``digits``: handwritten digits, each a small picture.

Source and licence: scikit-learn, which took them from "Optical recognition of handwritten digits" (Alpaydin and Kaynak
1998, https://doi.org/10.24432/C50P49, CC BY 4.0).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from throughtime.data.demos.making import Files, lent, writing

__all__ = ["divided_digits", "handwritten_digits"]


def divided_digits(seed: int) -> tuple[list[int], list[int], NDArray[np.uint8], NDArray[np.int64]]:
    """Give scikit-learn's digits, a fifth of them set apart to validate on.

    Args:
        seed: of the draw.

    Returns:
        Indices to learn from, those to validate on, images (N, 8, 8) from 0 to 255, and labels (N,).

    Raises:
        UsageError: scikit-learn is not installed.
    """
    found = lent("sklearn.datasets", "scikit-learn").load_digits()
    order: list[int] = np.random.default_rng(seed).permutation(len(found.target)).tolist()
    cut = len(order) // 5
    return order[cut:], order[:cut], np.rint(found.images * (255 / 16)).astype(np.uint8), found.target


def handwritten_digits(folder: Path, *, seed: int = 0) -> Files:
    """Write scikit-learn's 1,797 handwritten digits, 8 x 8 pixels, as images in a folder for each digit.

    A fifth of them, drawn at random, is to validate on: other images, but of the same writers.

    Source: Alpaydin and Kaynak 1998, "Optical recognition of handwritten digits", CC BY 4.0: its test part.

    Args:
        folder: where the folders go.
        seed: of the draw.

    Returns:
        A folder to learn from and one to validate on.

    Raises:
        UsageError: scikit-learn or Pillow is not installed.
    """
    image = lent("PIL.Image", "Pillow")
    train, valid, images, labels = divided_digits(seed)
    for name, chosen in (("train", train), ("valid", valid)):
        for i in chosen:
            with writing(folder / name / str(labels[i]) / f"{i:04}.png") as file:
                image.fromarray(images[i]).save(file, format="png")
    return [folder / "train"], [folder / "valid"]
