"""The memory tasks that there are: their settings are options, and each can be made at each of its lengths."""

from __future__ import annotations

import pytest

from throughtime.bench.memory.catalogue import TASKS, task_called
from throughtime.bench.memory.published import PUBLISHED
from throughtime.errors import UnknownNameError
from throughtime.models.parts.cells import CELLS
from throughtime.tasks import config_class


def test_the_tasks_are_those_that_the_field_asks_for() -> None:
    assert {
        "adding", "copy", "selective-copy", "parity", "even-pairs", "cycle", "anbn", "anbncn", "dyck-1", "dyck-2",
        "recall", "pixels", "permuted-pixels", "agreement",
    } <= set(TASKS)  # fmt: skip
    assert set(PUBLISHED) <= set(TASKS), "what is reported is shown somewhere"


@pytest.mark.parametrize("name", TASKS)
def test_settings_are_options_of_the_task_that_learns_it(name: str) -> None:
    task = TASKS[name]
    for cell in CELLS:
        settings = task.settings(cell, task.length, {"hidden": 7})
        config = config_class(task.task).from_mapping(settings)
        assert config.to_mapping()["hidden"] == 7 and config.to_mapping()["cell"] == cell


def test_gates_start_open_for_the_length_where_a_cell_has_such_gates() -> None:
    task = task_called("adding")
    assert task.settings("lstm", 200, {})["init"] == task.settings("gru", 200, {})["init"] == "chrono:200"
    assert "init" not in task.settings("rnn", 200, {}) and "init" not in task.settings("lru", 200, {})
    assert task.settings("lstm", 200, {"init": "default"})["init"] == "default"
    assert task.settings("lstm", 2, {}).get("init") is None, "there is no chrono:2"
    assert task.settings("rnn", 200, {})["learning_rate"] != task.settings("lstm", 200, {})["learning_rate"]


@pytest.mark.parametrize("name", TASKS)
def test_items_are_made_and_scored_at_each_length(name: str) -> None:
    task = TASKS[name]
    learned = task.items(30, task.learned(task.length), seed=0, part="train")
    answer = task.measure.constant(learned[:30])
    for length in task.tested:
        tested = task.to_test(length, seed=0, count=12)[:12]
        assert task.measure.score(tested, [right for _, right in tested]) == float(not task.measure.error)
        least = task.measure.score(tested, [answer(content) for content, _ in tested])
        assert least > 0.05 if task.measure.error else least < 0.9


def test_counting_is_tested_on_every_number_up_to_the_length() -> None:
    tested = TASKS["anbn"].to_test(7, seed=0, count=1000)
    assert [len(words) for words, _ in tested] == [2, 4, 6, 8, 10, 12, 14]


def test_an_unknown_task_is_told() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'adding'"):
        task_called("ading")
