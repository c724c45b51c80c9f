"""The adding problem and the digits."""

from __future__ import annotations

import numpy as np

from throughtime.data.demos.digits import divided_digits
from throughtime.data.memory.adding import Adding
from throughtime.data.memory.pixels import PixelDigits


def test_adding_marks_one_number_of_each_half_and_asks_for_their_sum() -> None:
    for length in (2, 3, 50):
        for frames, total in Adding(200, length=length):
            assert frames.shape == (length, 2) and frames.dtype == np.float32
            first, second = np.flatnonzero(frames[:, 1]).tolist()
            assert first < length // 2 <= second and set(frames[:, 1].tolist()) <= {0.0, 1.0}
            assert total == float(frames[first, 0]) + float(frames[second, 0])
            assert frames[:, 0].min() >= 0 and frames[:, 0].max() < 1


def test_every_place_of_a_half_can_be_marked_and_the_mean_is_off_by_a_sixth() -> None:
    items = list(Adding(4000, length=7, seed=5))
    places = np.array([np.flatnonzero(frames[:, 1]) for frames, _ in items])
    assert set(places[:, 0].tolist()) == {0, 1, 2} and set(places[:, 1].tolist()) == {3, 4, 5, 6}
    error = np.mean([(total - 1) ** 2 for _, total in items])
    assert abs(error - 1 / 6) < 0.015, "four standard errors: that of a square is 0.236 / sqrt(4000)"


def test_digits_are_the_images_pixel_after_pixel_and_no_image_is_in_two_parts() -> None:
    learned, apart, images, labels = divided_digits(2)
    parts = {part: PixelDigits(part=part, seed=2) for part in ("train", "valid", "test")}
    assert [len(parts[part]) for part in parts] == [1438, 180, 179]
    for part, chosen in (("train", learned), ("valid", apart[:180]), ("test", apart[180:])):
        for place in (0, 7, len(chosen) - 1):
            frames, label = parts[part][place]
            assert np.array_equal(np.rint(frames[:, 0] * 255), images[chosen[place]].reshape(-1))
            assert label == str(labels[chosen[place]])
    assert len({*learned, *apart}) == 1797


def test_one_order_of_the_pixels_is_drawn_for_all_images() -> None:
    plain, mixed = PixelDigits(seed=1), PixelDigits(seed=1, permuted=True)
    rows = np.stack([frames[:, 0] for frames, _ in plain]).T
    shuffled = np.stack([frames[:, 0] for frames, _ in mixed]).T
    assert not np.array_equal(rows, shuffled)
    assert sorted(map(tuple, rows.tolist())) == sorted(map(tuple, shuffled.tolist()))
    valid = np.stack([frames[:, 0] for frames, _ in PixelDigits(seed=1, permuted=True, part="valid")]).T
    same = np.stack([frames[:, 0] for frames, _ in PixelDigits(seed=1, part="valid")]).T
    order = [next(i for i in range(64) if np.array_equal(rows[i], column)) for column in shuffled if column.any()]
    assert np.array_equal(same[order], valid[shuffled.any(1)]), "the same order in every part"
