"""What a unit does, or what has spoken for a score, as the colours of what was read. Loads no torch."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from throughtime.insight.pictures.canvas import MARGIN, WIDTH, called, headed, quoted
from throughtime.insight.pictures.gates import thinned, write_tokens
from throughtime.insight.results import Activity, FoundUnits, Saliency
from throughtime.training.pages.charts import linear
from throughtime.training.pages.drawing import LINE, QUIET, TEXT, Drawing, Point, width_of
from throughtime.training.pages.grid import token_label
from throughtime.training.pages.heat import coloured, draw_heat, draw_scale, hex_of, ink_on

__all__ = ["activity_page", "activity_picture", "found_picture", "saliency_page", "saliency_picture"]

SIZE, LINE_HEIGHT, KEY = 12.0, 22.0, 34.0
"""Height of letters and of a line, and what the key takes."""
BAR = 150.0
"""Height of bars where nothing was read that could be coloured."""

UNSIGNED = "gradient"
"""The method that says how much a step matters, not which way it speaks."""

Floats = NDArray[np.float64]


def activity_picture(activity: Activity) -> str:
    """Draw a text in the colours of a unit: orange where it is above 0, blue where it is below.

    Args:
        activity: the unit over time.

    Returns:
        An SVG element; bars over the steps where there is no text.
    """
    largest = _largest(activity.values)
    ends = (f"-{largest:.2g}", f"{largest:.2g}")
    return _picture(_activity_title(activity), [_where_strongest(activity)], activity.values, activity.texts, ends)


def activity_page(activity: Activity) -> tuple[str, str]:
    """Write the same for a page: a text that can be searched, with the value of each token at hand.

    Args:
        activity: the unit over time.

    Returns:
        (the headline, HTML).
    """
    return _activity_title(activity), _marked(activity.values, activity.texts) if activity.texts else ""


def _activity_title(activity: Activity) -> str:
    up = float((activity.values > 0).mean())
    return f"Unit {activity.unit} of {called(activity.track)}: above 0 for {up:.0%} of the steps"


def _where_strongest(activity: Activity) -> str:
    if not activity.strongest:
        return ""
    place = activity.strongest[0]
    read = f", at {place.texts[place.centre]!r}" if place.texts else ""
    return f"Strongest at step {place.step:,}: {place.value:.3g}{read}."


def saliency_picture(saliency: Saliency) -> str:
    """Draw what each step has contributed to a score: orange speaks for it, blue against it.

    Args:
        saliency: the contributions.

    Returns:
        An SVG element; bars over the steps where there is no text.
    """
    title, below = _saliency_words(saliency)
    ends = ("", "matters most") if saliency.method == UNSIGNED else ("against", "for")
    return _picture(title, below, saliency.contributions, saliency.texts, ends)


def saliency_page(saliency: Saliency) -> tuple[str, str]:
    """Write the same for a page.

    Args:
        saliency: the contributions.

    Returns:
        (the headline, HTML).
    """
    marked = _marked(saliency.contributions, saliency.texts) if saliency.texts else ""
    return _saliency_words(saliency)[0], marked


def _saliency_words(saliency: Saliency) -> tuple[str, list[str]]:
    most = int(np.argmax(np.abs(saliency.contributions)))
    what = f"{saliency.texts[most]!r} (step {most:,})" if saliency.texts else f"Step {most:,}"
    does = "speaks most for" if saliency.contributions[most] > 0 else "speaks most against"
    title = f"{what} {'matters most for' if saliency.method == UNSIGNED else does} {quoted(saliency.towards)}"
    below = [f"Score {saliency.score:.3g} at step {saliency.at:,}, by {saliency.method.replace('_', ' ')}."]
    if np.isfinite(saliency.missing):
        begun = f"From {saliency.baseline_score:.3g} with nothing read; "
        below.append(f"{begun}all contributions together are off by {abs(saliency.missing):.2g}.")
    return title, below


def _largest(values: Floats) -> float:
    return float(np.abs(values).max(initial=0.0)) or 1.0


def _picture(title: str, below: Sequence[str], values: Floats, texts: Sequence[str], ends: tuple[str, str]) -> str:
    if not texts:
        return _bars(title, below, values)
    rows = _lines(texts)
    drawing, top = headed(title, below, len(rows) * LINE_HEIGHT + KEY + MARGIN)
    colours = coloured(values / _largest(values), "signed")
    for number, row in enumerate(rows):
        _line(drawing, row, colours, texts, top + number * LINE_HEIGHT)
    middle = WIDTH / 2 - 60
    draw_scale(drawing, (middle, top + len(rows) * LINE_HEIGHT + 14), (120, 9), ends, "signed")
    return drawing.svg()


Row = list[tuple[int, float, float]]
"""Tokens of a line: number, where it begins, how wide it is."""


def _lines(texts: Sequence[str]) -> list[Row]:
    """Break tokens into lines: where one ends a line, and where there is no more room."""
    gap = 0.0 if max(map(len, texts)) <= 1 else 4.0
    rows: list[Row] = [[]]
    x = MARGIN
    for number, text in enumerate(texts):
        width = max(width_of(token_label(text, 24), SIZE), 7.2) + (2.0 if gap else 0.6)
        if rows[-1] and x + width > WIDTH - MARGIN:
            rows.append([])
            x = MARGIN
        rows[-1].append((number, x, width))
        x += width + gap
        if text.endswith("\n") and number + 1 < len(texts):
            rows.append([])
            x = MARGIN
    return rows


def _line(drawing: Drawing, row: Row, colours: NDArray[np.uint8], texts: Sequence[str], top: float) -> None:
    for number, x, width in row:
        fill = colours[number]
        drawing.rectangle((x, top), (width, LINE_HEIGHT - 4), fill=hex_of(fill), opacity=1, edge="none")
        label = "" if texts[number] == " " else token_label(texts[number], 24)
        middle = (x + width / 2, top + (LINE_HEIGHT - 4) / 2)
        drawing.text(middle, label, anchor="middle", size=SIZE, colour=ink_on(fill))


def _marked(values: Floats, texts: Sequence[str]) -> str:
    """Tokens with their colours, and their values for whoever points at them."""
    colours = coloured(values / _largest(values), "signed")
    spaced = " " if max(map(len, texts)) > 1 and not any(text[:1].isspace() for text in texts) else ""
    spans = [
        f'<span title="{value:.3g}" style="background:{hex_of(colour)};color:{ink_on(colour)}">{escape(text)}</span>'
        for text, value, colour in zip(texts, values.tolist(), colours, strict=True)
    ]
    return f'<div class="sample"><pre dir="auto">{spaced.join(spans)}</pre></div>'


def _bars(title: str, below: Sequence[str], values: Floats) -> str:
    shown, width = thinned(values[:, None])
    mean = f"Each bar is the mean of {width:,} steps." if width > 1 else ""
    drawing, top = headed(title, [*below, mean], BAR + 44)
    left, inner = MARGIN + 50, WIDTH - 2 * MARGIN - 50
    heights, largest = shown[:, 0], _largest(shown)
    colours, side = coloured(heights / largest, "signed"), inner / len(heights)
    zero = top + BAR / 2
    for place, height in enumerate(heights.tolist()):
        tall = abs(height) / largest * BAR / 2
        corner: Point = (left + place * side, zero - tall if height > 0 else zero)
        drawing.rectangle(corner, (max(side - 0.5, 0.4), tall), fill=hex_of(colours[place]), opacity=1, edge=LINE)
    drawing.line([(left, zero), (left + inner, zero)], TEXT, width=0.8)
    for value, y in ((largest, top), (0.0, zero), (-largest, top + BAR)):
        drawing.text((left - 6, y), f"{value:.2g}", anchor="end")
    scale = linear((0.0, float(len(values))), 8, whole=True)
    for number, words in zip(scale.numbers, scale.written, strict=True):
        drawing.text((left + scale.share(number) * inner, top + BAR + 14), words, anchor="middle")
    drawing.text((left + inner / 2, top + BAR + 30), "step", anchor="middle", colour=QUIET)
    return drawing.svg()


def found_picture(found: FoundUnits) -> str:
    """Draw what was to be followed, and below it the units that follow it best.

    Args:
        found: the units, best first.

    Returns:
        An SVG element.
    """
    count, left, inner = len(found.units), 150.0, WIDTH - 150.0 - MARGIN
    title = f"No unit follows {found.what}"
    if count:
        best = f"Unit {found.units[0]} of {called(found.tracks[0])}"
        title = f"{best} follows {found.what} best: {found.measure} {found.scores[0]:.2f}"
    written = 46.0 if 0 < len(found.texts) <= inner / 7 else 0.0
    drawing, top = headed(title, [], (count + 1) * 24 + 22 + written)
    wanted = found.wanted / _largest(found.wanted)
    draw_heat(drawing, (left, top), (inner, 18), thinned(wanted[:, None])[0].T, "share")
    drawing.text((left - 8, top + 9), found.what, anchor="end", bold=True)
    for place in range(count):
        y, values = top + 28 + place * 24, found.values[place] * found.signs[place]
        draw_heat(drawing, (left, y), (inner, 18), thinned(values[:, None] / _largest(values))[0].T, "signed")
        name = f"{called(found.tracks[place])} unit {found.units[place]}"
        drawing.text((left - 44, y + 9), name, anchor="end", size=9.5)
        drawing.text((left - 8, y + 9), f"{found.scores[place]:.2f}", anchor="end", bold=True)
    if written:
        write_tokens(drawing, found.texts, left, inner, top + 28 + count * 24)
    return drawing.svg()
