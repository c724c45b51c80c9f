"""Pictures of another size, beside Pillow's own."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from throughtime.data.media.resizing import resized


@pytest.mark.parametrize("size", [(7, 5), (3, 4), (1, 1), (40, 9), (11, 30)])
def test_it_is_what_pillow_makes(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).random((13, 11, 3)).astype(np.float32)
    found = resized(picture, *size)
    assert found.shape == (*size, 3) and found.dtype == np.float32
    for channel in range(3):
        image = Image.fromarray(picture[:, :, channel], "F").resize(size[::-1], Image.Resampling.BILINEAR)
        assert np.allclose(found[:, :, channel], np.asarray(image), atol=1e-5)


def test_a_picture_of_that_size_is_left_as_it_is() -> None:
    picture = np.zeros((4, 5, 1), np.float32)
    assert resized(picture, 4, 5) is picture


def test_an_even_picture_stays_even() -> None:
    assert np.allclose(resized(np.full((9, 9, 1), 0.3, np.float32), 4, 17), 0.3)
