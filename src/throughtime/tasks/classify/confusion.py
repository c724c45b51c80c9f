"""The confusion matrix as a picture: what was given for what."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.labels import UNSEEN
from throughtime.training.charts import LINE, TEXT, TRAIN, svg

__all__ = ["confusion_picture"]

MOST = 24
"""Labels that are shown; of more, those that are mixed up most."""


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

    def draw(axes: Any) -> None:
        axes.imshow(np.ones_like(shares), cmap="gray", vmin=0, vmax=1, alpha=0.0)
        for row, column in np.ndindex(*shares.shape):
            share = float(shares[row, column])
            axes.add_patch(_cell(row, column, share))
            if counts[row, column]:
                axes.text(column, row, f"{counts[row, column]}", ha="center", va="center", color=TEXT, fontsize=8)
        axes.set_xticks(range(len(labels)), labels, rotation=45, ha="right")
        axes.set_yticks(range(len(labels)), labels)
        axes.grid(False)
        axes.set_xlabel("given" if len(shown) == len(names) else f"given (the {len(shown)} labels most often mixed up)")
        axes.set_ylabel("right")

    side = 2.0 + 0.42 * len(labels)
    return svg("confusion", (max(5.0, side), max(4.0, side)), draw)


def _cell(row: int, column: int, share: float) -> Any:
    patches: Any = import_module("matplotlib.patches")
    return patches.Rectangle(
        (column - 0.5, row - 0.5), 1, 1, facecolor=TRAIN, alpha=share, edgecolor=LINE, linewidth=0.5
    )


def _most_confused(counts: NDArray[np.int64]) -> list[int]:
    """The labels to show, in their own order."""
    wrong = counts.sum(0) + counts.sum(1) - 2 * counts.diagonal()
    return sorted(np.argsort(-wrong, kind="stable")[:MOST].tolist())
