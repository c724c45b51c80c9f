"""The diagram of a step has every number, each behind all that it is made of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from made_up_results import elements, texts, walk, whole_text

from throughtime.insight.pictures.walk import walk_picture


def boxes(picture: str) -> dict[str, tuple[float, float]]:
    """Where each quantity's name stands."""
    return {each.text: (float(each.get("x")), float(each.get("y"))) for each in elements(picture, "text")}


def test_every_quantity_has_its_number_and_its_gradient() -> None:
    words = texts(walk_picture(walk()))
    assert {"f", "0.930", "kept", "0.744", "added", "-0.200", "c", "0.544", "h", "0.496"} <= set(words)
    assert "‖3.00‖" in words, "an input has features, not units"
    assert words.count("back: 0.25") == 8 and words.count("back: 1") == 1


def test_what_is_made_stands_behind_what_it_is_made_of() -> None:
    made = walk()
    where = boxes(walk_picture(made))
    for quantity in made.quantities:
        for parent in quantity.parents:
            assert where[parent][0] < where[quantity.name][0], (parent, quantity.name)
    assert where["c_before"][0] == where["f"][0], "what goes in late stands beside what it meets"
    assert len(set(where[name] for name in ("x", "f", "i", "g", "c_before", "kept", "added", "c", "h"))) == 9


def test_of_what_has_no_such_unit_its_length_is_shown() -> None:
    made = walk()
    narrow = [replace(each, values=np.array([3.0, 4.0])[: 1 if each.name == "h" else 2]) for each in made.quantities]
    words = texts(walk_picture(replace(made, quantities=tuple(narrow))))
    assert "‖3.00‖" in words and "4.000" in words


def test_what_meets_stands_together() -> None:
    made = walk()
    where = boxes(walk_picture(made))
    heights = {name: y for name, (_, y) in where.items()}
    assert abs(heights["f"] - heights["c_before"]) < 80 and abs(heights["i"] - heights["g"]) < 80


def test_the_step_is_told_in_sentences() -> None:
    said = whole_text(walk_picture(walk()))
    assert "The forget gate keeps 0.93 of 0.8." in said and "Back, 0.93 of the gradient goes on." in said
    assert "One step of the lstm cell, layer 0, step 5 at 't': unit 1" in said


def test_arrows_are_as_many_as_there_are_parents() -> None:
    made = walk()
    assert len(elements(walk_picture(made), "polygon")) == sum(len(each.parents) for each in made.quantities)
