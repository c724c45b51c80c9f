"""Squares in rows and columns: each in its place, as dark as its share."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np

from throughtime.training.pages.drawing import Drawing
from throughtime.training.pages.grid import draw_squares, shortened

SVG = "{http://www.w3.org/2000/svg}"


def test_squares_are_in_their_places_and_those_that_are_not_seen_are_left_out() -> None:
    drawing = Drawing(100, 100)
    draw_squares(drawing, (10, 20), 5, np.array([[0.0, 0.5, 0.004], [1.0, 0.006, 0.0]]), "red")
    root = ElementTree.fromstring(drawing.svg())
    names = ("x", "y", "width", "height", "fill", "fill-opacity")
    assert [tuple(square.get(name) for name in names) for square in root.iter(f"{SVG}rect")] == [
        ("15", "20", "5", "5", "red", "0.5"),
        ("10", "25", "5", "5", "red", "1"),
        ("15", "25", "5", "5", "red", "0.01"),
    ]
    rows = {f"10,{y} 25,{y}" for y in (20, 25, 30)}
    columns = {f"{x},20 {x},30" for x in (10, 15, 20, 25)}
    assert {line.get("points") for line in root.iter(f"{SVG}polyline")} == rows | columns


def test_a_name_is_as_long_as_is_shown() -> None:
    assert [shortened(name, 3) for name in ("", "abc", "abcd", "好好好好")] == ["", "abc", "ab…", "好好…"]
