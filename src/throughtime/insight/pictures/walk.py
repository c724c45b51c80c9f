"""One step of a cell as a diagram: what is made of what, with its numbers, forward and back. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from throughtime.insight.pictures.canvas import MARGIN, WIDTH, called, headed, lines_of
from throughtime.insight.results import Quantity, Walk
from throughtime.training.pages.drawing import LINE, QUIET, TEXT, Drawing, Point
from throughtime.training.pages.grid import shortened, token_label
from throughtime.training.pages.heat import coloured, draw_scale, hex_of, ink_on

__all__ = ["walk_picture"]

BOX, HIGH, ROW = 100.0, 46.0, 66.0
"""Width and height of a quantity, and from one to the next below."""
COLUMN = 138.0
"""From one column to the next at most."""

Places = dict[str, tuple[int, float]]
"""Quantity -> its column, and its row."""


def walk_picture(walk: Walk) -> str:
    """Draw one step of a cell: boxes with numbers, from what goes in at the left to what comes out at the right.

    Args:
        walk: the step, taken apart.

    Returns:
        An SVG element. A box is orange where its number is above 0, blue where it is below; below it stands by how much
        what is said changes with it.
    """
    quantities = {each.name: each for each in walk.quantities}
    places = _places(quantities)
    columns = 1 + max(column for column, _ in places.values())
    rows = 1 + max(row for _, row in places.values())
    width = max(WIDTH, 2 * MARGIN + (columns - 1) * 112 + BOX)
    apart = min(COLUMN, (width - 2 * MARGIN - BOX) / max(1, columns - 1))
    sentences = [line for words in walk.words for line in lines_of(words, 10.5, width - 2 * MARGIN)]
    read = f" at {token_label(walk.text, 20)!r}" if walk.text else ""
    title = f"One step of the {walk.cell} cell, {called(walk.lane)}, step {walk.step:,}{read}: unit {walk.unit}"
    below = "From left to right: what is made of what. Small, below: by how much what is said changes with it."
    drawing, top = headed(title, [below], rows * ROW + len(sentences) * 16 + 50, width=width)
    corners = {name: (MARGIN + column * apart, top + row * ROW) for name, (column, row) in places.items()}
    for name, quantity in quantities.items():
        for parent in quantity.parents:
            _arrow(drawing, corners[parent], corners[name])
    for name, quantity in quantities.items():
        _box(drawing, quantity, corners[name], walk.unit)
    y = top + rows * ROW + 10
    draw_scale(drawing, (MARGIN + 70, y), (120, 9), ("-1 or less", "1 or more"), "signed")
    for place, line in enumerate(sentences):
        drawing.text((MARGIN, y + 32 + place * 16), line, size=10.5)
    return drawing.svg()


def _places(quantities: Mapping[str, Quantity]) -> Places:
    """Put each quantity into the column behind all that it is made of, and near their rows."""
    columns: dict[str, int] = {}
    for name, quantity in quantities.items():
        columns[name] = 1 + max((columns[parent] for parent in quantity.parents), default=-1)
    users: dict[str, list[str]] = {name: [] for name in quantities}
    for name, quantity in quantities.items():
        for parent in quantity.parents:
            users[parent].append(name)
    for name in reversed(list(quantities)):  # what goes in late stands just before where it is used
        if users[name] and not quantities[name].parents:
            columns[name] = min(columns[user] for user in users[name]) - 1
    order = {name: place for place, name in enumerate(quantities)}
    rows: dict[str, float] = {}
    most = max(list(columns.values()).count(column) for column in range(1 + max(columns.values())))
    for column in range(1 + max(columns.values())):
        here = [name for name in quantities if columns[name] == column]
        middle = (most - 1) / 2
        wished = {name: _beside(name, quantities, users, rows, middle) for name in here}
        # What meets in the next column stands together.
        here.sort(key=lambda name: (wished[name], min(map(order.__getitem__, users[name]), default=0), order[name]))
        rows |= _spread({name: wished[name] for name in here}, most)
    return {name: (columns[name], rows[name]) for name in quantities}


def _beside(
    name: str,
    quantities: Mapping[str, Quantity],
    users: Mapping[str, list[str]],
    rows: Mapping[str, float],
    middle: float,
) -> float:
    """The row in the middle of what a quantity is made of; of what is made of nothing, that of what it meets."""
    parents = quantities[name].parents
    if not parents and users[name]:
        met = [each for each in quantities[users[name][0]].parents if each != name]
        parents = tuple(parent for each in met for parent in quantities[each].parents)
    found = [rows[parent] for parent in parents if parent in rows]
    return float(np.mean(found)) if found else middle


def _spread(wished: Mapping[str, float], most: int) -> dict[str, float]:
    """Rows near those that are wished for, in their order, each one below the other and all of them there."""
    size = len(wished)
    rows = list(wished.values())
    first = max(0.0, min(most - size, float(np.mean(rows)) - (size - 1) / 2))
    if max(rows) == min(rows):
        rows = [first + place for place in range(size)]
    for place in range(1, size):
        rows[place] = max(rows[place], rows[place - 1] + 1)
    bound = most - 1.0
    for place in reversed(range(size)):
        rows[place] = max(0.0, min(rows[place], bound))
        bound = rows[place] - 1
    return dict(zip(wished, rows, strict=True))


def _arrow(drawing: Drawing, start: Point, end: Point) -> None:
    begin, stop = (start[0] + BOX, start[1] + HIGH / 2), (end[0] - 5, end[1] + HIGH / 2)
    drawing.line([begin, stop], QUIET, width=1.0, opacity=0.7)
    drawing.area([(stop[0] + 5, stop[1]), (stop[0], stop[1] - 3), (stop[0], stop[1] + 3)], QUIET, opacity=1)


def _box(drawing: Drawing, quantity: Quantity, corner: Point, unit: int) -> None:
    value, words = _number(quantity, unit)
    fill = coloured(np.array(value), "signed")
    ink = ink_on(fill)
    y, middle = corner[1], corner[0] + BOX / 2
    drawing.rectangle(corner, (BOX, HIGH), fill=hex_of(fill), opacity=1, edge=LINE)
    drawing.text((middle, y + 11), shortened(quantity.name, 15), anchor="middle", size=10.5, colour=ink)
    drawing.text((middle, y + 29), words, anchor="middle", size=14, colour=ink, bold=True)
    if quantity.gradients.shape == quantity.values.shape and unit < len(quantity.gradients):
        back = f"back: {quantity.gradients[unit]:.3g}"
        drawing.text((middle, y + HIGH + 8), back, anchor="middle", size=8.5, colour=TEXT)


def _number(quantity: Quantity, unit: int) -> tuple[float, str]:
    """A quantity at the unit; of what has other features than units, such as a projected state, how long it is."""
    if unit >= len(quantity.values) or quantity.name == "x":
        return 0.0, f"‖{np.linalg.norm(quantity.values):.2f}‖"
    value = float(quantity.values[unit])
    return value, f"{value:.3g}" if abs(value) < 0.001 else f"{value:.3f}"
