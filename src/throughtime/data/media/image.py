"""Image files become frames, where a step is a row of the image or one pixel, or stay pictures."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from throughtime.data.reading import Note, Reading
from throughtime.data.record import Frames, Picture
from throughtime.errors import DataError, UsageError

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["IMAGE_SUFFIXES", "load_image", "load_pixels"]

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".pgm", ".ppm", ".pbm"})
"""How the names of image files end."""


def load_image(path: Path, how: Reading, note: Note) -> Frames | Picture:
    """Read an image (PNG, JPEG, GIF, BMP ...) as frames, or whole.

    Args:
        path: the file.
        how: options; ``image_steps`` is what a step is, ``colour`` whether a pixel has three features or one.
        note: told what was changed on the way, such as transparent pixels on white.

    Returns:
        Values from 0 (black) to 1: (height, width * channels) for rows, (height * width, channels) for pixels, and
        (height, width, channels) where an image has no steps.

    Raises:
        DataError: the file is missing, no image, broken, cut off, too large to be meant, or an animation.
        UsageError: Pillow is not installed.
    """
    pixels = load_pixels(path, how, note)
    if how.image_steps == "none":
        return pixels
    height, width, channels = pixels.shape
    return pixels.reshape((height, width * channels) if how.image_steps == "rows" else (height * width, channels))


def load_pixels(path: Path, how: Reading, note: Note) -> NDArray[np.float32]:
    """Read an image as it is seen: turned as its camera says, transparent pixels on white.

    Args:
        path: the file.
        how: options; ``colour`` is whether a pixel has three features or one.
        note: as in :func:`load_image`.

    Returns:
        Values from 0 to 1, (height, width, channels).

    Raises:
        DataError: as in :func:`load_image`.
        UsageError: Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError:
        raise UsageError("reading images needs Pillow: pip install 'throughtime[image]'") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                _refuse_what_is_not_one_image(path, image)
                return _pixels(path, image, how, note)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise DataError(f"{path}: is a folder; give the images in it") from None
    except PermissionError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        limit = f"{Image.MAX_IMAGE_PIXELS:,} pixels" if Image.MAX_IMAGE_PIXELS else "what Pillow allows"
        raise DataError(f"{path}: an image of more than {limit} is refused; make it smaller") from None
    except DataError:
        raise
    except Exception as error:  # a decoder that meets broken bytes may raise anything: OSError, SyntaxError, IndexError
        reason = "" if isinstance(error, Image.UnidentifiedImageError) else f" ({_one_line(error)})"
        raise DataError(f"{path}: not an image that can be read{reason}; save it again, as PNG") from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _refuse_what_is_not_one_image(path: Path, image: Image.Image) -> None:
    if not image.width * image.height:
        raise DataError(f"{path}: an image without pixels ({image.width} x {image.height}); leave it out")
    count = int(getattr(image, "n_frames", 1))
    if count > 1:
        raise DataError(f"{path}: {count} images in one file; save them one by one, or as a clip (a folder of frames)")


def _pixels(path: Path, image: Image.Image, how: Reading, note: Note) -> NDArray[np.float32]:
    """Give (height, width, channels), 0 to 1."""
    from PIL import ImageOps

    turned = ImageOps.exif_transpose(image)
    if turned.mode == "F":
        raise DataError(f"{path}: pixels are real numbers of unknown range; save them as .npy")
    if turned.mode == "I" or turned.mode.startswith("I;16"):
        # Pillow's own way to 8 bits cuts 16 off at 255.
        values = np.asarray(turned)
        if values.min() < 0 or values.max() > 65535:
            raise DataError(f"{path}: pixels from {values.min()} to {values.max()} are not 16 bits; save them as .npy")
        grey = values.astype(np.float32) / np.float32(65535)
        return np.repeat(grey[..., None], 3, axis=2) if how.colour else grey[..., None]
    opaque = _on_white(path, turned, note).convert("RGB" if how.colour else "L")
    values = np.asarray(opaque, np.float32) / np.float32(255)
    return values if how.colour else values[..., None]


def _on_white(path: Path, image: Image.Image, note: Note) -> Image.Image:
    """Lay transparent pixels on white: what they hold beneath is chance, often black all over."""
    from PIL import Image

    if not image.has_transparency_data:
        return image
    seen = image.convert("RGBA")
    if seen.getchannel("A").getextrema() == (255, 255):
        return seen
    note(f"{path} has transparent pixels; they are laid on white")
    return Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen)
