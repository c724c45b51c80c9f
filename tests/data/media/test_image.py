"""Images become rows or pixels from 0 to 1, as they are seen; what is no whole image is refused in one line."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_readers import refusal

from throughtime.data.media.image import load_image
from throughtime.data.reading import Reading
from throughtime.errors import DataError, UsageError

GREY = np.array([[0, 51, 102], [153, 204, 255]], np.uint8)
ROWS = Reading()
PIXELS = Reading(image_steps="pixels")


def written(path: Path, image: Image.Image, **how: object) -> Path:
    image.save(path, **how)  # type: ignore[arg-type]
    return path


refused = partial(refusal, partial(load_image, how=ROWS, note=print), first=True)


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.gif", "a.tiff", "a.pgm"])
def test_a_step_is_a_row_or_a_pixel(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name, Image.fromarray(GREY))
    np.testing.assert_array_equal(load_image(path, ROWS, print), np.float32(GREY) / np.float32(255))
    np.testing.assert_array_equal(load_image(path, PIXELS, print), np.float32(GREY).reshape(6, 1) / np.float32(255))


def test_a_jpeg_is_near_to_what_it_was(tmp_path: Path) -> None:
    smooth = np.linspace(0, 255, 64).reshape(8, 8).astype(np.uint8)
    path = written(tmp_path / "a.jpg", Image.fromarray(smooth), quality=95)
    np.testing.assert_allclose(load_image(path, ROWS, print), smooth / 255, atol=0.03)  # lossy by a few shades


def test_colours(tmp_path: Path) -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0]]], np.uint8)
    path = written(tmp_path / "a.png", Image.fromarray(colours))
    assert load_image(path, Reading(colour=True), print).tolist() == [[1, 0, 0, 0, 1, 0]]
    assert load_image(path, Reading(colour=True, image_steps="pixels"), print).tolist() == [[1, 0, 0], [0, 1, 0]]
    # ITU-R 601: grey is 0.299 red + 0.587 green + 0.114 blue, rounded to 8 bits
    np.testing.assert_allclose(load_image(path, ROWS, print), [[0.299, 0.587]], atol=0.5 / 255 + 1e-6)


def test_sixteen_bits_and_one(tmp_path: Path) -> None:
    deep = written(tmp_path / "deep.png", Image.fromarray(np.array([[0, 32768, 65535]], np.uint16)))
    np.testing.assert_allclose(load_image(deep, ROWS, print), [[0, 32768 / 65535, 1]], rtol=1e-6)
    assert load_image(deep, Reading(colour=True), print).shape == (1, 9)
    flat = written(tmp_path / "flat.png", Image.fromarray(np.array([[True, False]])))
    assert load_image(flat, ROWS, print).tolist() == [[1, 0]]


def test_transparent_pixels_lie_on_white_and_it_says_so(tmp_path: Path) -> None:
    drawing = np.zeros((1, 3, 4), np.uint8)  # black all over; only the alpha tells the drawing
    drawing[0, :, 3] = [255, 0, 51]
    path = written(tmp_path / "a.png", Image.fromarray(drawing))
    notes: list[str] = []
    np.testing.assert_allclose(load_image(path, ROWS, notes.append), [[0, 1, 0.8]], atol=1 / 255)
    assert notes == [f"{path} has transparent pixels; they are laid on white"]
    drawing[..., 3] = 255
    assert load_image(written(path, Image.fromarray(drawing)), ROWS, notes.append).tolist() == [[0, 0, 0]]
    assert len(notes) == 1, "an alpha that is opaque everywhere changes nothing"


def test_a_photograph_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    path = written(tmp_path / "a.png", Image.fromarray(GREY), exif=exif)
    np.testing.assert_array_equal(load_image(path, ROWS, print), np.float32(GREY[::-1, ::-1]) / np.float32(255))


def test_broken_files(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 40), np.uint8)
    png = written(tmp_path / "whole.png", Image.fromarray(noise)).read_bytes()
    jpeg = written(tmp_path / "whole.jpg", Image.fromarray(noise)).read_bytes()
    cases = {
        "no.png": (None, "no such file"),
        "empty.png": (b"", "not an image that can be read"),
        "text.png": (b"no image", "not an image that can be read"),
        "cut.png": (png[: len(png) // 2], "not an image that can be read"),
        "cut.jpg": (jpeg[: len(jpeg) // 2], "not an image that can be read"),
        "crc.png": (png[:45] + b"\0\0\0\0" + png[49:], "not an image that can be read"),
        "zero.png": (png[:16] + b"\0\0\0\0" + png[20:], "not an image that can be read"),
    }
    for name, (content, words) in cases.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        assert words in refused(tmp_path / name), name
    assert "is a folder" in refused(tmp_path)


def test_bytes_that_rot_are_refused_or_read_but_nothing_else_happens(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (6, 6), np.uint8)
    random = np.random.default_rng(1)
    for suffix in ("png", "gif", "bmp", "tiff", "jpg", "webp"):
        whole = written(tmp_path / f"whole.{suffix}", Image.fromarray(noise)).read_bytes()
        for _ in range(60):
            rotten = bytearray(whole)
            for place in random.integers(0, len(rotten), 3):
                rotten[place] = random.integers(0, 256)
            path = tmp_path / f"rotten.{suffix}"
            path.write_bytes(rotten)
            try:
                assert np.isfinite(load_image(path, ROWS, lambda _: None)).all()
            except DataError as error:
                assert str(error).startswith(f"{path}: ") and "\n" not in str(error)


def test_what_is_not_one_image(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.full((2, 2), shade, np.uint8)) for shade in (0, 100, 200)]
    path = written(tmp_path / "a.gif", frames[0], save_all=True, append_images=frames[1:])
    assert "3 images in one file" in refused(path)
    assert "real numbers of unknown range" in refused(
        written(tmp_path / "a.tiff", Image.fromarray(np.ones((2, 2), np.float32)))
    )
    assert "pixels from -5 to 9" in refused(
        written(tmp_path / "b.tiff", Image.fromarray(np.array([[-5, 9]], np.int32)))
    )


@pytest.mark.parametrize("limit", [100, 3000], ids=["error", "warning"])
def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    path = written(tmp_path / "a.png", Image.new("L", (60, 60)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    assert f"more than {limit:,} pixels is refused" in refused(path)


def test_without_pillow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(UsageError, match=r"pip install 'throughtime\[image\]'"):
        load_image(tmp_path / "a.png", ROWS, print)
