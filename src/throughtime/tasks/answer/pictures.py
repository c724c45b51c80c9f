"""What was looked at in a context: its words coloured, as a picture or as a card of the report. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from throughtime.errors import TrainingError
from throughtime.tasks.supervised.prediction import Answered
from throughtime.training.files import write_text
from throughtime.training.pages.drawing import FORBIDDEN, VALIDATION, Drawing, width_of

__all__ = ["card", "coloured_html", "coloured_svg", "draw"]

WIDTH, LINE_HEIGHT, SIZE = 640.0, 20.0, 12.0
"""Points of a picture: its width, a line, a letter."""
STRONGEST = 0.75
"""How much of the colour the part has that was looked at most."""


def shades(said: Answered) -> NDArray[np.float64]:
    """Give how strongly each part is coloured: by its largest weight of all looks, of the largest there is.

    Args:
        said: the answer.

    Returns:
        (parts,) from 0 to 1.

    Example:
        >>> shades(Answered("a", places=((0, 1), (2, 3)), looked=np.array([[0.1, 0.4], [0.2, 0.0]])))
        array([0.5, 1. ])
    """
    if said.looked is None or not said.places:
        return np.zeros(len(said.places))
    most = said.looked.astype(np.float64).max(0)
    return most / max(most.max(), 1e-9)


def _pieces(context: str, said: Answered) -> Iterator[tuple[str, float, bool]]:
    """Pieces of a context in order: (text, shade, whether it is in the answer)."""
    shade = np.zeros(len(context))
    for (start, stop), each in zip(said.places, shades(said), strict=True):
        shade[start:stop] = each
    inside = np.zeros(len(context), np.bool_)
    if said.start is not None:
        inside[said.start : said.stop] = True
    changes = np.flatnonzero((np.diff(shade) != 0) | (np.diff(inside) != 0)) + 1
    edges: list[int] = [0, *changes.tolist(), len(context)]
    for start, stop in pairwise(edges):
        yield context[start:stop], float(shade[start]), bool(inside[start])


def coloured_html(context: str, said: Answered) -> str:
    """Write a context as HTML, what was looked at in colour, the answer underlined.

    Args:
        context: the text.
        said: the answer, with what was looked at.

    Returns:
        HTML; all of the text is escaped.

    Example:
        >>> said = Answered("b", start=2, stop=3, places=((0, 1), (2, 3)), looked=np.array([[0.0, 1.0]]))
        >>> coloured_html("a b", said)
        'a <u style="background:color-mix(in srgb,var(--valid) 75%,transparent)">b</u>'
    """
    return "".join(_piece(*each) for each in _pieces(context, said))


def _shown(text: str) -> str:
    return escape(FORBIDDEN.sub("\ufffd", text))


def _piece(text: str, shade: float, inside: bool) -> str:
    shown = _shown(text)
    share = round(100 * STRONGEST * shade)
    style = f' style="background:color-mix(in srgb,var(--valid) {share}%,transparent)"' if share else ""
    if inside:
        return f"<u{style}>{shown}</u>"
    return f"<span{style}>{shown}</span>" if style else shown


def card(context: str, question: str, right: Sequence[str], said: Answered) -> str:
    """Show one held-out question as a card of the report.

    Args:
        context: what it is asked about.
        question: the question.
        right: the right answers; none where there is none.
        said: what was answered.

    Returns:
        HTML.

    Example:
        >>> "<dt>answered</dt><dd dir='auto'>&lt;b&gt;</dd>" in card("a", "b?", ["c"], Answered("<b>", 0.5))
        True
    """
    rows = [("question", question), *(("right", each) for each in right or ["(no answer)"])]
    rows.append(("answered", str(said.value) or "(no answer)"))
    texts = "".join(f"<dt>{what}</dt><dd dir='auto'>{_shown(text)}</dd>" for what, text in rows)
    looked = f"<dt>context</dt><dd dir='auto'>{coloured_html(context, said)}</dd>"
    sure = cast(float, said.probability)
    return f'<div class="sample"><header>probability {sure:.3f}</header><dl>{texts}{looked}</dl></div>'


def coloured_svg(context: str, question: str, said: Answered) -> str:
    """Draw a question, its answer, and the context with what was looked at in colour and the answer underlined.

    Args:
        context: the text.
        question: the question.
        said: the answer, with what was looked at.

    Returns:
        An SVG.

    Example:
        >>> said = Answered("b", start=2, stop=3, places=((0, 1), (2, 3)), looked=np.array([[0.0, 1.0]]))
        >>> coloured_svg("a b", "which?", said).count("<rect")
        1
    """
    laid = list(_laid_out(context, said))
    head = [*_wrapped(question), *_wrapped(f"→ {said.value or '(no answer)'}")]
    lines = len(head) + 1 + (laid[-1][1] + 1 if laid else 0)
    drawing = Drawing(WIDTH + 20, lines * LINE_HEIGHT + 20)
    for number, line in enumerate(head):
        drawing.text((10, 20 + number * LINE_HEIGHT), line, size=SIZE)
    top = 20 + (len(head) + 0.5) * LINE_HEIGHT
    for x, line, text, shade, inside in laid:
        y, wide = top + line * LINE_HEIGHT, width_of(text, SIZE)
        if shade * STRONGEST >= 0.01:
            corner, size = (10 + x, y - 8), (wide, 16.0)
            drawing.rectangle(corner, size, fill=VALIDATION, opacity=STRONGEST * shade, edge="none")
        drawing.text((10 + x + wide / 2, y), text.strip(), anchor="middle", size=SIZE)
        if inside:
            drawing.line([(10 + x, y + 8), (10 + x + wide, y + 8)], VALIDATION, width=1.5)
    return drawing.svg()


def _laid_out(context: str, said: Answered) -> Iterator[tuple[float, int, str, float, bool]]:
    """Lay words out in lines: (x, line, text, shade, whether it is in the answer)."""
    x, line = 0.0, 0
    for piece, shade, inside in _pieces(context, said):
        for number, row in enumerate(piece.split("\n")):
            x, line = (0.0, line + 1) if number else (x, line)
            for word in row.split():
                wide = width_of(word, SIZE)
                x, line = (0.0, line + 1) if x and x + wide > WIDTH else (x, line)
                yield x, line, word, shade, inside
                x += wide + width_of(" ", SIZE)


def _wrapped(text: str) -> list[str]:
    """Cut a text into lines that fit."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        lines = [*lines[:-1], longer] if width_of(longer, SIZE) <= WIDTH else [*lines, word]
    return lines


def draw(path: Path, context: str, question: str, said: Answered) -> None:
    """Leave such a picture in a file.

    Args:
        path: the file; its folder is made.
        context: the text.
        question: the question.
        said: the answer.

    Raises:
        TrainingError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"{path.parent} cannot be a folder of pictures: {error.strerror}; name another") from None
    write_text(path, coloured_svg(context, question, said))
