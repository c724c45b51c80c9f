"""The confusion matrix: rows are right, columns are given, shares of the row; of many labels those mixed up most."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from throughtime.data.encoding.labels import UNSEEN
from throughtime.tasks.classify import confusion
from throughtime.tasks.classify.confusion import MOST, confusion_picture


class Axes:
    """Takes down what is drawn."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], float] = {}
        self.texts: dict[tuple[int, int], int] = {}
        self.rows: list[str] = []
        self.columns: list[str] = []
        self.x = self.y = ""

    def add_patch(self, patch: Any) -> None:
        column, row = patch.get_xy()
        self.cells[round(row + 0.5), round(column + 0.5)] = patch.get_alpha()

    def text(self, column: int, row: int, text: str, **how: object) -> None:
        self.texts[row, column] = int(text)

    def set_xticks(self, places: range, labels: list[str], **how: object) -> None:
        self.columns = labels

    def set_yticks(self, places: range, labels: list[str]) -> None:
        self.rows = labels

    def set_xlabel(self, text: str) -> None:
        self.x = text

    def set_ylabel(self, text: str) -> None:
        self.y = text

    def imshow(self, shares: np.ndarray, **how: object) -> None:
        assert shares.shape == (len(shares), len(shares))

    def grid(self, on: bool) -> None:
        assert not on


def drawn(monkeypatch: pytest.MonkeyPatch, names: list[str], wanted: list[int], said: list[int]) -> Axes:
    axes = Axes()
    monkeypatch.setattr(confusion, "svg", lambda name, size, draw: draw(axes))
    confusion_picture(names, np.array(wanted), np.array(said))
    return axes


def test_cells_are_counts_and_shares_of_the_right_label(monkeypatch: pytest.MonkeyPatch) -> None:
    axes = drawn(monkeypatch, ["a", "b", "c"], [0, 0, 0, 0, 1, 1, UNSEEN], [0, 0, 0, 1, 1, 2, 0])
    assert axes.texts == {(0, 0): 3, (0, 1): 1, (1, 1): 1, (1, 2): 1}
    expected = {(0, 0): 0.75, (0, 1): 0.25, (1, 1): 0.5, (1, 2): 0.5}
    assert axes.cells == {(row, column): expected.get((row, column), 0.0) for row in range(3) for column in range(3)}
    assert axes.rows == axes.columns == ["a", "b", "c"]
    assert (axes.x, axes.y) == ("given", "right")


def test_of_many_labels_those_mixed_up_most_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    count = MOST + 6
    mixed = range(3, 3 + MOST)
    clear = [label for label in range(count) if label not in mixed] * 9
    wanted = [*clear, *mixed, *mixed]
    said = [*clear, *mixed, *(label + 1 if label + 1 in mixed else 3 for label in mixed)]
    axes = drawn(monkeypatch, [f"l{label}" for label in range(count)], wanted, said)
    assert axes.rows == axes.columns == [f"l{label}" for label in mixed]
    assert axes.texts[0, 0] == 1 and axes.texts[0, 1] == 1 and axes.texts[MOST - 1, 0] == 1
    assert axes.x == f"given (the {MOST} labels most often mixed up)"


def test_it_is_a_picture_with_the_names_in_it() -> None:
    picture = confusion_picture(["<a>", "b"], np.array([0, 1, 1]), np.array([0, 0, 1]))
    root = ElementTree.fromstring(picture)
    texts = ["".join(each.itertext()).strip() for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("<a>") == 2 and texts.count("1") == 3
