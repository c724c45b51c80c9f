"""Pictures as PNG: what :class:`~throughtime.training.pages.drawing.Drawing` has drawn, in the colours of a light page.

Loads matplotlib, and only to write an image.
"""

from __future__ import annotations

import io
import re
import warnings
from base64 import b64decode
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from xml.etree import ElementTree

__all__ = ["fonts", "png_of_svg"]

WIDE = re.compile("CJK|Arial Unicode|PingFang|YaHei|Malgun|WenQuanYi")
"""Fonts with Chinese, Japanese or Korean, of which an image takes what is there: matplotlib's own font has none."""
INK, PAPER = "#22252b", "#ffffff"
SVG = "{http://www.w3.org/2000/svg}"
HALF_LETTER = 0.35
"""Height of the middle line of a text above its base line, in sizes of its font."""
ANCHORS = {"start": "left", "middle": "center", "end": "right"}


@cache
def fonts() -> tuple[str, ...]:
    """Name the fonts that an image is written with, the first first.

    Returns:
        Their names.

    Example:
        >>> fonts()[0]
        'DejaVu Sans'
    """
    from matplotlib.font_manager import fontManager

    return ("DejaVu Sans", *filter(WIDE.search, fontManager.get_font_names()))


def png_of_svg(picture: str, *, dots: int = 160) -> bytes:
    """Turn a picture into pixels.

    Args:
        picture: what :meth:`~throughtime.training.pages.drawing.Drawing.svg` gave.
        dots: pixels to 72 points, the unit of the picture.

    Returns:
        The file, a PNG.

    Raises:
        ValueError: the picture holds a shape that a Drawing does not draw.

    Example:
        >>> from throughtime.training.pages.drawing import Drawing
        >>> png_of_svg(Drawing(36, 72).svg(), dots=72)[16:24].hex()
        '0000002400000048'
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    root = ElementTree.fromstring(picture)
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    figure: Any = Figure(figsize=(width / 72, height / 72), facecolor=PAPER)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    for order, element in enumerate(root):
        _draw(axes, element, order)
    axes.set(xlim=(0, width), ylim=(height, 0), aspect="auto")
    written = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a letter that no font has is drawn as a box
        figure.savefig(written, format="png", dpi=dots, facecolor=PAPER)
    return written.getvalue()


def _draw(axes: Any, element: Any, order: int) -> None:
    name = str(element.tag).removeprefix(SVG)
    if name not in _SHAPES:
        raise ValueError(f"no picture of ours has a <{name}>: it cannot be drawn as an image")
    _SHAPES[name](axes, element, {"zorder": order, "clip_on": False})


def _rectangle(axes: Any, element: Any, how: dict[str, Any]) -> None:
    from matplotlib.patches import Rectangle

    x, y, width, height = _numbers(element.attrib, "x", "y", "width", "height")
    opacity, edge = float(element.get("fill-opacity", "1")), _colour(element.get("stroke", "none"))
    axes.add_patch(Rectangle((x, y), width, height, facecolor=_faded(element, opacity), edgecolor="none", **how))
    if edge != "none":
        axes.add_patch(Rectangle((x, y), width, height, facecolor="none", edgecolor=edge, linewidth=0.5, **how))


def _line(axes: Any, element: Any, how: dict[str, Any]) -> None:
    points = _points(element)
    dashes: Any = (0, (4, 3)) if element.get("stroke-dasharray") else "-"
    width = float(element.get("stroke-width", "1"))
    if dashes != "-":
        dashes = (0, tuple(each / width for each in (4.0, 3.0)))  # matplotlib counts in widths of the line
    axes.plot(
        [x for x, _ in points], [y for _, y in points], linestyle=dashes, linewidth=width,
        color=_colour(element.attrib["stroke"]), alpha=float(element.get("stroke-opacity", "1")),
        solid_capstyle="round", solid_joinstyle="round", **how,
    )  # fmt: skip


def _area(axes: Any, element: Any, how: dict[str, Any]) -> None:
    from matplotlib.patches import Polygon

    opacity = float(element.get("fill-opacity", "1"))
    axes.add_patch(Polygon(_points(element), facecolor=_faded(element, opacity), edgecolor="none", **how))


def _dot(axes: Any, element: Any, how: dict[str, Any]) -> None:
    from matplotlib.patches import Circle

    x, y, radius = _numbers(element.attrib, "cx", "cy", "r")
    axes.add_patch(Circle((x, y), radius, facecolor=_colour(element.attrib["fill"]), edgecolor="none", **how))


def _image(axes: Any, element: Any, how: dict[str, Any]) -> None:
    from matplotlib.image import imread

    x, y, width, height = _numbers(element.attrib, "x", "y", "width", "height")
    pixels = imread(io.BytesIO(b64decode(element.attrib["href"].split(",", 1)[1])), format="png")
    axes.imshow(pixels, extent=(x, x + width, y + height, y), interpolation="nearest", aspect="auto", **how)


def _text(axes: Any, element: Any, how: dict[str, Any]) -> None:
    x, y, size = _numbers(element.attrib, "x", "y", "font-size")
    turned = re.match(r"rotate\((\S+)", element.get("transform", ""))
    place: dict[str, Any] = {"x": x, "y": y + HALF_LETTER * size, "va": "baseline"}
    if turned:
        place = {"x": x, "y": y, "va": "center", "rotation": -float(turned[1]), "rotation_mode": "anchor"}
    axes.text(
        s=element.text or "", fontsize=size, color=_colour(element.attrib["fill"]), fontfamily=list(fonts()),
        fontweight=element.get("font-weight", "normal"), ha=ANCHORS[element.attrib["text-anchor"]], parse_math=False,
        usetex=False, **place, **how,
    )  # fmt: skip


def _style(axes: Any, element: Any, how: dict[str, Any]) -> None:
    """A theme is for readers that have one."""


_SHAPES: Mapping[str, Callable[[Any, Any, dict[str, Any]], None]] = {
    "rect": _rectangle,
    "polyline": _line,
    "polygon": _area,
    "circle": _dot,
    "image": _image,
    "text": _text,
    "style": _style,
}


def _numbers(attributes: Mapping[str, str], *names: str) -> list[float]:
    return [float(attributes[name]) for name in names]


def _points(element: Any) -> list[tuple[float, float]]:
    pairs = (point.split(",") for point in element.attrib["points"].split())
    return [(float(x), float(y)) for x, y in pairs]


def _colour(name: str) -> str:
    """A colour of the light page: an image has no page to follow."""
    if name == "currentColor":
        return INK
    return name[name.index("#") : name.index(")")] if name.startswith("var(") else name


def _faded(element: Any, opacity: float) -> Any:
    colour = _colour(element.attrib["fill"])
    return "none" if colour == "none" else (colour, opacity)
