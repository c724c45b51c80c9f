"""The confusion matrix: rows are right, columns are given, shares of the row; of many labels those mixed up most."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree import ElementTree

import numpy as np
import pytest

from throughtime.data.encoding.labels import UNSEEN
from throughtime.tasks.classify.confusion import LONGEST, MOST, SIDE, confusion_picture

SVG = "{http://www.w3.org/2000/svg}"


@dataclass
class Read:
    """What is seen in a picture."""

    cells: dict[tuple[int, int], float] = field(default_factory=dict[tuple[int, int], float])
    texts: dict[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])
    rows: list[str] = field(default_factory=list[str])
    columns: list[str] = field(default_factory=list[str])
    x: str = ""
    y: str = ""


def place(element: ElementTree.Element) -> tuple[float, float]:
    return float(element.get("x", "")), float(element.get("y", ""))


def corners(root: ElementTree.Element) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the grid."""
    ends = [end.split(",") for line in root.iter(f"{SVG}polyline") for end in line.get("points", "").split()]
    across, down = ([float(end[axis]) for end in ends] for axis in (0, 1))
    return min(across), min(down), max(across), max(down)


def drawn(names: list[str], wanted: list[int], said: list[int]) -> Read:
    """Draw, and read the picture: a text in the middle of a cell is a count, one beside or below a label."""
    root, read = ElementTree.fromstring(confusion_picture(names, np.array(wanted), np.array(said))), Read()
    left, top, _, bottom = corners(root)
    for each in root.iter(f"{SVG}rect"):
        (x, y), share = place(each), float(each.get("fill-opacity", ""))
        read.cells[round((y - top) / SIDE), round((x - left) / SIDE)] = share
    for each in root.iter(f"{SVG}text"):
        (x, y), words, turned = place(each), each.text or "", each.get("transform", "")
        if "rotate(-90" in turned:
            read.y = words
        elif "rotate(-45" in turned:
            read.columns.append(words)
        elif x < left:
            read.rows.append(words)
        elif y > bottom:
            read.x = words
        else:
            read.texts[int((y - top) // SIDE), int((x - left) // SIDE)] = int(words)
    return read


def test_cells_are_counts_and_shares_of_the_right_label() -> None:
    read = drawn(["a", "b", "c"], [0, 0, 0, 0, 1, 1, UNSEEN], [0, 0, 0, 1, 1, 2, 0])
    assert read.texts == {(0, 0): 3, (0, 1): 1, (1, 1): 1, (1, 2): 1}
    assert read.cells == {(0, 0): 0.75, (0, 1): 0.25, (1, 1): 0.5, (1, 2): 0.5}
    assert read.rows == read.columns == ["a", "b", "c"]
    assert (read.x, read.y) == ("given", "right")


def test_of_many_labels_those_mixed_up_most_are_shown() -> None:
    count = MOST + 6
    mixed = range(3, 3 + MOST)
    clear = [label for label in range(count) if label not in mixed] * 9
    wanted = [*clear, *mixed, *mixed]
    said = [*clear, *mixed, *(label + 1 if label + 1 in mixed else 3 for label in mixed)]
    read = drawn([f"l{label}" for label in range(count)], wanted, said)
    assert read.rows == read.columns == [f"l{label}" for label in mixed]
    assert read.texts[0, 0] == 1 and read.texts[0, 1] == 1 and read.texts[MOST - 1, 0] == 1
    assert read.x == f"given (the {MOST} labels most often mixed up)"


@pytest.mark.parametrize("names", [["a", "b"], ["<a>", "b & c"], ["好评", "差评"], ["x" * 99, "y"]])
def test_names_are_text_that_fits(names: list[str]) -> None:
    picture = confusion_picture(names, np.array([0, 1, 1]), np.array([0, 0, 1]))
    root = ElementTree.fromstring(picture)
    _, _, width, height = map(float, root.get("viewBox", "").split())
    texts = [each.text or "" for each in root.iter(f"{SVG}text")]
    for name in names:
        assert texts.count(name if len(name) <= LONGEST else name[: LONGEST - 1] + "…") == 2
    assert all(0 <= place(each)[0] <= width and 0 <= place(each)[1] <= height for each in root.iter(f"{SVG}text"))
    left, top, right, bottom = corners(root)
    assert 0 <= left < right <= width and 0 <= top < bottom <= height
    assert (left + right) / 2 == pytest.approx(width / 2, abs=width / 4), "few labels are not stretched"
    assert width >= 480
