"""Numbers as colours: from dark to light, or from one colour over white to another; both for the colour-blind, too."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from throughtime.training.pages.drawing import LINE, Drawing, Point
from throughtime.training.pages.png import png_of

__all__ = ["Colouring", "coloured", "draw_heat", "draw_scale", "hex_of", "ink_on"]

Colouring = Literal["share", "signed"]
"""``share``: 0 dark blue, 1 yellow (after cividis: Nunez, Anderton, Renslow 2018); ``signed``: -1 blue, 0 white, 1
orange."""

_ANCHORS: dict[str, list[tuple[int, int, int]]] = {
    "share": [(0, 34, 78), (45, 68, 110), (102, 106, 112), (149, 143, 120), (203, 186, 105), (254, 232, 56)],
    "signed": [(5, 90, 160), (146, 190, 224), (247, 247, 247), (244, 176, 122), (190, 75, 0)],
}


def coloured(values: NDArray[Any], colouring: Colouring) -> NDArray[np.uint8]:
    """Turn numbers into colours.

    Args:
        values: (...) from 0 to 1, or from -1 to 1 where they are signed; beyond, they have the colour of the end.
        colouring: how.

    Returns:
        (..., 3) red, green and blue.

    Example:
        >>> coloured(np.array([0.0, 1.0]), "share").tolist(), coloured(np.array(0.0), "signed").tolist()
        ([[0, 34, 78], [254, 232, 56]], [247, 247, 247])
    """
    anchors = np.array(_ANCHORS[colouring], np.float64)
    shares = np.asarray(values, np.float64) if colouring == "share" else (np.asarray(values, np.float64) + 1) / 2
    places = np.clip(np.nan_to_num(shares), 0, 1) * (len(anchors) - 1)
    channels = [np.interp(places, np.arange(len(anchors)), anchors[:, channel]) for channel in range(3)]
    return np.stack(channels, -1).round().astype(np.uint8)


def hex_of(colour: NDArray[np.uint8]) -> str:
    """Write a colour as CSS does.

    Args:
        colour: (3,) red, green and blue.

    Returns:
        Its name.

    Example:
        >>> hex_of(np.array([255, 0, 16], np.uint8))
        '#ff0010'
    """
    return "#" + "".join(f"{int(each):02x}" for each in colour)


def ink_on(colour: NDArray[np.uint8]) -> str:
    """Say which ink can be read on a colour.

    Args:
        colour: (3,) red, green and blue.

    Returns:
        Dark or light, whichever stands out more.

    Example:
        >>> ink_on(np.array([247, 247, 247], np.uint8)), ink_on(np.array([0, 34, 78], np.uint8))
        ('#16181c', '#ffffff')
    """
    linear = np.where(colour / 255 <= 0.04045, colour / 255 / 12.92, ((colour / 255 + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ np.array([0.2126, 0.7152, 0.0722]))  # WCAG 2.2, relative luminance
    return "#16181c" if (luminance + 0.05) ** 2 > 0.055 * 1.05 else "#ffffff"


def draw_heat(drawing: Drawing, corner: Point, size: Point, values: NDArray[Any], colouring: Colouring) -> None:
    """Draw a table of numbers as colours.

    Args:
        drawing: where.
        corner: its upper left corner.
        size: its width and height.
        values: (rows, columns), rows from above.
        colouring: how.

    Example:
        >>> drawing = Drawing(40, 20)
        >>> draw_heat(drawing, (0, 0), (40, 20), np.array([[0.0, 0.5]]), "share")
        >>> drawing.svg().count("<image")
        1
    """
    drawing.image(corner, size, png_of(coloured(values, colouring)))
    drawing.rectangle(corner, size, fill="none", opacity=0, edge=LINE)


def draw_scale(drawing: Drawing, corner: Point, size: Point, ends: tuple[str, str], colouring: Colouring) -> None:
    """Draw what the colours mean: a bar with words at its ends.

    Args:
        drawing: where.
        corner: the upper left corner of the bar.
        size: its width and height.
        ends: what its lower end and its upper end mean.
        colouring: how.
    """
    low = 0.0 if colouring == "share" else -1.0
    draw_heat(drawing, corner, size, np.linspace(low, 1.0, 64)[None], colouring)
    middle = corner[1] + size[1] / 2
    drawing.text((corner[0] - 5, middle), ends[0], anchor="end", size=9)
    drawing.text((corner[0] + size[0] + 5, middle), ends[1], size=9)
