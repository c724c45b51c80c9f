"""The options of translate: what is refused, where help names them, and that a run keeps them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import throughtime as tt
from throughtime.cli.main import status_of
from throughtime.doors import FLAGS
from throughtime.errors import CheckpointError, UnknownNameError, UsageError
from throughtime.tasks.translate.options import Config, Evaluating, Predicting
from throughtime.tasks.writing.options import Writing
from throughtime.training.options import options_of
from throughtime.training.reporter import SilentReporter

PAIRS = [(f"to {n} be", f"or not {n % 3}") for n in range(12)]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"max_source": 0}, "max_source must be at least 1, not 0"),
        ({"label_smoothing": 1.0}, "label_smoothing must be at least 0 and below 1"),
        ({"scheduled_sampling": -0.1}, "scheduled_sampling must be at least 0 and below 1"),
        ({"joint": True, "target_unit": "words"}, "joint needs one unit on both sides; leave target_unit out"),
        ({"joint": True, "unit": "bpe", "target_unit": "words"}, "joint needs one unit"),
        ({"unit": "characters", "vocabulary_size": 9}, "vocabulary_size is for the units words and bpe; the unit is"),
        ({"vocabulary_size": 0, "unit": "words"}, "vocabulary_size must be at least 1"),
    ],
)
def test_values_that_make_no_sense(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Config.from_mapping(given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"attention": "luong"}, "unknown attention 'luong'"),
        ({"bridge": "proj"}, "did you mean 'projected'"),
        ({"normalise": "NFD"}, "unknown normalise 'NFD'"),
        ({"criterion": "accuracy"}, "unknown criterion 'accuracy'"),
        ({"unit": "letters"}, "unknown unit 'letters'"),
        ({"text_column": "a"}, "unknown option 'text_column'"),
    ],
)
def test_names_that_there_are_not(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UnknownNameError, match=message):
        Config.from_mapping(given)


def test_what_goes_together() -> None:
    assert Config(joint=True, unit="bpe", target_unit="bpe").joint
    assert Config(unit="characters", target_unit="words", vocabulary_size=9).vocabulary_size == 9


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"beam": 0}, "beam must be at least 1, not 0"),
        ({"length_penalty": -1.0}, "length_penalty must be at least 0"),
        ({"coverage_penalty": -1.0}, "coverage_penalty must be at least 0"),
        ({"n_best": 6}, "n_best must be from 1 to beam, 5, not 6"),
        ({"n_best": 0}, "n_best must be from 1 to beam, 5, not 0"),
        ({"beam": 2, "n_best": 3}, "n_best must be from 1 to beam, 2, not 3"),
        ({"plot_format": "png"}, "plot_format is for pictures; say where they go with --plot"),
        ({"ensemble": "other"}, "ensemble must be a list of str, not 'other'"),
        ({"ensemble": [1]}, "ensemble must be a list of str"),
    ],
)
def test_what_a_network_cannot_be_asked_for(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Predicting.from_mapping(given)


def test_what_is_asked_of_evaluate_and_of_predict_begins_alike() -> None:
    for asked in (Evaluating, Predicting):
        assert issubclass(asked, Writing)
    assert Evaluating().copy_unknown is Predicting().copy_unknown is False


def flags_of(options: type[Any]) -> set[str]:
    return {f"--{FLAGS.get(each.name, each.name).replace('_', '-')}" for each in options_of(options)}


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("fit translate", flags_of(Config) | {"--source", "--target", "--valid-source", "--valid-target"}),
        ("evaluate", flags_of(Evaluating) | {"--source", "--target", "--source-column", "--max-source"}),
        ("predict", flags_of(Predicting) | {"--source", "--source-column", "--max-source"}),
    ],
)
def test_help_names_each(
    command: str, options: set[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")
    assert status_of([*command.split(), "--help"]) == 0
    shown = set(re.findall(r"--[a-z][a-z-]*[a-z]", capsys.readouterr().out))
    assert options <= shown, options - shown
    assert "--ensemble" not in shown, "the flag is --with"


def test_a_run_keeps_its_options(tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "hidden": 4, "embedding": 3, "cell": "gru", "decoder_cell": "rnn", "attention": "additive", "bridge": "last",
        "tied": False, "input_feeding": True, "label_smoothing": 0.2, "scheduled_sampling": 0.3, "criterion": "chrf",
        "unit": "words", "target_unit": "characters", "lowercase": True, "normalise": "NFKC", "max_source": 77,
        "steps": 1, "rival": False,
    }  # fmt: skip
    run = tt.fit("translate", PAIRS, out=tmp_path / "run", reporter=SilentReporter(), device="cpu", **given)
    kept = json.loads((run.path / "config.json").read_text())["options"]
    assert kept == {**Config().to_mapping(), **given}
    assert tt.load(run.path).config == Config.from_mapping(kept) == run.config
    shown: dict[str, Any] = run.describe()
    assert (shown["model"]["cell"], shown["options"]["attention"]) == ("gru", "additive")


@pytest.mark.parametrize("name", ["attention", "input_feeding", "lowercase"])
def test_what_the_weights_depend_on_is_held_fast(name: str, tmp_path: Path) -> None:
    given: dict[str, Any] = {"hidden": 4, "embedding": 4, "steps": 1, "rival": False}
    tt.fit("translate", PAIRS, out=tmp_path / "run", reporter=SilentReporter(), device="cpu", **given)
    path = tmp_path / "run" / "config.json"
    content = json.loads(path.read_text())
    content["options"][name] = {"attention": "dot"}.get(name, True)
    path.write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=name):
        tt.load(tmp_path / "run")


def test_what_only_training_needs_may_be_edited(tmp_path: Path) -> None:
    given: dict[str, Any] = {"hidden": 4, "embedding": 4, "steps": 1, "rival": False}
    tt.fit("translate", PAIRS, out=tmp_path / "run", reporter=SilentReporter(), device="cpu", **given)
    path = tmp_path / "run" / "config.json"
    content = json.loads(path.read_text())
    content["options"] |= {"label_smoothing": 0.5, "scheduled_sampling": 0.5, "criterion": "loss"}
    path.write_text(json.dumps(content))
    assert len(tt.load(tmp_path / "run").predict(["to 1 be"])) == 1
