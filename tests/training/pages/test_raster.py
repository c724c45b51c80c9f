"""An image has what the drawing has, where it has it."""

from __future__ import annotations

import io

import numpy as np
import pytest

from throughtime.training.pages.drawing import COLOURS, TEXT, Drawing
from throughtime.training.pages.page import alone
from throughtime.training.pages.png import png_of
from throughtime.training.pages.raster import png_of_svg


def pixels(drawing: Drawing) -> np.ndarray:
    """(H, W, 3), a pixel for each unit of the drawing."""
    from matplotlib.image import imread

    return np.round(imread(io.BytesIO(png_of_svg(alone(drawing.svg()), dots=72)), format="png")[..., :3] * 255)


def test_shapes_are_where_they_were_drawn_in_the_colours_of_a_light_page() -> None:
    drawing = Drawing(60, 40)
    drawing.rectangle((10, 5), (20, 10), fill="#ff0000", opacity=1, edge="none")
    drawing.area([(40, 20), (58, 20), (58, 38), (40, 38)], COLOURS[0], opacity=1)
    drawing.line([(0, 30), (30, 30)], TEXT, width=4)
    drawing.image((40, 2), (10, 10), png_of(np.full((1, 1, 3), 128, np.uint8)))
    seen = pixels(drawing)
    assert seen.shape == (40, 60, 3)
    assert seen[10, 20].tolist() == [255, 0, 0]
    assert seen[30, 50].tolist() == [0, 0x72, 0xB2]
    assert seen[30, 15].tolist() == [0x22, 0x25, 0x2B]
    assert seen[7, 45].tolist() == [128, 128, 128]
    assert seen[20, 5].tolist() == [255, 255, 255], "paper is white"


def test_a_text_covers_its_place_and_later_shapes_cover_earlier_ones() -> None:
    drawing = Drawing(60, 30)
    drawing.rectangle((0, 0), (60, 30), fill="#0000ff", opacity=1, edge="none")
    drawing.rectangle((0, 0), (60, 15), fill="#ffffff", opacity=1, edge="none")
    drawing.text((2, 8), "MMMM", size=12)
    seen = pixels(drawing)
    assert (seen[3:13, 2:40] < 100).all(-1).sum() > 40, "letters are dark"
    assert seen[25, 50].tolist() == [0, 0, 255] and seen[2, 55].tolist() == [255, 255, 255]


def test_opacity_mixes_with_the_paper() -> None:
    drawing = Drawing(20, 20)
    drawing.rectangle((0, 0), (20, 20), fill="#000000", opacity=0.5, edge="none")
    assert abs(pixels(drawing)[10, 10] - 127.5).max() <= 1


def test_what_no_drawing_has_is_refused() -> None:
    with pytest.raises(ValueError, match="<path>"):
        png_of_svg('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0"/></svg>')
