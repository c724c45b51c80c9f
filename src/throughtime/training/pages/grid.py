"""Squares in rows and columns, each as dark as its share: what two kinds of pictures draw."""

from __future__ import annotations

import unicodedata

import numpy as np
from numpy.typing import NDArray

from throughtime.training.pages.drawing import FORBIDDEN, LINE, Drawing, Point

__all__ = ["draw_squares", "shortened", "token_label"]

SHOWN = str.maketrans({" ": "␣", "\u00a0": "␣", "\u3000": "␣", "\n": "↵", "\r": "↵", "\t": "⇥"})
"""White space as it is shown."""


def draw_squares(drawing: Drawing, corner: Point, side: float, shares: NDArray[np.floating], fill: str) -> None:
    """Draw a grid whose squares are as dark as their shares; those that would not be seen are left out.

    Args:
        drawing: where.
        corner: the upper left corner of the grid.
        side: side of a square, in points.
        shares: (R, C) from 0 to 1, rows from above.
        fill: the colour of a whole share.

    Example:
        >>> drawing = Drawing(40, 20)
        >>> draw_squares(drawing, (0, 0), 20, np.array([[0.0, 0.5]]), "red")
        >>> drawing.svg().count("<rect"), drawing.svg().count("<polyline")
        (1, 5)
    """
    (left, top), (rows, columns) = corner, shares.shape
    for row, column in np.argwhere(shares >= 0.005).tolist():
        at = (left + column * side, top + row * side)
        drawing.rectangle(at, (side, side), fill=fill, opacity=float(shares[row, column]), edge="none")
    for row in range(rows + 1):
        drawing.line([(left, top + row * side), (left + columns * side, top + row * side)], LINE)
    for column in range(columns + 1):
        drawing.line([(left + column * side, top), (left + column * side, top + rows * side)], LINE)


def shortened(name: str, most: int) -> str:
    """Give a name as it is shown: of a long one the beginning.

    Args:
        name: the name.
        most: characters that are shown at most.

    Returns:
        The name, or its first characters and an ellipsis.

    Example:
        >>> shortened("incomprehensible", 6), shortened("clear", 6)
        ('incom…', 'clear')
    """
    return name if len(name) <= most else name[: most - 1] + "…"


def token_label(token: str, most: int) -> str:
    """Give a token as it is shown: white space, marks without their letter, and what controls text would not be seen.

    Args:
        token: the token.
        most: characters that are shown at most.

    Returns:
        The label.

    Example:
        >>> token_label(" ", 6), token_label("incomprehensible", 6)
        ('␣', 'incom…')
    """
    label = shortened(FORBIDDEN.sub("\ufffd", token).translate(SHOWN), most)
    return f"◌{label}" if label and unicodedata.category(label[0])[0] in "MC" else label
