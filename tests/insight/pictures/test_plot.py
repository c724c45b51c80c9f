"""Whatever is found out is drawn, into the kind of file that its name says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import made_up_results as made_up
import pytest
from made_up_results import activity, flow, gates, saliency, walk

from throughtime.errors import ArgumentTypeError, UsageError
from throughtime.insight.pictures import picture_of, plot

ALL = [
    made_up.flow(),
    made_up.spectrum(),
    made_up.horizon(),
    gates(),
    activity(),
    made_up.found(),
    saliency(),
    walk(),
    made_up.change(),
]


@pytest.mark.parametrize("found", ALL, ids=lambda found: type(found).__name__)
def test_each_result_becomes_each_kind_of_file(found: Any, tmp_path: Path) -> None:
    for suffix in ("svg", "png", "html"):
        plot(found, tmp_path / f"it.{suffix}")
    assert (tmp_path / "it.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "it.svg").read_text().startswith("<svg") and "prefers-color-scheme" in (
        tmp_path / "it.svg"
    ).read_text()
    page = (tmp_path / "it.html").read_text()
    assert page.startswith("<!doctype html>") and ("<svg" in page or "<span" in page)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["it.html", "it.png", "it.svg"], "nothing is left over"


def test_a_page_of_a_step_has_its_sentences(tmp_path: Path) -> None:
    plot(walk(), tmp_path / "walk.html")
    assert "<p>The forget gate keeps 0.93 of 0.8.</p>" in (tmp_path / "walk.html").read_text()


def test_a_page_of_colours_says_what_they_mean(tmp_path: Path) -> None:
    for found, says in ((activity(), "Orange: above 0"), (saliency(), "Orange speaks for it")):
        plot(found, tmp_path / "it.html")
        assert says in (tmp_path / "it.html").read_text()


def test_what_cannot_be_drawn_is_refused_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"it\.jpg: a picture ends in \.svg, \.png or \.html"):
        plot(flow(), tmp_path / "it.jpg")
    with pytest.raises(UsageError, match="there is no folder"):
        plot(flow(), tmp_path / "no" / "it.svg")
    with pytest.raises(ArgumentTypeError, match=r"one of Flow, .*, not of int"):
        picture_of(3)  # type: ignore[arg-type]


def test_a_picture_that_is_too_high_for_an_image_is_refused(tmp_path: Path) -> None:
    long = activity(("word\n",) * 13)
    tall = type(long)(**{**long.__dict__, "texts": ("word\n",) * 2600, "values": long.values.repeat(200)})
    with pytest.raises(UsageError, match=r"points high, .*\.html or \.svg"):
        plot(tall, tmp_path / "it.png")
    plot(tall, tmp_path / "it.svg")
