"""Pictures as SVG: a few shapes, and text that stays text, in colours that follow the page they stand in.

A page that knows its reader's theme sets ``--line``, ``--train``, ``--valid`` and the like; where a picture stands
alone, they are those of a light page. Written here, since a plotting library takes longer to load than a small run to
train.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterable
from html import escape
from typing import Literal

__all__ = ["COLOURS", "LINE", "QUIET", "TEXT", "TRAIN", "VALIDATION", "Drawing", "Point", "width_of"]

TEXT, LINE, TRAIN, VALIDATION = "currentColor", "var(--line, #d9d7d2)", "var(--train, #8a93a6)", "var(--valid, #c2410c)"
QUIET = "var(--quiet, #6a6f79)"
COLOURS = (
    "var(--c1, #0072b2)", "var(--c2, #d55e00)", "var(--c3, #009e73)", "var(--c4, #b0508a)", "var(--c5, #c98a00)",
    "var(--c6, #3f97cf)",
)  # fmt: skip
"""Colours of lines beside each other, which those who see no red or no green tell apart (after Okabe, Ito 2008)."""
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold."""

Point = tuple[float, float]


def width_of(words: str, size: float = 10.0) -> float:
    """Guess how wide a text is; the reader's font decides.

    Args:
        words: the text.
        size: height of the font.

    Returns:
        The width, in the unit of the size.

    Example:
        >>> width_of("ab"), width_of("好"), width_of("e\u0301") == width_of("e")
        (12.0, 10.0, True)
    """
    wide = sum(1.0 if unicodedata.east_asian_width(each) in "WF" else 0.6 for each in words)
    return size * (wide - 0.6 * sum(unicodedata.category(each) in ("Mn", "Me", "Cf") for each in words))


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


class Drawing:
    """A picture in the making; x grows to the right and y downwards.

    Args:
        width: its width, in points.
        height: its height.

    Example:
        >>> drawing = Drawing(20, 10)
        >>> drawing.dot((5, 5), TEXT)
        >>> drawing.svg().count("circle")
        1
    """

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self._parts: list[str] = []

    def rectangle(self, corner: Point, size: Point, *, fill: str, opacity: float, edge: str) -> None:
        """Draw a rectangle from its upper left corner on."""
        (x, y), (width, height) = (map(_number, each) for each in (corner, size))
        self._parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}" fill-opacity="{_number(opacity)}" '
            f'stroke="{edge}" stroke-width="0.5"/>'
        )

    def line(
        self, points: Iterable[Point], colour: str, *, width: float = 0.5, opacity: float = 1.0, dashed: bool = False
    ) -> None:
        """Draw a line through points."""
        places = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
        dashes = ' stroke-dasharray="4 3"' if dashed else ""
        self._parts.append(
            f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="{_number(width)}" '
            f'stroke-opacity="{_number(opacity)}" stroke-linejoin="round" stroke-linecap="round"{dashes}/>'
        )

    def area(self, edge: Iterable[Point], colour: str, *, opacity: float) -> None:
        """Fill what lies inside of a line that ends where it began."""
        places = " ".join(f"{_number(x)},{_number(y)}" for x, y in edge)
        self._parts.append(f'<polygon points="{places}" fill="{colour}" fill-opacity="{_number(opacity)}"/>')

    def image(self, corner: Point, size: Point, png: bytes) -> None:
        """Lay a picture in, each of its pixels a square.

        Args:
            corner: its upper left corner.
            size: its width and height in the drawing.
            png: the picture, which becomes a part of the drawing.
        """
        (x, y), (width, height) = (map(_number, each) for each in (corner, size))
        data = b64encode(png).decode()
        self._parts.append(
            f'<image x="{x}" y="{y}" width="{width}" height="{height}" preserveAspectRatio="none" '
            f'style="image-rendering:pixelated" href="data:image/png;base64,{data}"/>'
        )

    def dot(self, place: Point, colour: str) -> None:
        """Draw a dot."""
        self._parts.append(f'<circle cx="{_number(place[0])}" cy="{_number(place[1])}" r="2.2" fill="{colour}"/>')

    def text(
        self,
        place: Point,
        words: str,
        *,
        anchor: Literal["start", "middle", "end"] = "start",
        size: float = 10.0,
        turned: float = 0.0,
        colour: str = TEXT,
        bold: bool = False,
    ) -> None:
        """Write a text, with its middle line through a place.

        Args:
            place: where it begins, or has its middle or end.
            words: the text; what XML cannot hold becomes U+FFFD.
            anchor: which part of it is at the place.
            size: height of the font.
            turned: degrees by which it is turned around the place, clockwise.
            colour: its colour.
            bold: whether its letters are bold.
        """
        x, y = map(_number, place)
        weight = ' font-weight="bold"' if bold else ""
        turn = f' transform="rotate({_number(turned)} {x} {y})"' if turned else ""
        shown = escape(FORBIDDEN.sub("\ufffd", words))
        self._parts.append(
            f'<text x="{x}" y="{y}" dy="0.35em" font-size="{_number(size)}" text-anchor="{anchor}" fill="{colour}"'
            f"{weight}{turn}>{shown}</text>"
        )

    def svg(self) -> str:
        """Give the picture as an SVG element, which is a document too."""
        inside = "\n".join(self._parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_number(self.width)} {_number(self.height)}" '
            f'font-family="system-ui, sans-serif">\n{inside}\n</svg>\n'
        )
