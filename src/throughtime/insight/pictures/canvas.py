"""What the pictures have in common: a headline that says it all, and what tracks are called. Loads no torch."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from throughtime.training.pages.drawing import QUIET, Drawing, width_of

__all__ = ["MARGIN", "WIDTH", "called", "headed", "in_words", "lines_of", "ordered", "quoted"]

WIDTH, MARGIN = 720.0, 16.0
"""Width of a picture in points, and what is left free at its edges."""
TITLE, BELOW = 15.0, 11.0
"""Size of the headline and of what stands below it."""
TRACK = re.compile(r"(?:(?P<part>.+)_)?l(?P<layer>\d+)(?P<back>_reverse)?")


def lines_of(words: str, size: float, width: float) -> list[str]:
    """Break a text into lines.

    Args:
        words: the text.
        size: height of its font.
        width: how wide a line may be.

    Returns:
        The lines.

    Example:
        >>> lines_of("it was the best of times", 10, 100)
        ['it was the best', 'of times']
    """
    lines: list[str] = []
    for word in words.split():
        if lines and width_of(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def headed(title: str, below: Sequence[str], height: float, *, width: float = WIDTH) -> tuple[Drawing, float]:
    """Begin a picture with what it says in a sentence.

    Args:
        title: the sentence.
        below: smaller ones under it; empty ones are left out.
        height: what is needed for all else.
        width: of the picture.

    Returns:
        (the picture, where all else begins).
    """
    large = lines_of(title, TITLE, width - 2 * MARGIN)
    small = [line for words in below for line in lines_of(words, BELOW * 0.95, width - 2 * MARGIN)]
    top = MARGIN + len(large) * 20 + len(small) * 15 + 10
    drawing = Drawing(width, top + height)
    y = MARGIN + 6
    for line in large:
        drawing.text((MARGIN, y), line, size=TITLE, bold=True)
        y += 20
    for line in small:
        drawing.text((MARGIN, y - 3), line, size=BELOW, colour=QUIET)
        y += 15
    return drawing, top


def called(track: str, among: Collection[str] = ()) -> str:
    """Give the name of a track or a lane in words.

    Args:
        track: such as "f_l0", or "l1_reverse".
        among: all that stand beside it: of a single layer the number is left out.

    Returns:
        The name; layers count from 0, as they are asked for.

    Example:
        >>> called("c_l1_reverse", ["h_l0", "c_l1_reverse"]), called("h_l0", ["h_l0", "c_l0"]), called("l1")
        ('c, layer 1 backward', 'h', 'layer 1')
    """
    found = TRACK.fullmatch(track)
    if found is None:
        return track
    layers = {each["layer"] for name in among if (each := TRACK.fullmatch(name))}
    layer = "" if among and len(layers) == 1 else f"layer {found['layer']}"
    where = f"{layer} backward".strip() if found["back"] else layer
    return ", ".join(part for part in (found["part"], where) if part)


def in_words(share: float) -> str:
    """Write a share as people say it.

    Args:
        share: 0 or more.

    Returns:
        Per cent, or what it is multiplied by.

    Example:
        >>> in_words(0.5), in_words(0.00123), in_words(3e-9), in_words(0.0), in_words(40.0)
        ('50%', '0.12%', 'less than a millionth', 'nothing', '40 times as much')
    """
    if share == 0:
        return "nothing"
    if share < 1e-6:
        return "less than a millionth"
    return f"{share:,.3g} times as much" if share > 1.5 else f"{100 * share:.2g}%" if share < 0.995 else "all"


def quoted(said: str) -> str:
    """Write what is said in quotes, where it is a label or a token.

    Args:
        said: what a score is called.

    Returns:
        The same, so that blanks are seen; plain where it is in words.

    Example:
        >>> quoted(" "), quoted("sum of outputs")
        ("' '", 'sum of outputs')
    """
    return said if " " in said.strip() else repr(said)


def ordered(tracks: Collection[str]) -> list[str]:
    """Put tracks into the order of layers, of each forward before backward.

    Args:
        tracks: their names.

    Returns:
        The same.

    Example:
        >>> ordered(["c_l1", "h_l0_reverse", "h_l0", "c_l0"])
        ['c_l0', 'h_l0', 'h_l0_reverse', 'c_l1']
    """

    def place(track: str) -> tuple[int, bool, str]:
        found = TRACK.fullmatch(track)
        return (int(found["layer"]), found["back"] is not None, found["part"] or "") if found else (0, False, track)

    return sorted(tracks, key=place)
