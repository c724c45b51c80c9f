"""The clips of the demo ``moving``: digits that move.

Source and licence: those of :mod:`throughtime.data.demos.digits`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from throughtime.data.demos.digits import divided_digits
from throughtime.data.demos.making import Files, writing

__all__ = ["moving_digits"]

CANVAS, DIGIT = 16, 8
DIRECTIONS = {(-1, -1): "up-left", (-1, 1): "up-right", (1, -1): "down-left", (1, 1): "down-right"}


def moving_digits(folder: Path, *, train: int = 8000, valid: int = 500, frames: int = 20, seed: int = 0) -> Files:
    """Write clips of a digit that moves over a canvas of 16 x 16 pixels and bounces off its edges.

    Each frame is labelled with the digit and where it goes next, such as ``7:up-left``. Which way that is cannot be
    seen in a frame alone. Digits are those of the demo ``digits``; the clips to validate on show other images.
    The idea is that of Srivastava, Mansimov and Salakhutdinov 2015, "Unsupervised learning of video representations
    using LSTMs", with one digit instead of two.

    Args:
        folder: where the files go.
        train: clips to learn from.
        valid: clips to validate on.
        frames: frames of a clip.
        seed: of images, places and directions.

    Returns:
        Two ``.npz`` with ``clips`` (N, T, 16, 16) and ``labels`` (N, T).

    Raises:
        UsageError: scikit-learn is not installed.
    """
    train_images, valid_images, images, labels = divided_digits(seed)
    random = np.random.default_rng(seed)
    parts = {"train": (train_images, train), "valid": (valid_images, valid)}
    paths = {name: folder / f"moving-{name}.npz" for name in parts}
    for name, (chosen, count) in parts.items():
        drawn = random.choice(chosen, count)
        clips, directions = _move(images[drawn], frames, random)
        tags = [[f"{digit}:{to}" for to in row] for digit, row in zip(labels[drawn], directions, strict=True)]
        with writing(paths[name]) as file:
            np.savez_compressed(file, clips=clips, labels=np.array(tags))
    return [paths["train"]], [paths["valid"]]


def _move(
    digits: NDArray[np.uint8], frames: int, random: np.random.Generator
) -> tuple[NDArray[np.uint8], list[list[str]]]:
    """Give the clips, (N, T, 16, 16), and the direction of each frame."""
    clips = np.zeros((len(digits), frames, CANVAS, CANVAS), np.uint8)
    directions: list[list[str]] = []
    for clip, digit in zip(clips, digits, strict=True):
        room = CANVAS - DIGIT
        y, x = random.integers(0, room + 1, 2).tolist()
        down, right = random.choice([-1, 1], 2).tolist()
        directions.append([])
        for frame in clip:
            frame[y : y + DIGIT, x : x + DIGIT] = digit
            down = down if 0 <= y + down <= room else -down
            right = right if 0 <= x + right <= room else -right
            directions[-1].append(DIRECTIONS[down, right])
            y, x = y + down, x + right
    return clips, directions
