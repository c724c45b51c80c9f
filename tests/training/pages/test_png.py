"""PNG files that another library reads back, and pictures in a drawing."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from throughtime.training.pages.drawing import Drawing
from throughtime.training.pages.png import png_of

PIXELS = np.random.default_rng(0).integers(0, 256, (7, 5, 3)).astype(np.uint8)


def test_what_was_written_is_read_back() -> None:
    with Image.open(io.BytesIO(png_of(PIXELS))) as image:
        image.verify()
    with Image.open(io.BytesIO(png_of(PIXELS))) as image:
        assert np.array_equal(np.asarray(image), PIXELS)


def test_a_drawing_carries_its_pictures() -> None:
    drawing = Drawing(20, 10)
    drawing.image((1, 2), (5.5, 7), png_of(PIXELS))
    svg = drawing.svg()
    assert 'x="1" y="2" width="5.5" height="7"' in svg
    data = svg.partition("base64,")[2].partition('"')[0]
    assert base64.b64decode(data) == png_of(PIXELS)
