"""A gate is a table of colours, units that are open most first."""

from __future__ import annotations

import io
from base64 import b64decode

import numpy as np
from made_up_results import elements, gates, texts, whole_text

from throughtime.insight.pictures.gates import gates_picture, thinned
from throughtime.training.pages.heat import coloured


def tables(picture: str) -> list[np.ndarray]:
    """The pixels of each table, (rows, columns, 3); keys are 1 row high."""
    from matplotlib.image import imread

    data = [b64decode(each.get("href").split(",")[1]) for each in elements(picture, "image")]
    read = [np.round(imread(io.BytesIO(each), format="png") * 255).astype(np.uint8) for each in data]
    return [each for each in read if len(each) > 1]


def test_each_gate_has_a_row_for_each_unit_and_a_column_for_each_step() -> None:
    picture = gates_picture(gates())
    forget, candidate = tables(picture)
    assert (forget == coloured(np.array([[1.0], [0.5], [0.0]]), "share")).all() and forget.shape == (3, 13, 3)
    assert (candidate == coloured(np.array([[1.0], [0.0], [-1.0]]), "signed")).all()
    words = texts(picture)
    assert words.index("forget gate") < words.index("candidate"), "in the order of the textbooks"
    assert {"open 33%", "shut 33%"} <= set(words)
    assert "The forget gate is open 33% of the time; half of a memory is left after 6.6 steps" in whole_text(picture)
    assert [word for word in words if len(word) == 1 and word in "so(it)␣n"], "what was read stands below"


def test_of_many_steps_a_column_is_the_mean_and_that_is_said() -> None:
    picture = gates_picture(gates(1500, ()))
    assert tables(picture)[0].shape == (3, 500, 3)
    assert "Each column is the mean of 3 steps" in whole_text(picture)
    means, width = thinned(np.arange(7.0)[:, None], 3)
    assert (means.ravel().tolist(), width) == ([1.0, 4.0, 6.0], 3)


def test_a_layer_can_be_chosen_and_a_cell_without_gates_shows_its_states() -> None:
    both = gates()
    bare = type(both)(**{**both.__dict__, "values": {}, "keeps": {}, "half_life": {}, "low": {}, "high": {}})
    picture = gates_picture(bare)
    assert len(tables(picture)) == 1 and "What each unit holds over time" in whole_text(picture)
    more = type(both)(**{**both.__dict__, "values": {**both.values, "f_l1": both.values["f_l0"]}})
    assert len(tables(gates_picture(more))) == 3 and len(tables(gates_picture(more, lane="l1"))) == 1


def test_one_step_is_drawn() -> None:
    assert tables(gates_picture(gates(1, ("x",))))[0].shape == (3, 1, 3)
