"""Charts are SVG that is the same each time and takes the colours of the page."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from throughtime.training.charts import LINE, TEXT, TRAIN, VALIDATION, svg, themed

NAMES = {TEXT: "currentColor", LINE: "var(--line)", TRAIN: "var(--train)", VALIDATION: "var(--valid)"}


def draw(axes: Any) -> None:
    axes.plot([0, 1, 2], [1, 3, 2], color=TRAIN)
    axes.plot([0, 1, 2], [2, 1, 3], color=VALIDATION, label="held out <&>")
    axes.set_xlabel("epoch")
    axes.legend()


@pytest.fixture(scope="module")
def picture() -> str:
    return svg("a", (4.0, 3.0), draw)


def test_it_is_svg_of_the_size_asked_for(picture: str) -> None:
    root = ElementTree.fromstring(picture)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("viewBox") == "0 0 288 216", "72 points an inch"
    texts = ["".join(each.itertext()).strip() for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"epoch", "held out <&>"} <= set(texts), "text stays text"


def test_the_same_chart_is_the_same_file(picture: str) -> None:
    assert svg("a", (4.0, 3.0), draw) == picture
    assert svg("b", (4.0, 3.0), draw) != picture
    assert not re.search(r"\b20\d\d-\d\d-\d\d", picture), "no date"


@pytest.mark.parametrize("label", ["好", "坏 😀", "दिन", "$a$ and $b", r"$\\frac$", "a_b^c", "<&>"])
def test_a_label_in_any_script_is_text_and_warns_of_nothing(label: str) -> None:
    picture = svg("a", (2.0, 2.0), lambda axes: axes.set_xlabel(label))  # a warning is an error here
    root = ElementTree.fromstring(picture)
    texts = ["".join(each.itertext()).strip() for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert label in texts
    styles = [each.get("style", "") for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert all(re.search(r"sans-serif(;|$)", style) for style in styles), "the reader's fonts fill in"


def test_the_style_does_not_leak() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    svg("a", (1.0, 1.0), lambda axes: axes.grid(True))
    assert dict(matplotlib.rcParams) == before


def test_the_page_gives_colours_and_font(picture: str) -> None:
    element = themed(picture)
    assert element.startswith("<svg") and ElementTree.fromstring(element) is not None
    for stand_in, name in NAMES.items():
        assert stand_in in picture and stand_in not in element
        assert element.count(name) >= picture.count(stand_in)
    fonts = set(re.findall(r"font(?:-family)?: ([^;\"]*)", element))  # releases of matplotlib differ in how they say it
    assert fonts and all(re.fullmatch(r"(\d+px )?system-ui, sans-serif", font) for font in fonts)
