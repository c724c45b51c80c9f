"""A run that is watched learns the same, and tells what became of its gradient."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from left_behind import tensors_of
from text_runs import SMALL, TEXT

import throughtime as tt
from throughtime.insight import gradient_flow
from throughtime.insight.pictures.flow import relative_flow
from throughtime.runs.watching import NetworkWatcher, remembered
from throughtime.training.metrics import read_metrics
from throughtime.training.reporter import SilentReporter


def net_of(layer: tt.Recurrent) -> torch.nn.Module:
    net = torch.nn.Module()
    net.recurrent = layer
    return net


def halving() -> tt.Recurrent:
    """Its state is half of what it was, and its input: what is left of a gradient is half of it at each step."""
    layer = tt.RNN(2, 2, nonlinearity="relu", batch_first=True, bias=False)
    with torch.no_grad():
        layer.weight_hh_l0.copy_(torch.eye(2) / 2)
        layer.weight_ih_l0.copy_(torch.eye(2))
    return layer


def seen(layer: tt.Recurrent, x: torch.Tensor, **how: Any) -> Mapping[str, Any]:
    watcher = NetworkWatcher(net_of(layer), ["flow"])
    with watcher.looking():
        layer(x, **how)
    layer(torch.zeros_like(x))  # what comes later is not looked at
    return watcher.seen()


def test_what_is_left_of_a_gradient_is_what_it_is() -> None:
    left = seen(halving(), torch.rand(1, 60, 2) + 0.1)["flow"]["h_l0"]
    assert left == pytest.approx({"1": 0.5, "2": 0.25, "5": 0.5**5, "10": 0.5**10, "20": 0.5**20, "50": 0.5**50})


def test_gates_are_counted_as_open_and_shut() -> None:
    layer = tt.LSTM(2, 4, batch_first=True)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.zero_()
        layer.bias_ih_l0.copy_(torch.tensor([9.0, 9, 9, -9, 9, 9, -9, -9, 0, 0, 0, 0, 0, 0, 0, 0]))  # i, f, g, o
    watcher = NetworkWatcher(net_of(layer), ["gates"])
    with watcher.looking():
        layer(torch.rand(1, 7, 2))
    gates = watcher.seen()["gates"]
    assert set(gates) >= {"i_l0", "f_l0", "o_l0"}
    assert gates["i_l0"] == pytest.approx({"open": 0.75, "shut": 0.25, "mean": 0.75}, abs=1e-3)
    assert gates["f_l0"] == pytest.approx({"open": 0.5, "shut": 0.5, "mean": 0.5}, abs=1e-3)
    assert gates["o_l0"] == pytest.approx({"open": 0.0, "shut": 0.0, "mean": 0.5}, abs=1e-3)


def test_of_a_batch_the_longest_row_is_looked_at_and_of_that_its_end() -> None:
    x = torch.rand(3, 200, 2) + 0.1
    assert set(seen(halving(), x, lengths=[1, 3, 2])["flow"]["h_l0"]) == {"1", "2"}
    watcher = NetworkWatcher(net_of(layer := halving()), ["flow"])
    with watcher.looking():
        layer(x)
    assert watcher.subject is not None and torch.equal(watcher.subject.x, x[0, -128:])


def test_one_step_has_nothing_behind_it() -> None:
    assert seen(halving(), torch.rand(1, 1, 2))["flow"] == {"h_l0": {}}


def test_a_network_without_such_layers_or_that_has_read_nothing_says_nothing() -> None:
    for net in (torch.nn.Linear(2, 2), net_of(halving())):
        watcher = NetworkWatcher(net, ["flow"])
        with watcher.looking():
            pass
        assert watcher.seen() == {} and watcher.subject is None


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> tt.Run:
    folder = tmp_path_factory.mktemp("watched")
    return tt.fit(
        "generate", text=TEXT, out=folder / "run", watch="flow,gates", watch_every=2, reporter=SilentReporter(), **SMALL
    )


def test_a_watched_run_learns_bit_for_bit_the_same(watched: tt.Run, tmp_path: Path) -> None:
    alone = tt.fit("generate", text=TEXT, out=tmp_path / "run", reporter=SilentReporter(), **SMALL)
    assert tensors_of(alone.path) == tensors_of(watched.path)
    own = [row for row in read_metrics(alone.path) if row["kind"] == "train"]
    other = [row for row in read_metrics(watched.path) if row["kind"] == "train"]
    assert [row["loss"] for row in own] == [row["loss"] for row in other]


def test_the_rows_and_the_report_have_what_was_seen(watched: tt.Run) -> None:
    rows = [row for row in read_metrics(watched.path) if row["kind"] == "watch"]
    assert [row["step"] for row in rows] == [1, 2, 4, 6]
    assert all(0 < value < 10 for row in rows for left in row["flow"].values() for value in left.values())
    page = (watched.path / "report.html").read_text()
    assert "What became of its gradient and its gates" in page and "What it remembers" in page
    events = next(watched.path.glob("events.*")).read_bytes()
    assert b"watch/flow/c_l0/1" in events and b"watch/gates/f_l0/open" in events
    assert all(0 <= value <= 1 for row in rows for gate in row["gates"].values() for value in gate.values())


def test_what_is_remembered_is_drawn_of_the_best_weights(watched: tt.Run) -> None:
    assert (watched.path / "remembered.html").read_text().count("<figure") >= 1
    layer = tt.LSTM(2, 3, batch_first=True)
    watcher = NetworkWatcher(net_of(layer), ["flow"])
    with watcher.looking():
        layer(torch.rand(1, 9, 2))
    assert watcher.subject is not None
    steps, values = relative_flow(gradient_flow(watcher.subject))["c_l0"]
    assert len(steps) == 9 and np.isfinite(values).all()
    assert "steps back" in remembered(watcher.subject)


@pytest.mark.alone
@pytest.mark.slow
def test_left_to_the_clock_it_takes_at_most_a_twentieth_of_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent = list[float]()
    see = NetworkWatcher.seen

    def timed(watcher: NetworkWatcher) -> Mapping[str, Any]:
        began = time.perf_counter()
        found = see(watcher)
        spent.append(time.perf_counter() - began)
        return found

    monkeypatch.setattr(NetworkWatcher, "seen", timed)
    how: dict[str, Any] = {"hidden": 128, "layers": 2, "lanes": 16, "tbptt": 64, "epochs": 1000, "sample_every": 0}
    run = tt.fit(
        "generate", text=TEXT * 20, out=tmp_path / "run", watch="flow,gates", max_minutes=0.5, device="cpu",
        reporter=SilentReporter(), rival=False, checkpoint_every=1e6, validate_every=10**6, **how,
    )  # fmt: skip
    rows = read_metrics(run.path)
    seconds = max(row["seconds"] for row in rows if row["kind"] == "train")
    assert sum(row["kind"] == "watch" for row in rows) >= 3
    assert sum(spent) <= 0.05 * seconds, f"{sum(spent):.2f} of {seconds:.2f} s"
