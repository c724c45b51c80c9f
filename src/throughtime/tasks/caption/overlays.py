"""Where each word of a caption has looked: the picture once for each, the darker the orange the more; and its card.

Loads no torch, and matplotlib only to write an image.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.pictures import is_grid
from throughtime.data.record import Picture
from throughtime.errors import TrainingError
from throughtime.tasks.supervised.prediction import WrittenText
from throughtime.training.files import write_text, writing
from throughtime.training.pages.drawing import FORBIDDEN, LINE, VALIDATION, Drawing
from throughtime.training.pages.grid import shortened
from throughtime.training.pages.png import png_of

__all__ = ["card", "draw", "overlays"]

ACROSS = 6
"""Pictures in a row."""
SIDE, GAP, WORDS = 96.0, 10.0, 16.0
"""Points of the longer side of a picture, between two of them, and for the word above."""
STRONGEST = 0.75
"""How much of the picture is hidden where a word looks most."""
LONGEST = 14
"""Characters of a word that are shown."""
LARGEST = 256
"""Pixels of a side that are laid into a page; of a larger picture every second, third ... is."""
Grid = tuple[int, int]


def overlays(picture: Picture, words: Sequence[str], looks: NDArray[np.floating] | None, grid: Grid) -> str:
    """Draw a picture, and then once for each word of its caption, with what the word has looked at.

    Args:
        picture: (H, W, C), 0 to 1; of a grid of features there is nothing to be seen but its places.
        words: T tokens of the caption.
        looks: (T, places) from 0 to 1, row by row; None draws the picture alone.
        grid: rows and columns of places.

    Returns:
        An SVG, with the picture in it. Where a word looks most is equally dark for each.

    Source: Xu et al. 2015, "Show, attend and tell", figures 2 and 6.

    Example:
        >>> overlays(np.zeros((2, 2, 1), np.float32), ["dark"], np.array([[0.0, 1.0]]), (1, 2)).count("<image")
        2
    """
    tiles = 1 if looks is None else 1 + len(words)
    width, height = _sides(picture, grid)
    across, down = min(ACROSS, tiles), -(-tiles // ACROSS)
    drawing = Drawing(max(480.0, across * (width + GAP) + GAP), down * (height + WORDS + GAP) + GAP)
    png = png_of(_pixels(picture, grid))
    for number in range(tiles):
        row, column = divmod(number, ACROSS)
        corner = (GAP + column * (width + GAP), GAP + WORDS + row * (height + WORDS + GAP))
        drawing.image(corner, (width, height), png)
        if number and looks is not None:
            _shade(drawing, corner, (width, height), looks[number - 1].reshape(grid))
            drawing.text((corner[0] + width / 2, corner[1] - WORDS / 2), _word(words[number - 1]), anchor="middle")
        drawing.rectangle(corner, (width, height), fill="none", opacity=0, edge=LINE)
    return drawing.svg()


def _shade(drawing: Drawing, corner: tuple[float, float], size: tuple[float, float], looks: NDArray[Any]) -> None:
    rows, columns = looks.shape
    wide, high = size[0] / columns, size[1] / rows
    shares = looks / max(float(looks.max()), 1e-9)
    for row, column in np.argwhere(shares >= 0.02).tolist():
        place = (corner[0] + column * wide, corner[1] + row * high)
        opacity = STRONGEST * float(shares[row, column])
        drawing.rectangle(place, (wide, high), fill=VALIDATION, opacity=opacity, edge="none")


def _sides(picture: Picture, grid: Grid) -> tuple[float, float]:
    """Width and height of a picture in points."""
    height, width = grid if is_grid(picture) else picture.shape[:2]
    return SIDE * width / max(height, width), SIDE * height / max(height, width)


def _pixels(picture: Picture, grid: Grid) -> NDArray[np.uint8]:
    """The picture as it is shown, (H, W, 3); a grid of features is plain grey."""
    if is_grid(picture):
        return np.full((*grid, 3), 128, np.uint8)
    step = -(-max(picture.shape[:2]) // LARGEST)
    shown = picture[::step, ::step]
    shown = shown[:, :, :3] if picture.shape[2] >= 3 else np.repeat(shown[:, :, :1], 3, 2)
    return np.rint(255 * shown.clip(0, 1)).astype(np.uint8)


def _word(token: str) -> str:
    return shortened(FORBIDDEN.sub("\ufffd", token).strip() or "␣", LONGEST)


def draw(path: Path, picture: Picture, said: WrittenText, grid: Grid) -> None:
    """Leave the same in a file; none where no word was written.

    Args:
        path: the file, .svg or .png; its folder is made.
        picture: (H, W, C).
        said: the caption, with where it has looked.
        grid: rows and columns of places.

    Raises:
        TrainingError: it cannot be written.
    """
    if said.attention is None or not said.tokens:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"{path.parent} cannot be a folder of pictures: {error.strerror}; name another") from None
    if path.suffix == ".png":
        _draw_image(path, picture, said.tokens, said.attention, grid)
    else:
        write_text(path, overlays(picture, said.tokens, said.attention, grid))


def _draw_image(path: Path, picture: Picture, words: Sequence[str], looks: NDArray[Any], grid: Grid) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    width, height = (side / 72 for side in _sides(picture, grid))
    down = -(-(1 + len(words)) // ACROSS)
    figure: Any = Figure(figsize=(ACROSS * (width + 0.15), down * (height + 0.35)), facecolor="white")
    FigureCanvasAgg(figure)
    orange = VALIDATION[VALIDATION.index("#") : VALIDATION.index(")")]
    colours = LinearSegmentedColormap.from_list("looks", [f"{orange}00", f"{orange}{round(255 * STRONGEST):02x}"])
    axes = np.ravel(figure.subplots(down, ACROSS, squeeze=False))
    pixels = _pixels(picture, grid)
    for number, each in enumerate(axes):
        each.set_axis_off()
        if number > len(words):
            continue
        each.imshow(pixels, extent=(0, 1, 0, 1), aspect="auto", interpolation="nearest")
        if number:
            each.imshow(
                looks[number - 1].reshape(grid), extent=(0, 1, 0, 1), aspect="auto", cmap=colours, vmin=0,
                interpolation="nearest",
            )  # fmt: skip
            each.set_title(_word(words[number - 1]), fontsize=9, parse_math=False)
    figure.tight_layout(pad=0.3)
    with writing(path) as beside:
        figure.savefig(beside, format="png", dpi=160)


def card(picture: Picture, right: Sequence[str], said: WrittenText, grid: Grid) -> str:
    """Show a held-out picture as a card of the report.

    Args:
        picture: (H, W, C).
        right: the captions that would have been right, one or more.
        said: the one that was written.
        grid: rows and columns of places.

    Returns:
        HTML; all texts are escaped.
    """
    rows = [("written", str(said.value)), *(("right", each) for each in right)]
    texts = "".join(
        f"<dt>{what}</dt><dd dir='auto'>{escape(FORBIDDEN.sub(chr(0xFFFD), text))}</dd>" for what, text in rows
    )
    looks = said.attention if said.tokens else None
    shown = overlays(picture, said.tokens, looks, grid)
    return f'<div class="sample"><header>log-probability {said.score:.3f}</header><dl>{texts}</dl>{shown}</div>'
