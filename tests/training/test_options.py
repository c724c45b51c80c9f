"""Options are defined once, checked, and never guessed."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from throughtime.errors import UnknownNameError, UsageError
from throughtime.models.parts.cells import CELLS
from throughtime.tasks import TASKS, config_class, task_named
from throughtime.training.options import TrainingOptions, options_of


def test_an_option_has_everything_a_door_needs() -> None:
    options = {option.name: option for option in options_of(config_class("generate"))}
    cell = options["cell"]
    assert (cell.kind, cell.choices, cell.optional, cell.default) == (str, tuple(CELLS), False, "lstm")
    assert cell.help.startswith("Recurrent cell")
    steps = options["steps"]
    assert (steps.kind, steps.choices, steps.optional, steps.default) == (int, (), True, None)
    assert all(option.help.endswith(".") for option in options.values())


def test_options_are_made_from_names_and_values_and_give_them_back() -> None:
    options = TrainingOptions.from_mapping({"seed": 4, "epochs": 2})
    assert options.seed == 4 and options.epochs == 2
    assert TrainingOptions.from_mapping(options.to_mapping()) == options
    with pytest.raises(FrozenInstanceError):
        options.seed = 5  # type: ignore[misc]


def test_unknown_names_get_a_hint() -> None:
    with pytest.raises(UnknownNameError, match="unknown option 'learning_rat': did you mean 'learning_rate'"):
        TrainingOptions.from_mapping({"learning_rat": 1.0})
    with pytest.raises(UnknownNameError, match="unknown schedule 'cosin': did you mean 'cosine'"):
        TrainingOptions.from_mapping({"schedule": "cosin"})
    with pytest.raises(UnknownNameError, match="unknown task 'generat': did you mean 'generate'"):
        config_class("generat")
    with pytest.raises(UnknownNameError, match="unknown task"):
        task_named("nothing")


WRONG = [
    ("generate", {"epochs": 0}, "epochs must be above 0"),
    ("generate", {"epochs": float("nan")}, "epochs must be a finite number"),
    ("generate", {"steps": 0}, "steps must be at least 1"),
    ("generate", {"steps": 2.5}, "steps must be of type int, not 2.5"),
    ("generate", {"hidden": "512"}, "hidden must be of type int, not '512'"),
    ("generate", {"hidden": True}, "hidden must be of type int, not True"),
    ("generate", {"tied": 1}, "tied must be of type bool, not 1"),
    ("generate", {"learning_rate": 0}, "learning_rate must be above 0"),
    ("generate", {"learning_rate": -1.0}, "learning_rate must be above 0"),
    ("generate", {"learning_rate": None}, "learning_rate must be of type float"),
    ("generate", {"clip": -1.0}, "clip must be at least 0"),
    ("generate", {"dropout": 1.0}, "dropout must be at least 0 and below 1"),
    ("generate", {"zoneout": -0.1}, "zoneout must be at least 0 and below 1"),
    ("generate", {"lanes": 0}, "lanes must be at least 1"),
    ("generate", {"unit": "letters"}, "unknown unit 'letters'"),
    ("generate", {"cell": "lsmt"}, "did you mean 'lstm'"),
    ("generate", {"separator": ""}, "separator must not be empty"),
    ("generate", {"encoding": "utf-9"}, "unknown encoding 'utf-9'"),
    ("generate", {"encoding": "rot13"}, "unknown encoding 'rot13'"),
    ("generate", {"vocabulary_size": 100}, "vocabulary_size is for the units words and bpe"),
    ("generate", {"unit": "bpe", "vocabulary_size": 100}, "at least 257"),
    ("generate", {"unit": "bytes", "encoding": "latin-1"}, "encoding has no meaning"),
]


@pytest.mark.parametrize(("task", "given", "words"), WRONG, ids=lambda value: str(value)[:40])
def test_values_that_make_no_sense_are_refused_in_one_line(task: str, given: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        config_class(task).from_mapping(given)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_every_task_is_there() -> None:
    for name, entry in TASKS.items():
        assert issubclass(config_class(name), TrainingOptions)
        for part in (entry.load_reader(), entry.load_learner(), entry.load_job()):
            assert part.__module__.startswith("throughtime.tasks.")
        known = {option.name for option in options_of(config_class(name))}
        assert known > config_class(name).CHANGEABLE
        assert known > config_class(name).ARCHITECTURE
