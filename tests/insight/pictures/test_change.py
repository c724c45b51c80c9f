"""Scores before and after an intervention are bars from 0 on, those that change most first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_up_results import change, elements, texts, whole_text

from throughtime.insight.pictures.change import change_picture


def test_what_changes_most_comes_first_and_the_headline_says_it() -> None:
    picture = change_picture(change())
    words = texts(picture)
    assert "The score of 'good' falls from 2 to -1" in whole_text(picture) and "unit 3 of c_l0 is held at 0" in words
    assert words.index("good") < words.index("bad") < words.index("dull")
    assert {"2 → -1", "-1 → 1", "0.5 → 0.5"} <= set(words)


def test_bars_are_as_long_as_the_scores_on_their_side_of_zero() -> None:
    bars = [each for each in elements(change_picture(change()), "rect") if each.get("height") == "8"]
    found = [(float(each.get("x")), float(each.get("width"))) for each in bars[:6]]
    unit = found[0][1] / 2
    assert [width / unit for _, width in found] == pytest.approx([2, 1, 1, 1, 0.5, 0.5], abs=0.01)
    zero = found[0][0]
    assert [x + width for x, width in (found[1], found[2])] == pytest.approx([zero, zero], abs=0.02)


def test_of_many_scores_twelve_are_shown_and_nothing_that_changes_is_drawn() -> None:
    many = replace(
        change(), labels=tuple(map(str, range(30))), before=np.arange(30.0), after=np.arange(30.0)[::-1].copy()
    )
    picture = change_picture(many)
    assert "The 12 that change most of 30." in whole_text(picture) and "14" not in texts(picture)
    same = replace(change(), after=change().before)
    assert "stays from 2 to 2" in whole_text(change_picture(same)) and "nan" not in change_picture(same)
    zero = replace(change(), before=np.zeros(3), after=np.zeros(3))
    assert "nan" not in change_picture(zero)
