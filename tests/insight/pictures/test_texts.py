"""What was read has the colours of what a unit did, or of what spoke for a score."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
from made_up_results import TEXT, activity, elements, found, saliency, texts, whole_text

from throughtime.insight.pictures.texts import (
    activity_page,
    activity_picture,
    found_picture,
    saliency_page,
    saliency_picture,
)
from throughtime.training.pages.heat import coloured, hex_of

HIGH, LOW = (hex_of(coloured(np.array(value), "signed")) for value in (1.0, -0.25))


def test_each_token_has_the_colour_of_its_value() -> None:
    picture = activity_picture(activity())
    fills = [each.get("fill") for each in elements(picture, "rect") if each.get("fill") != "none"]
    assert fills == [HIGH if 3 <= place <= 9 else LOW for place in range(13)]
    said = whole_text(picture)
    assert "Unit 7 of c, layer 0: above 0 for 54% of the steps" in said and "Strongest at step 4: 2, at 'i'" in said


def test_a_page_has_the_text_itself_with_its_values() -> None:
    title, page = activity_page(activity(("<", *TEXT[1:])))
    spans = re.findall(r'<span title="([^"]*)" style="background:(#\w+);color:#\w+">([^<]*)</span>', page)
    assert "".join(unescape(text) for _, _, text in spans) == "<" + "".join(TEXT[1:])
    assert [colour for _, colour, _ in spans] == [HIGH if 3 <= place <= 9 else LOW for place in range(13)]
    assert spans[4][0] == "2" and title.startswith("Unit 7")


def test_where_nothing_was_read_as_text_there_are_bars() -> None:
    picture = activity_picture(activity(()))
    bars = [each for each in elements(picture, "rect") if each.get("fill") != "none"]
    heights = [float(each.get("height")) for each in bars]
    assert len(bars) == 13 and heights[4] == pytest.approx(4 * heights[0], abs=0.05)
    assert activity_page(activity(()))[1] == ""


def test_lines_end_where_the_text_does_and_where_there_is_no_more_room() -> None:
    long = activity(("a\n", *("word",) * 12))
    rows = {each.get("y") for each in elements(activity_picture(long), "rect") if each.get("fill") != "none"}
    assert len(rows) == 2
    wide = activity(tuple("incomprehensibilities" + str(place) for place in range(13)))
    boxes = [each for each in elements(activity_picture(wide), "rect") if each.get("fill") != "none"]
    assert all(float(each.get("x")) + float(each.get("width")) <= 720 for each in boxes)
    assert len({each.get("y") for each in boxes}) > 2


def test_saliency_says_what_spoke_most_and_whether_all_is_told() -> None:
    said = whole_text(saliency_picture(saliency()))
    assert (
        "'bad' (step 1) speaks most against 'good'" in said
        and "integrated gradients" in said
        and "off by 0.001" in said
    )
    assert "Step 1 speaks most against 'good'" in whole_text(saliency_picture(saliency(())))
    assert saliency_page(saliency())[1].count("<span") == 3
    sizes = replace(saliency(), method="gradient", contributions=np.array([0.1, 0.2, 0.3]))
    said = whole_text(saliency_picture(sizes))
    assert "'film' (step 2) matters most for 'good'" in said and "against" not in said


def test_found_units_stand_below_what_they_follow() -> None:
    picture = found_picture(found())
    words = texts(picture)
    assert words.index("inside brackets") < words.index("c, layer 0 unit 7") < words.index("h, layer 0 unit 3")
    assert {"1.00", "0.75"} <= set(words)
    assert "Unit 7 of c, layer 0 follows inside brackets best: auc 1.00" in whole_text(picture)
    first, second, third = (each.get("href") for each in elements(picture, "image"))
    assert second == third != first, "a unit that goes down is shown turned round"
