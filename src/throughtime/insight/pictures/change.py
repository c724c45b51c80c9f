"""What an intervention changed: the scores before and after it. Loads no torch."""

from __future__ import annotations

import numpy as np

from throughtime.insight.pictures.canvas import MARGIN, WIDTH, headed, quoted
from throughtime.insight.results import Change
from throughtime.training.pages.drawing import COLOURS, LINE, QUIET, TEXT, TRAIN, Drawing
from throughtime.training.pages.grid import token_label

__all__ = ["change_picture"]

MOST, ROW, LEFT, RIGHT = 12, 30.0, 170.0, 90.0
"""Scores that are shown, the height of one, and what their names and numbers take."""


def change_picture(change: Change) -> str:
    """Draw the scores that an intervention changed most: grey as they were, coloured as they are.

    Args:
        change: the scores without it and with it.

    Returns:
        An SVG element.
    """
    shown = np.argsort(-np.abs(change.difference), kind="stable")[:MOST]
    first = int(shown[0])
    goes = "rises" if change.difference[first] > 0 else "falls" if change.difference[first] < 0 else "stays"
    title = f"The score of {quoted(change.labels[first])} {goes} from {change.before[first]:.3g} to "
    title += f"{change.after[first]:.3g}"
    few = f"The {MOST} that change most of {len(change.labels):,}." if len(change.labels) > MOST else ""
    drawing, top = headed(title, ["; ".join(change.edits), few], len(shown) * ROW + 40)
    low = min(0.0, float(change.before[shown].min()), float(change.after[shown].min()))
    high = max(0.0, float(change.before[shown].max()), float(change.after[shown].max()))
    scale = (WIDTH - LEFT - RIGHT - MARGIN) / max(high - low, 1e-12)
    zero = LEFT - low * scale
    for place, number in enumerate(map(int, shown)):
        y = top + place * ROW
        drawing.text((MARGIN, y + 10), token_label(change.labels[number], 22), size=11, bold=True)
        for offset, value, colour in ((2.0, change.before[number], TRAIN), (12.0, change.after[number], COLOURS[1])):
            _bar(drawing, zero, float(value) * scale, y + offset, colour)
        words = f"{change.before[number]:.3g} → {change.after[number]:.3g}"
        drawing.text((WIDTH - RIGHT, y + 11), words, size=10)
    drawing.line([(zero, top - 4), (zero, top + len(shown) * ROW)], TEXT, width=0.8)
    _key(drawing, top + len(shown) * ROW + 18)
    return drawing.svg()


def _bar(drawing: Drawing, zero: float, length: float, y: float, colour: str) -> None:
    corner = (min(zero, zero + length), y)
    drawing.rectangle(corner, (abs(length), 8.0), fill=colour, opacity=1, edge="none")


def _key(drawing: Drawing, y: float) -> None:
    for x, words, colour in ((LEFT, "as it was", TRAIN), (LEFT + 110, "with the edit", COLOURS[1])):
        drawing.rectangle((x, y - 4), (14, 8), fill=colour, opacity=1, edge=LINE)
        drawing.text((x + 20, y), words, size=10, colour=QUIET)
