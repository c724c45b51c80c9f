"""Colours stand for numbers, and can be told apart and written on."""

from __future__ import annotations

import numpy as np
import pytest

from throughtime.training.pages.drawing import Drawing
from throughtime.training.pages.heat import coloured, draw_heat, draw_scale, hex_of, ink_on


def lightness(colours: np.ndarray) -> np.ndarray:
    linear = np.where(colours / 255 <= 0.04045, colours / 255 / 12.92, ((colours / 255 + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def test_a_larger_share_is_lighter_so_that_no_colour_is_needed_to_see_it() -> None:
    light = lightness(coloured(np.linspace(0, 1, 50), "share").astype(float))
    assert (np.diff(light) > 0).all()


def test_signed_numbers_are_lightest_at_zero_and_alike_at_both_ends() -> None:
    light = lightness(coloured(np.linspace(-1, 1, 51), "signed").astype(float))
    assert light.argmax() == 25
    assert light[0] == pytest.approx(light[-1], abs=0.1)


def test_beyond_the_ends_and_where_nothing_is_known_there_are_colours() -> None:
    wild = coloured(np.array([-3.0, 0.0, 1.0, 9.0, np.nan]), "share")
    assert wild[0].tolist() == wild[1].tolist() == wild[4].tolist() and wild[2].tolist() == wild[3].tolist()


@pytest.mark.parametrize("kind", ["share", "signed"])
def test_ink_can_be_read_on_every_colour(kind: str) -> None:
    for colour in coloured(np.linspace(-1, 1, 41), kind):  # type: ignore[arg-type]
        ink = np.array([int(ink_on(colour)[place : place + 2], 16) for place in (1, 3, 5)], float)
        one, other = sorted([float(lightness(colour.astype(float))), float(lightness(ink))])
        assert (other + 0.05) / (one + 0.05) >= 4.0, hex_of(colour)


def test_a_table_has_a_pixel_for_each_number_and_a_key() -> None:
    drawing = Drawing(100, 50)
    draw_heat(drawing, (0, 0), (30, 20), np.array([[0.0, 1.0], [0.5, 0.5]]), "share")
    draw_scale(drawing, (60, 40), (20, 8), ("shut", "open"), "share")
    picture = drawing.svg()
    assert picture.count("<image") == 2 and "shut" in picture and "open" in picture
