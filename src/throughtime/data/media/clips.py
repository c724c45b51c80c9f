"""Clips that are folders of images, one for each frame, perhaps with a label for each."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from throughtime.data.files import open_lines
from throughtime.data.media.image import IMAGE_SUFFIXES, load_pixels
from throughtime.data.reading import Note, Reading
from throughtime.data.record import Frames
from throughtime.errors import DataError

__all__ = ["LABELS_FILE", "load_clip", "load_clip_labels", "natural"]

LABELS_FILE = "labels.txt"
"""The file in a folder of frames that holds a label for each, one a line."""


def natural(name: str) -> tuple[str | int, ...]:
    """Give the key that sorts names as people count.

    Args:
        name: a file's name.

    Returns:
        Text and numbers in turn.

    Example:
        >>> sorted(["frame10.png", "frame2.png", "Frame1.png"], key=natural)
        ['Frame1.png', 'frame2.png', 'frame10.png']
    """
    pieces = re.split(r"([0-9]+)", name.casefold())
    return (*(int(piece) if i % 2 else piece for i, piece in enumerate(pieces)), name)


def load_clip(folder: Path, how: Reading, note: Note) -> Frames:
    """Read a folder of images as the frames of a clip, in the order in which people count their names.

    Args:
        folder: the folder; ``labels.txt`` and hidden files may be in it too.
        how: options; ``colour`` is whether a pixel has three features or one.
        note: told what was changed in images on the way.

    Returns:
        Values from 0 to 1, (T, height * width * channels).

    Raises:
        DataError: no images, images of unequal size, one that is broken, or other files.
    """
    frames: list[NDArray[np.float32]] = []
    names = sorted((item.name for item in folder.iterdir() if not item.name.startswith(".")), key=natural)
    strange = [name for name in names if Path(name).suffix.lower() not in IMAGE_SUFFIXES and name != LABELS_FILE]
    if strange:
        raise DataError(f"{folder}: {strange[0]} is no image; a clip holds images and perhaps {LABELS_FILE}")
    images = [name for name in names if name != LABELS_FILE]
    if not images:
        raise DataError(f"{folder}: no frames; a clip is a folder of images")
    for name in images:
        frames.append(load_pixels(folder / name, how, note))
        if frames[-1].shape != frames[0].shape:
            first, this = ("{1} x {0}".format(*frame.shape) for frame in (frames[0], frames[-1]))
            raise DataError(f"{folder}: {name} is {this} pixels, {images[0]} is {first}; make all frames equally large")
    return np.stack([frame.ravel() for frame in frames])


def load_clip_labels(folder: Path, steps: int, how: Reading, note: Note) -> tuple[str, ...]:
    """Read the labels of a folder of frames from its ``labels.txt``.

    Args:
        folder: the folder.
        steps: frames in it.
        how: options; ``encoding`` is that of the labels.
        note: told of what was changed on the way.

    Returns:
        One label per frame.

    Raises:
        DataError: the file is missing, has an empty line, or more or fewer lines than there are frames.
    """
    path = folder / LABELS_FILE
    if not path.is_file():
        raise DataError(
            f"{folder}: no {LABELS_FILE}; write one with the label of each of the {steps} frames, one a line"
        )
    labels = [line.strip() for line in open_lines(path, how.encoding, note)]
    if "" in labels:
        raise DataError(f"{folder}: {LABELS_FILE}, line {labels.index('') + 1} is empty; give each frame a label")
    if len(labels) != steps:
        raise DataError(
            f"{folder}: {steps} frames and {len(labels)} lines in {LABELS_FILE}; there must be one per frame"
        )
    return tuple(labels)
