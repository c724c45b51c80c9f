"""What a network looked at while it wrote, as a picture; and a text beside its references, as a card of the report.

Loads no torch, and matplotlib only to write an image.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from html import escape
from math import cos, radians, sin
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throughtime.errors import ShapeError, TrainingError
from throughtime.tasks.supervised.prediction import WrittenText
from throughtime.training.files import write_text, writing
from throughtime.training.pages.drawing import FORBIDDEN, LINE, VALIDATION, Drawing, width_of
from throughtime.training.pages.grid import draw_squares, token_label
from throughtime.training.pages.raster import fonts
from throughtime.training.scores import unit_of

__all__ = ["attention_grid", "attention_image", "card", "draw", "drawn"]

LONGEST = 24
"""Characters of a token that are shown; of a longer one the first."""
ROOM, SMALLEST, LARGEST = 640.0, 14.0, 28.0
"""Points that a side of the grid takes where it can, and the least and greatest side of a square."""
LEAST = 480.0
"""Least width of the picture, as pages stretch it to theirs."""
STEEP = 60.0
"""Degrees by which tokens are turned that are wider than a square."""
CAPTION = 22.0
"""What the words at both sides of the grid take."""


def attention_grid(source: Sequence[str], written: Sequence[str], weights: NDArray[np.floating]) -> str:
    """Draw how much each token that was written has looked at each of the source.

    Args:
        source: S tokens, drawn from left to right in whatever script they are.
        written: T tokens, drawn from above.
        weights: (T, S) from 0 to 1.

    Returns:
        An SVG; the darker a square, the greater the weight.

    Raises:
        ShapeError: the weights are not one for each two tokens.

    Source: Bahdanau, Cho and Bengio 2015, "Neural machine translation by jointly learning to align and translate",
    figure 3.

    Example:
        >>> attention_grid(["ein", "Haus"], ["a", "house"], np.eye(2)).count("<rect")
        2
    """
    across, down = _labels(source, written, weights)
    side, widths = _side(weights), [width_of(label) for label in across]
    turn = _turn(across, side)
    beside = CAPTION + max(map(width_of, down)) + 10
    above = CAPTION + (max(widths) * sin(radians(turn)) + 10 if turn else 14)
    after = max((0.5 + at - len(across)) * side + each * cos(radians(turn)) for at, each in enumerate(widths))
    grid = side * len(across)
    width = beside + grid + max(10.0, after + 6)
    left = beside + max(0.0, LEAST - width) / 2
    drawing = Drawing(max(LEAST, width), above + side * len(down) + 10)
    draw_squares(drawing, (left, above), side, weights, VALIDATION)
    for index, label in enumerate(across):
        place = (left + (index + 0.5) * side, above - 8)
        drawing.text(place, label, anchor="start" if turn else "middle", turned=-turn)
    for index, label in enumerate(down):
        drawing.text((left - 6, above + (index + 0.5) * side), label, anchor="end")
    drawing.text((left + grid / 2, 10), "source", anchor="middle")
    drawing.text((left - beside + 11, above + side * len(down) / 2), "written", anchor="middle", turned=-90)
    return drawing.svg()


def attention_image(path: Path, source: Sequence[str], written: Sequence[str], weights: NDArray[np.floating]) -> None:
    """Draw the same as :func:`attention_grid` and write it as a PNG, whole or not at all.

    Args:
        path: the file.
        source: S tokens.
        written: T tokens.
        weights: (T, S) from 0 to 1.

    Raises:
        ShapeError: the weights are not one for each two tokens.
        TrainingError: the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    across, down = _labels(source, written, weights)
    side = _side(weights)
    figure: Any = Figure(figsize=(side * len(across) / 72, side * len(down) / 72), facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    colours = LinearSegmentedColormap.from_list("weights", ["white", _colour(VALIDATION)])
    axes.pcolormesh(weights, cmap=colours, vmin=0, vmax=1, edgecolors=_colour(LINE), linewidth=0.25, clip_on=False)
    axes.invert_yaxis()
    _write_labels(axes, across, down, turn=_turn(across, side))
    with warnings.catch_warnings(), writing(path) as beside:
        warnings.simplefilter("ignore")  # a letter that no font has is drawn as a box
        figure.savefig(beside, format="png", dpi=160, bbox_inches="tight", pad_inches=0.1)


def _write_labels(axes: Any, across: Sequence[str], down: Sequence[str], *, turn: float) -> None:
    axes.set_xticks(np.arange(len(across)) + 0.5, across, rotation=turn)
    axes.set_yticks(np.arange(len(down)) + 0.5, down)
    axes.tick_params(length=0, labelsize=10, top=False, labeltop=True, bottom=False, labelbottom=False)
    axes.set_xlabel("source", fontsize=10, labelpad=8)
    axes.set_ylabel("written", fontsize=10)
    axes.xaxis.set_label_position("top")
    axes.spines[:].set_visible(False)
    for text in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        text.set(parse_math=False, usetex=False, fontfamily=list(fonts()))
    if turn:
        for text in axes.get_xticklabels():
            text.set(ha="left", rotation_mode="anchor")


def _side(weights: NDArray[np.floating]) -> float:
    """The side of a square in points."""
    return float(np.clip(ROOM / max(weights.shape), SMALLEST, LARGEST))


def _turn(across: Sequence[str], side: float) -> float:
    """Degrees by which the tokens above the grid are turned: none where each fits over its square."""
    return STEEP if max(map(width_of, across)) > side - 2 else 0.0


def _colour(name: str) -> str:
    """A colour of the light page: an image has no page to follow."""
    return name[name.index("#") : name.index(")")]


def _labels(
    source: Sequence[str], written: Sequence[str], weights: NDArray[np.floating]
) -> tuple[list[str], list[str]]:
    if weights.shape != (len(written), len(source)) or not weights.size:
        raise ShapeError(
            f"weights are (tokens written, tokens of the source), ({len(written)}, {len(source)}) with one or more of "
            f"each, not {weights.shape}"
        )
    across, down = ([token_label(token, LONGEST) for token in tokens] for tokens in (source, written))
    return across, down


def _allowed(text: str) -> str:
    return FORBIDDEN.sub("\ufffd", text)


def drawn(said: WrittenText) -> str:
    """Draw where a text has looked in its source.

    Args:
        said: the text.

    Returns:
        An SVG; nothing where it looked nowhere, or holds no token.
    """
    if said.attention is None or not said.tokens:
        return ""
    return attention_grid(said.source_tokens, said.tokens, said.attention)


def draw(path: Path, said: WrittenText) -> None:
    """Leave the same in a file; none where there is nothing to see.

    Args:
        path: the file, .svg or .png; its folder is made.
        said: the text.

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
        attention_image(path, said.source_tokens, said.tokens, said.attention)
    else:
        write_text(path, drawn(said))


def card(
    source: str, reference: Sequence[str], written: str, score: float, grid_svg: str, *, name: str = "score"
) -> str:
    """Show one held-out text as a card of the report.

    Args:
        source: what was read.
        reference: what would have been right, one or more.
        written: what was written.
        score: how near it comes.
        grid_svg: from :func:`attention_grid`; empty where nothing was attended to.
        name: which score it is, as in ``training/scores.py``.

    Returns:
        HTML; all texts are escaped, and each runs the way its script does.

    Example:
        >>> "<dt>right</dt><dd dir='auto'>b &gt; a</dd>" in card("a < b", ["b > a"], "b", 0.5, "")
        True
    """
    rows = [("source", source), *(("right", each) for each in reference), ("written", written)]
    texts = "".join(f"<dt>{what}</dt><dd dir='auto'>{escape(_allowed(text))}</dd>" for what, text in rows)
    return f'<div class="sample"><header>{escape(unit_of(name))} {score:.3f}</header><dl>{texts}</dl>{grid_svg}</div>'
