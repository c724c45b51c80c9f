"""Pictures are SVG that is text, in the colours of the page."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from throughtime.training.pages.drawing import LINE, TEXT, TRAIN, VALIDATION, Drawing, width_of

SVG = "{http://www.w3.org/2000/svg}"


def written(words: str, **how: float) -> ElementTree.Element:
    drawing = Drawing(20, 10)
    drawing.text((1, 2), words, **how)  # type: ignore[arg-type]
    found = ElementTree.fromstring(drawing.svg()).find(f"{SVG}text")
    assert found is not None
    return found


@pytest.mark.parametrize("label", ["好", "坏 😀", "दिन", "$a$ and $b", r"$\\frac$", "a_b^c", "<&>", "tab\tend", "\"'"])
def test_a_label_in_any_script_is_text(label: str) -> None:
    assert written(label).text == label


def test_what_xml_cannot_hold_is_shown_as_unknown() -> None:
    assert written("a\x00b\x1bc\ufffed").text == "a\ufffdb\ufffdc\ufffdd"


def test_a_text_can_be_turned() -> None:
    assert written("a", turned=-45).get("transform") == "rotate(-45 1 2)"
    assert written("a").get("transform") is None


def test_it_is_a_document_of_the_size_asked_for_in_the_readers_font() -> None:
    drawing = Drawing(288, 216.5)
    drawing.rectangle((1, 2.004), (3, 4), fill=TRAIN, opacity=0.25, edge=LINE)
    drawing.line([(0, 0), (1, 2.5)], VALIDATION, width=2, opacity=0.5)
    drawing.dot((3, 4), TEXT)
    drawing.area([(0, 0), (1, 2.5), (2, 0)], TRAIN, opacity=0.125)
    root = ElementTree.fromstring(drawing.svg())
    assert root.tag == f"{SVG}svg" and root.get("viewBox") == "0 0 288 216.5"
    assert root.get("font-family") == "system-ui, sans-serif"
    rectangle, line, dot, area = root
    assert {"x": "1", "y": "2", "fill-opacity": "0.25", "fill": TRAIN}.items() <= rectangle.attrib.items()
    assert line.get("points") == "0,0 1,2.5" and line.get("fill") == "none" and line.get("stroke-opacity") == "0.5"
    assert dot.get("fill") == "currentColor"
    assert {"points": "0,0 1,2.5 2,0", "fill": TRAIN, "fill-opacity": "0.12"}.items() <= area.attrib.items()


def test_alone_it_has_the_colours_of_a_light_page() -> None:
    from throughtime.training.pages.page import STYLE

    light = STYLE[: STYLE.index("@media")]
    for colour in (LINE, TRAIN, VALIDATION):
        name, value = re.fullmatch(r"var\((--\w+), (#\w+)\)", colour).groups()  # type: ignore[union-attr]
        assert f"{name}: {value};" in light


def test_wide_letters_are_wide_and_marks_have_no_width() -> None:
    assert width_of("好好") == width_of("好") * 2 > width_of("ab")
    assert width_of("é") == width_of("e\u0301")
    assert width_of("ab", 20) == 2 * width_of("ab", 10)
