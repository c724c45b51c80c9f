"""Pictures as files: SVG, PNG or a page, by how the file's name ends. Loads no torch."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from throughtime.doors import named
from throughtime.errors import UsageError
from throughtime.training.files import write_text, writing
from throughtime.training.pages.page import alone, document, figure
from throughtime.training.pages.raster import png_of_svg

__all__ = ["FORMS", "check_form", "write_picture"]

FORMS = (".svg", ".png", ".html")
"""How names of pictures end."""
LARGEST = 20_000.0
"""Points that an image has at most on a side."""


def check_form(path: Path) -> None:
    """See that a picture can be written into a file of this name.

    Args:
        path: the file.

    Raises:
        UsageError: its name ends in something else, or its folder is not there.
    """
    if path.suffix.lower() not in FORMS:
        raise UsageError(f"{named('out')} {path}: a picture ends in {', '.join(FORMS[:-1])} or {FORMS[-1]}")
    if not path.parent.is_dir():
        raise UsageError(f"{named('out')} {path}: there is no folder {path.parent}; make it, or name another")


def write_picture(path: Path, title: str, picture: str, *, text: Sequence[str] = (), inside: str = "") -> None:
    """Write a picture, whole or not at all.

    Args:
        path: the file, ending in .svg, .png or .html.
        title: what it shows, for those who do not see it, and the headline of a page.
        picture: an SVG element.
        text: sentences that stand below it on a page.
        inside: HTML that a page shows in place of the picture; empty: the picture.

    Raises:
        UsageError: the name ends in something else, or the picture is too large for an image.
        TrainingError: the file cannot be written.
    """
    check_form(path)
    match path.suffix.lower():
        case ".svg":
            write_text(path, alone(picture))
        case ".png":
            _check_size(path, picture)
            with writing(path) as beside:
                beside.write_bytes(png_of_svg(picture))
        case _:
            below = "".join(f"<p>{escape(sentence)}</p>" for sentence in text)
            write_text(path, document(title, (inside or figure(title, picture)) + below))


def _check_size(path: Path, picture: str) -> None:
    box = picture[picture.index('viewBox="') + 9 :].split('"', 1)[0]
    height = float(box.split()[3])
    if height > LARGEST:
        raise UsageError(
            f"{path}: this picture is {height:,.0f} points high, more than an image can be: give a name that ends in "
            ".html or .svg"
        )
