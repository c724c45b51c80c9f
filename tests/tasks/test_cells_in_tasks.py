"""Every task with cells of all kinds of states: what suits them is settled, kept, said; what they lack is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from left_behind import tensors_of
from option_cases import BASE, DATA

import throughtime as tt
from throughtime.errors import UsageError
from throughtime.models.parts.cells import CELLS
from throughtime.tasks import TASKS, config_class
from throughtime.training.reporter import RunInfo, SilentReporter

OFF = {"pre_norm": False, "residual": False, "feed_forward": 0}
AROUND = ("layers", *OFF)


def around(config: Any) -> dict[str, object]:
    return {name: getattr(config, name) for name in AROUND}


@pytest.mark.parametrize("task", TASKS)
def test_nothing_stands_around_the_cells_of_earlier_runs(task: str) -> None:
    """Their config.json says nothing of it, and their weights have nothing there."""
    made = config_class(task)
    depth = 2 if task == "forecast" else 1
    for cell in ("lstm", "gru", "rnn"):
        assert around(made.from_mapping({"cell": cell})) == {"layers": depth, **OFF}
        assert made.from_mapping({"cell": cell}).around() == {}
        assert around(made.from_mapping({"cell": cell, "layers": 3})) == {"layers": 3, **OFF}


@pytest.mark.parametrize("cell", CELLS)
def test_what_suits_a_cell_stands_around_it_unless_another_is_given(cell: str) -> None:
    row, made = CELLS[cell], config_class("generate")
    usual = made(cell=cell, hidden=30)
    told = {"layers": row.layers or 1, "pre_norm": row.pre_norm, "residual": row.residual}
    assert around(usual) == {**told, "feed_forward": round(30 * row.feed_forward)}
    assert made.from_mapping(usual.to_mapping()) == usual
    assert around(made(cell=cell, layers=4, **OFF)) == {"layers": 4, **OFF}
    assert made(cell=cell, layers=1).residual is False, "there is no second layer to add to"
    assert {name: value for name, value in around(usual).items() if value and name != "layers"} == {
        name: value for name, value in usual.around().items() if name not in ("cell", "layers")
    }


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            {"cell": "lru", "layer_norm": True},
            r"cell='lru' has no layer_norm: leave it out.* the cells lstm, gru, rnn, ",
        ),
        ({"cell": "mingru", "zoneout": 0.1}, "cell='mingru' has no zoneout.* the cells lstm, gru, rnn$"),
        ({"cell": "slstm", "zoneout": 0.1}, "cell='slstm' has no zoneout"),
        ({"cell": "rnn", "init": "chrono:9"}, "init='chrono:9' is not for cell='rnn', which takes default, orthogonal"),
        ({"residual": True}, "residual=True is for layers after the first: give layers=2"),
        ({"cell": "mingru", "hidden": 2}, "pre_norm normalises.* 2 numbers: give hidden=3 or more"),
        ({"feed_forward": 9, "embedding": 2}, "feed_forward normalises.* 2 numbers: give embedding=3 or more"),
        ({"feed_forward": -1}, "feed_forward must be at least 0"),
    ],
)
@pytest.mark.parametrize("task", TASKS)
def test_what_does_not_go_together_is_refused_before_data_is_read(
    task: str, options: dict[str, Any], says: str
) -> None:
    if task == "forecast" and "residual" in options:
        options = {**options, "layers": 1}
    with pytest.raises(UsageError, match=says):
        tt.fit(task, "no/such.file", **options)


def test_the_decoders_cell_is_looked_at_too() -> None:
    with pytest.raises(UsageError, match="decoder_cell='lru' has no zoneout"):
        tt.fit("translate", "no/such.file", decoder_cell="lru", zoneout=0.1)


class Told(SilentReporter):
    """Keeps what is told of the run at its start."""

    info: RunInfo | None = None

    def started(self, info: RunInfo) -> None:
        self.info = info


def scores(run: tt.Run, data: Path) -> Mapping[str, Any]:
    return {name: value for name, value in run.evaluate(data).items() if isinstance(value, int | float)}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("cell", ["mingru", "sru", "lru", "slstm"])  # states of one to four parts
@pytest.mark.parametrize("task", DATA)
def test_a_task_learns_goes_on_and_is_opened_with_such_a_cell(
    task: str, cell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was chosen is in config.json and in the opening line, and a run that was stopped goes on bit for bit."""
    monkeypatch.chdir(tmp_path)
    data = tmp_path / DATA[task](task)
    options = {**BASE[task], "cell": cell, "layers": 2, "steps": 4, "checkpoint_every": 0.0, "epochs": 9.0}
    told = Told()
    run = tt.fit(task, data, out="whole", reporter=told, device="cpu", **options)
    kept = json.loads((tmp_path / "whole" / "config.json").read_text())["options"]
    wanted = around(run.config)
    assert {name: kept[name] for name in AROUND} == wanted and None not in wanted.values()
    assert told.info is not None
    assert {
        "cell": cell,
        **{name: value for name, value in wanted.items() if value},
    }.items() <= told.info.details.items()
    if task != "forecast":  # which scores what comes after what was learned from
        assert scores(tt.load(tmp_path / "whole"), data) == scores(run, data)

    class Stops(SilentReporter):
        def checkpointed(self, path: Path) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tt.fit(task, data, out="parts", reporter=Stops(), device="cpu", **options)
    again = tt.fit(task, data, out="parts", resume=True, reporter=SilentReporter(), device="cpu", **options)
    for name in ("trainer.safetensors", "model.safetensors"):
        assert tensors_of(run.path, name) == tensors_of(again.path, name)
