"""The confusion matrix as a picture: what was given for what."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.labels import UNSEEN
from throughtime.training.pages.drawing import TRAIN, Drawing, width_of
from throughtime.training.pages.grid import draw_squares, shortened

__all__ = ["confusion_picture"]

MOST = 24
"""Labels that are shown; of more, those that are mixed up most."""
LONGEST = 24
"""Characters of a label that are shown; of a longer one the first."""
SIDE = 30.0
"""Side of a cell in points."""
LEAST = 480.0
"""Least width of the picture, as pages stretch it to theirs."""


def confusion_picture(names: Sequence[str], wanted: NDArray[np.int64], said: NDArray[np.int64]) -> str:
    """Draw which labels were given for which.

    Args:
        names: the labels.
        wanted: (N,) number of the right label of each example.
        said: (N,) number of the label that was given.

    Returns:
        An SVG; a row is the right label, a column the given one, and a cell the share of its row.
    """
    size, known = len(names), wanted != UNSEEN
    counts = np.bincount((wanted * size + said)[known], minlength=size * size).reshape(size, size)
    shown = _most_confused(counts)
    counts = counts[np.ix_(shown, shown)]
    shares = counts / np.maximum(1, counts.sum(1, keepdims=True))
    labels = [names[index] for index in shown]
    across = "given" if len(shown) == len(names) else f"given (the {len(shown)} labels most often mixed up)"
    return _drawn(labels, counts, shares, across).svg()


def _drawn(labels: Sequence[str], counts: NDArray[np.int64], shares: NDArray[np.float64], across: str) -> Drawing:
    """A square for each pair of labels, rows from above, with the labels at the left and, turned, below."""
    written = [shortened(label, LONGEST) for label in labels]
    side, longest = SIDE * len(labels), max(map(width_of, written))
    beside = 36 + longest
    width = max(LEAST, beside + max(side + 14, (side + width_of(across)) / 2 + 4))
    left = beside + max(0.0, width - 2 * beside - side) / 2
    # What is turned by 45 degrees is 0.71 of its length high.
    drawing = Drawing(width, 10 + side + 40 + 0.71 * longest)
    draw_squares(drawing, (left, 10), SIDE, shares, TRAIN)
    for row, column in np.argwhere(counts).tolist():
        place = (left + (column + 0.5) * SIDE, 10 + (row + 0.5) * SIDE)
        drawing.text(place, f"{counts[row, column]}", anchor="middle", size=8)
    for index, label in enumerate(written):
        middle = (index + 0.5) * SIDE
        drawing.text((left - 8, 10 + middle), label, anchor="end")
        drawing.text((left + middle, 10 + side + 12), label, anchor="end", turned=-45)
    drawing.text((left - beside + 11, 10 + side / 2), "right", anchor="middle", turned=-90)
    drawing.text((left + side / 2, drawing.height - 10), across, anchor="middle")
    return drawing


def _most_confused(counts: NDArray[np.int64]) -> list[int]:
    """The labels to show, in their own order."""
    wrong = counts.sum(0) + counts.sum(1) - 2 * counts.diagonal()
    return sorted(np.argsort(-wrong, kind="stable")[:MOST].tolist())
