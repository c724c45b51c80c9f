"""What was looked at is coloured where it stands, the answer underlined; all text is escaped."""

from __future__ import annotations

import re
from html import unescape
from xml.etree import ElementTree

import numpy as np

from throughtime.tasks.answer.pictures import card, coloured_html, coloured_svg, shades
from throughtime.tasks.supervised.prediction import Answered

CONTEXT = "a <b> cat & dog\nsat"
PLACES = ((0, 1), (2, 5), (6, 9), (10, 11), (12, 15), (16, 19))
LOOKED = np.array([[0.0, 0.1, 0.4, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.2, 0.0, 0.0]])
SAID = Answered("cat & dog", 0.25, start=6, stop=15, places=PLACES, looked=LOOKED)


def test_the_strongest_of_all_looks_counts() -> None:
    np.testing.assert_allclose(shades(SAID), [0, 0.25, 1, 0.5, 0, 0])
    assert shades(Answered("", places=PLACES)).tolist() == [0.0] * 6, "nothing was looked at"


def test_html_is_the_text_with_colours() -> None:
    html = coloured_html(CONTEXT, SAID)
    assert unescape(re.sub("<[^>]*>", "", html)) == CONTEXT
    assert re.findall(r"valid\) (\d+)%", html) == ["19", "75", "38"]
    underlined = re.findall("<u[^>]*>(.*?)</u>", html)
    assert unescape("".join(underlined)) == "cat & dog"


def test_the_picture_has_each_word_and_a_square_behind_what_was_looked_at() -> None:
    svg = ElementTree.fromstring(coloured_svg(CONTEXT, "which <one>?", SAID))
    texts = [each.text for each in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["which <one>?", "→ cat & dog", "a", "<b>", "cat", "&", "dog", "sat"]
    squares = list(svg.iter("{http://www.w3.org/2000/svg}rect"))
    assert [float(each.attrib["fill-opacity"]) for each in squares] == [0.19, 0.75, 0.38]
    places = {each.text: each.attrib["y"] for each in svg.iter("{http://www.w3.org/2000/svg}text")}
    assert float(places["sat"]) > float(places["dog"]), "a line of the text begins a line"


def test_long_contexts_are_wrapped() -> None:
    context = "word " * 200
    said = Answered("", 0.5, places=tuple((5 * n, 5 * n + 4) for n in range(200)), looked=np.full((1, 200), 0.005))
    svg = ElementTree.fromstring(coloured_svg(context, "so? " * 60, said))
    width = float(svg.attrib["viewBox"].split()[2])
    for square in svg.iter("{http://www.w3.org/2000/svg}rect"):
        assert float(square.attrib["x"]) + float(square.attrib["width"]) < width


def test_a_card_names_all_right_answers_and_none() -> None:
    html = card(CONTEXT, "what?", ["cat", "a cat"], SAID)
    assert html.count("<dt>right</dt>") == 2 and "probability 0.250" in html
    assert card(CONTEXT, "what?", [], Answered("", 0.5, places=PLACES)).count("(no answer)") == 2
