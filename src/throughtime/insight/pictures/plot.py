"""One door to all pictures: whatever was found out, drawn into a file. Loads no torch."""

from __future__ import annotations

from pathlib import Path

from throughtime.errors import ArgumentTypeError
from throughtime.insight.pictures.change import change_picture
from throughtime.insight.pictures.flow import flow_picture, spectrum_picture
from throughtime.insight.pictures.gates import gates_picture
from throughtime.insight.pictures.horizon import horizon_picture
from throughtime.insight.pictures.texts import (
    activity_page,
    activity_picture,
    found_picture,
    saliency_page,
    saliency_picture,
)
from throughtime.insight.pictures.walk import walk_picture
from throughtime.insight.pictures.writing import write_picture
from throughtime.insight.results import Activity, Change, Flow, FoundUnits, Gates, Horizon, Saliency, Spectrum, Walk

__all__ = ["Drawable", "picture_of", "plot"]

Drawable = Flow | Spectrum | Horizon | Gates | Activity | FoundUnits | Saliency | Walk | Change
"""What has a picture."""
TITLES = {
    Flow: "Gradient flow",
    Spectrum: "What becomes of a change of the state",
    Horizon: "How far back an input is felt",
    Gates: "Gates over time",
    Activity: "A unit over time",
    FoundUnits: "Units that follow something",
    Saliency: "What has spoken for a score",
    Walk: "One step of the cell",
    Change: "What an intervention changed",
}


def picture_of(found: Drawable) -> str:
    """Draw what was found out.

    Args:
        found: what a function of :mod:`throughtime.insight` gave.

    Returns:
        An SVG element, in the colours of the page that it stands in.

    Raises:
        ArgumentTypeError: it has no picture.

    Example:
        >>> import numpy as np
        >>> one = Activity(track="h_l0", unit=3, values=np.array([0.5, -1.0]), texts=("a", "b"), strongest=())
        >>> "Unit 3 of h, layer 0: above 0 for 50% of the steps" in picture_of(one)
        True
    """
    match found:
        case Flow():
            return flow_picture(found)
        case Spectrum():
            return spectrum_picture(found)
        case Horizon():
            return horizon_picture(found)
        case Gates():
            return gates_picture(found)
        case Activity():
            return activity_picture(found)
        case FoundUnits():
            return found_picture(found)
        case Saliency():
            return saliency_picture(found)
        case Walk():
            return walk_picture(found)
        case Change():
            return change_picture(found)
        case _:
            known = ", ".join(kind.__name__ for kind in TITLES)
            raise ArgumentTypeError(f"a picture is drawn of one of {known}, not of {type(found).__name__}")


def plot(found: Drawable, path: str | Path) -> None:
    """Draw what was found out into a file.

    Args:
        found: what a function of :mod:`throughtime.insight` gave.
        path: the file; its name ends in .svg, .png or .html.

    Raises:
        UsageError: the name ends in something else.
        ArgumentTypeError: there is no picture of it.
        TrainingError: the file cannot be written.

    Example:
        >>> import numpy as np, tempfile
        >>> one = Activity(track="h_l0", unit=3, values=np.array([0.5, -1.0]), texts=("a", "b"), strongest=())
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     plot(one, Path(folder) / "unit.html")
        ...     "<span" in (Path(folder) / "unit.html").read_text()
        True
    """
    picture, path = picture_of(found), Path(path)
    match found:
        case Activity():
            title, inside = activity_page(found)
            text = ("Orange: above 0. Blue: below 0. Whoever points at a token sees its value.",)
        case Saliency():
            title, inside = saliency_page(found)
            text = ("Orange speaks for it, blue against it. Whoever points at a token sees by how much.",)
        case _:
            title, inside = TITLES[type(found)], ""
            text = found.words if isinstance(found, Walk) else ()
    write_picture(path, title, picture, text=text, inside=inside)
