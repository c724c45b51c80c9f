"""Charts as SVG whose colours follow the page they stand in."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

__all__ = ["LINE", "TEXT", "TRAIN", "VALIDATION", "svg", "themed"]

THEMED = {"#010101": "currentColor", "#020202": "var(--line)", "#030303": "var(--train)", "#040404": "var(--valid)"}
"""Stand-ins that charts are drawn with -> the page's colours, which know the reader's theme."""
TEXT, LINE, TRAIN, VALIDATION = THEMED

CHART_STYLE = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a dollar in a label is a dollar
    "text.color": TEXT,
    "axes.labelcolor": TEXT,
    "axes.edgecolor": LINE,
    "axes.grid": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": LINE,
    "grid.linewidth": 0.5,
    "xtick.color": TEXT,
    "ytick.color": TEXT,
    "legend.frameon": False,
}


def svg(name: str, size: tuple[float, float], draw: Callable[[Any], None]) -> str:
    """Draw a chart with matplotlib.

    Args:
        name: its name; the same one gives the same file.
        size: width and height in inches.
        draw: puts the content on matplotlib's axes.

    Returns:
        An SVG document.
    """
    matplotlib: Any = import_module("matplotlib")  # only here: it takes longer to load than all else
    stream = io.StringIO()
    with matplotlib.rc_context({**CHART_STYLE, "svg.hashsalt": name}), warnings.catch_warnings():
        # Text stays text, so it is the reader's program that needs the letters, and has them; here only its width is
        # guessed by another letter's.
        warnings.filterwarnings("ignore", r"Glyph .* missing from font", UserWarning)
        figure: Any = import_module("matplotlib.figure").Figure(figsize=size, layout="constrained")
        draw(figure.subplots())
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def themed(picture: str) -> str:
    """Give the ``<svg>`` element of a chart, in the page's font and colours.

    Args:
        picture: what :func:`svg` drew.

    Returns:
        The element alone; its colours are CSS variables of the page.
    """
    picture = re.sub(r"font: (\d+)px [^;\"]*", r"font: \1px system-ui, sans-serif", picture[picture.index("<svg") :])
    # Matplotlib's releases differ in whether they write one property or several.
    picture = re.sub(r"font-family: [^;\"]*", "font-family: system-ui, sans-serif", picture)
    for drawn, meant in THEMED.items():
        picture = picture.replace(drawn, meant)
    return picture
