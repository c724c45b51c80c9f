"""The task as a whole: it learns, is honest about it, goes on bit for bit, and refuses what makes no sense."""

from __future__ import annotations

import io
import os
import signal
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from left_behind import tensors_of

import throughtime as tt
from throughtime.data.reading import Problems
from throughtime.data.user_data import user_data
from throughtime.errors import DataError, UsageError
from throughtime.tasks.forecast.scoring.rolling import leaks
from throughtime.training.reporter import SilentReporter, StepReport

TINY: dict[str, Any] = {
    "hidden": 8, "embedding": 6, "layers": 1, "steps": 6, "batch_size": 8, "sample_every": 0, "validate_every": 3,
    "horizon": 3, "context": 8, "device": "cpu",
}  # fmt: skip
WELL: dict[str, Any] = {
    **TINY,
    "hidden": 24,
    "embedding": 16,
    "steps": 250,
    "dropout": 0.0,
    "learning_rate": 0.005,
    "validate_every": 50,
}


def weekly(steps: int, phase: int = 0) -> np.ndarray:
    """A week that comes again, larger from time to time, with some noise."""
    t = np.arange(steps) + phase
    return 50 + 10 * np.sin(2 * np.pi * t / 7) + 0.02 * t + np.random.default_rng(steps + phase).normal(size=steps)


def table(path: Path, *series: tuple[str, np.ndarray], header: str = "shop,date,value") -> Path:
    """Write series by day."""
    lines = [
        f"{name},{date(2023, 1, 1) + timedelta(t)},{value:.3f}"
        for name, values in series
        for t, value in enumerate(values)
    ]
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def fit(data: object, **options: Any) -> tt.Run:
    return tt.fit("forecast", data, reporter=SilentReporter(), **options)


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return table(tmp_path_factory.mktemp("days") / "days.csv", ("café", weekly(120)), ("tea 🍵", weekly(90, 3)))


@pytest.fixture(scope="module")
def run(days: Path, tmp_path_factory: pytest.TempPathFactory) -> tt.Run:
    return fit(days, out=tmp_path_factory.mktemp("runs") / "run", **TINY)


@pytest.mark.parametrize("more", [{"strategy": "direct"}, {"likelihood": "gaussian"}], ids=str)
def test_it_learns_what_naive_forecasts_cannot(tmp_path: Path, more: dict[str, Any]) -> None:
    """A value is a function of the two before: nothing that is repeated says it, and it says its own future."""
    values, generator = [0.3, 0.6], np.random.default_rng(1)
    while len(values) < 400:
        values.append(1.6 * values[-1] - 0.9 * values[-2] + 0.2 + 0.02 * float(generator.normal()))
    run = fit(np.array(values[:340]), season="1", out=tmp_path / "run", **{**WELL, **more})
    scores = run.evaluate(np.array(values))
    best = min(each["rmse"] for each in scores["rivals"].values())
    assert scores["rmse"] < 0.7 * best, (scores["rmse"], best)
    assert 0.5 < scores["coverage_80"] < 0.97
    assert scores["origins"] == 20


def test_a_run_says_what_it_is(run: tt.Run, days: Path) -> None:
    about = run.describe()["model"]
    assert isinstance(about, dict)
    assert (about["strategy"], about["horizon"], about["series"], about["seasons"]) == ("recursive", 3, 2, [7])
    assert {"crps_scaled", "smape", "mase", "rmse", "coverage_80"} <= run.metrics.keys()
    assert next(iter(run.rivals)) == about["baseline"], "the one to beat comes first"
    assert {"last_value", "season_7", "drift", "slot_mean"} == run.rivals.keys()
    assert len(list(run.path.glob("forecast_*.svg"))) == 2


def test_forecasts_go_on_from_the_end_of_a_file_that_has_grown(run: tt.Run, tmp_path: Path) -> None:
    grown = table(tmp_path / "grown.csv", ("café", weekly(130)), ("tea 🍵", weekly(99, 3)))
    assert run.forecast_files(grown, tmp_path / "out.csv", horizon=5, quantiles="0.05,0.95") == 2
    lines = (tmp_path / "out.csv").read_text("utf-8").splitlines()
    assert lines[0] == "shop,date,median,0.05,0.95"
    assert len(lines) == 11
    assert lines[1].startswith("café,2023-05-11,")
    assert lines[6].startswith("tea 🍵,2023-04-10,")
    low, high = (float(lines[1].split(",")[place]) for place in (3, 4))
    assert low < float(lines[1].split(",")[2]) < high


def test_a_series_that_was_not_learned_is_scaled_by_its_own_history(run: tt.Run) -> None:
    notes: list[str] = []
    plain = {"shop": ["new"] * 30, "date": [str(date(2024, 1, 1) + timedelta(t)) for t in range(30)]}
    small, large = weekly(30), None
    large = small * 1e6
    found = [run.forecast({**plain, "value": values}, note=notes.append, draws=50) for values in (small, large)]
    assert any("scaled by its own history" in note for note in notes)
    assert found[1]["median"][0] == pytest.approx(found[0]["median"][0] * 1e6, rel=1e-3)


def test_what_is_drawn_does_not_depend_on_what_stands_beside_it(run: tt.Run, days: Path, tmp_path: Path) -> None:
    lines = days.read_text("utf-8").splitlines()
    alone = tmp_path / "alone.csv"
    alone.write_text("\n".join([lines[0], *(line for line in lines if line.startswith("tea"))]), encoding="utf-8")
    run.forecast_files(days, tmp_path / "both.csv", paths=3)
    run.forecast_files(alone, tmp_path / "one.csv", paths=3)
    both, one = ((tmp_path / name).read_text("utf-8").splitlines() for name in ("both.csv", "one.csv"))
    assert one[0] == both[0] == "shop,date,path 1,path 2,path 3"
    assert one[1:] == both[4:]


def test_nothing_after_an_origin_is_looked_at(run: tt.Run, days: Path) -> None:
    """The network and its reader are clean, and a forecaster that keeps what it should not is caught."""
    problems = Problems(note=lambda line: None)
    panel = run.reader.read_to_forecast(user_data({"data": days}), run.path, problems)
    series, clock, model = panel.series[0], panel.clock, run.model
    levels = (0.1, 0.5, 0.9)
    assert not leaks(lambda cut: model.quantiles(cut, clock, 3, levels, 20, 0), series, 80, 3)
    kept = series.values
    assert leaks(lambda cut: model.quantiles(cut, clock, 3, levels, 20, 0) + kept[80:].mean(), series, 80, 3)


def test_only_what_is_new_is_scored(run: tt.Run, days: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing comes after what was learned from"):
        run.evaluate(days, note=lambda line: None)
    lines = days.read_text("utf-8").splitlines()
    more = [f"café,{date(2023, 1, 1) + timedelta(t)},{50 + t % 7}" for t in range(120, 132)]
    (tmp_path / "more.csv").write_text("\n".join([*lines, *more]) + "\n", encoding="utf-8")
    scores = run.evaluate(tmp_path / "more.csv", note=lambda line: None)
    assert (scores["origins"], scores["series"], scores["values"]) == (4, 1, 12)
    assert run.evaluate(tmp_path / "more.csv", note=lambda line: None, folds=2)["origins"] == 2
    assert run.evaluate(tmp_path / "more.csv", note=lambda line: None, stride=1)["origins"] == 10
    (tmp_path / "rest.csv").write_text("\n".join([lines[0], *more]) + "\n", encoding="utf-8")
    again = run.evaluate(tmp_path / "rest.csv", history=days, note=lambda line: None)
    assert again["crps"] == scores["crps"]


def test_the_end_of_a_series_never_chooses_what_is_kept_of_it(days: Path, tmp_path: Path) -> None:
    lines = days.read_text("utf-8").splitlines()
    changed = [line if not line.startswith("café,2023-04-30") else "café,2023-04-30,9999" for line in lines]
    (tmp_path / "changed.csv").write_text("\n".join(changed) + "\n", encoding="utf-8")
    kept = [
        (fit(path, folds=1, out=tmp_path / str(place), **TINY).path / "inputs.json").read_text()
        for place, path in enumerate((days, tmp_path / "changed.csv"))
    ]
    assert kept[0] == kept[1]


@pytest.mark.parametrize("form", ["frame", "dict of arrays", "array", "list of arrays"])
def test_data_in_memory(form: str) -> None:
    first, second = weekly(60), weekly(50)
    data: Any = {
        "frame": {"when": [str(date(2023, 1, 1) + timedelta(t)) for t in range(60)], "y": first.tolist()},
        "dict of arrays": {"a": first, "b": second},
        "array": first,
        "list of arrays": [first, second],
    }[form]
    more = {"time_column": "when"} if form == "frame" else {}
    run = fit(data, **TINY, **more)
    found = run.predict(data, note=lambda line: None)
    assert len(found.names) == (1 if form in ("frame", "array") else 2)
    assert found["median"][0].shape == (3, 1)
    if form == "frame":
        assert found.stamps == [["2023-03-02", "2023-03-03", "2023-03-04"]]
        assert list(found.rows[0]) == ["when", "median", "0.1", "0.9"]
    assert fit(data, **TINY, **more).forecast(data, note=lambda line: None).rows == found.rows


class Interrupting(SilentReporter):
    """Presses Ctrl-C."""

    def stepped(self, report: StepReport) -> None:
        if report.step == 4:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("strategy", ["recursive", "direct"])
def test_an_interrupted_run_goes_on_bit_for_bit(days: Path, tmp_path: Path, strategy: str) -> None:
    options = {**TINY, "strategy": strategy, "dropout": 0.3}
    whole = fit(days, out=tmp_path / "whole", **options)
    part = tt.fit("forecast", days, out=tmp_path / "part", reporter=Interrupting(), **options)
    assert part.status == "interrupted"
    part = tt.fit("forecast", out=tmp_path / "part", resume=True, reporter=SilentReporter())
    assert part.status == "finished"
    for name in ("model.safetensors", "trainer.safetensors"):
        assert tensors_of(whole.path, name) == tensors_of(part.path, name)
    assert whole.metrics == part.metrics


def test_the_weights_of_another_run_are_a_start(run: tt.Run, days: Path, tmp_path: Path) -> None:
    again = fit(days, out=tmp_path / "more", init_from=run.path, **{**TINY, "steps": 1, "learning_rate": 1e-9})
    first, second = (np.array(tensors_of(each.path)["head.weight"]) for each in (run, again))
    assert second == pytest.approx(first, abs=1e-5)


def test_rows_are_answered_as_they_come(run: tt.Run, days: Path, monkeypatch: Any, capsys: Any, tmp_path: Path) -> None:
    lines = [line for line in days.read_text("utf-8").splitlines() if not line.startswith("tea")][:31]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(("\n".join(lines) + "\n").encode())))
    assert run.forecast_files("-", horizon=2, note=lambda line: None) == 28
    written = capsys.readouterr().out.splitlines()
    assert written[0] == "shop,date,median,0.1,0.9"
    assert len(written) == 1 + 2 * 28
    (tmp_path / "part.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    run.forecast_files(tmp_path / "part.csv", tmp_path / "out.csv", horizon=2, note=lambda line: None)
    assert (tmp_path / "out.csv").read_text("utf-8").splitlines()[1:] == written[-2:]


def test_covariates_that_are_known_ahead_must_reach_the_horizon(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    sale = (generator.random(90) < 0.3).astype(int)
    values = 20 + 30 * sale + generator.normal(size=90)

    def write(name: str, seen: int, known: int) -> Path:
        stamps = [str(date(2023, 1, 1) + timedelta(t)) for t in range(known)]
        rows = [f"{s},{values[t]:.2f},{sale[t]}" if t < seen else f"{s},,{sale[t]}" for t, s in enumerate(stamps)]
        (tmp_path / name).write_text("\n".join(["date,value,sale", *rows]) + "\n")
        return tmp_path / name

    run = fit(write("a.csv", 70, 70), known_columns="sale", out=tmp_path / "run", **WELL)
    with pytest.raises(DataError, match="end too early: 3 of 3 steps are missing, the first at 2023-03-22"):
        run.forecast_files(write("b.csv", 80, 80), tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
    run.forecast_files(write("c.csv", 80, 85), tmp_path / "out.csv", horizon=5)
    medians = np.array([float(line.split(",")[1]) for line in (tmp_path / "out.csv").read_text().splitlines()[1:]])
    assert np.abs(medians - (20 + 30 * sale[80:85])).max() < 8, (medians, sale[80:85])


REFUSED: dict[str, tuple[dict[str, Any], Any, str]] = {
    "horizon": ({"horizon": 0}, None, "horizon must be at least 1"),
    "quantiles that cross 1": ({"season": "0"}, None, "season is a number of steps"),
    "counts below zero": ({"likelihood": "negative-binomial"}, [1.0, 2.0, -3.0] * 20, "-3: .*counts"),
    "counts in halves": ({"likelihood": "negative-binomial"}, [1.0, 2.5] * 20, "2.5: .*counts"),
    "logarithm of zero": ({"transform": "log"}, [1.0, 0.0, 3.0] * 20, "0, which has no logarithm"),
    "too short": ({}, [1.0, 2.0, 3.0, 4.0], "4 steps are too few"),
    "likelihood of quantiles": ({"strategy": "direct", "likelihood": "gaussian"}, None, "without a likelihood"),
    "anchor beside difference": ({"transform": "difference", "anchor": "mean"}, None, "leave anchor out"),
    "a season that is not there": ({"anchor": "season", "season": "1"}, None, "needs a season above 1"),
    "a season that is too long": ({"season": "500"}, None, "not shorter than the series, of up to 60"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_makes_no_sense_is_refused(case: str) -> None:
    options, values, message = REFUSED[case]
    with pytest.raises((UsageError, DataError), match=message):
        fit(np.array(values) if values else weekly(60), **{**TINY, **options})


def test_a_direct_run_looks_no_further_and_draws_no_paths(days: Path, tmp_path: Path) -> None:
    run = fit(days, out=tmp_path / "run", strategy="direct", **TINY)
    for asked, message in (
        ({"horizon": 4}, "looks 3 steps ahead, not 4"),
        ({"paths": 5}, "draws no paths"),
        ({"quantiles": "0.01,0.99"}, "from 0.05 to 0.95"),
    ):
        with pytest.raises(UsageError, match=message):
            run.forecast_files(days, tmp_path / "out.csv", **asked)
        assert not (tmp_path / "out.csv").exists()
    run.forecast_files(days, tmp_path / "out.csv", horizon=2)
    assert len((tmp_path / "out.csv").read_text("utf-8").splitlines()) == 5


@pytest.mark.parametrize("value", [0.0, 1e12, 42.0])
@pytest.mark.parametrize("strategy", ["recursive", "direct"])
def test_constant_series_are_forecast_to_stay(value: float, strategy: str) -> None:
    run = fit(np.full(50, value), strategy=strategy, **{**TINY, "steps": 40, "learning_rate": 0.01})
    found = run.forecast(np.full(50, value), note=lambda line: None)["median"][0][:, 0]
    assert np.abs(found - value).max() <= (abs(value) * 2e-3 or 0.2)


def test_counts_are_drawn_whole(tmp_path: Path) -> None:
    counts = np.random.default_rng(4).poisson(3, size=80).astype(float)
    run = fit(counts, likelihood="negative-binomial", out=tmp_path / "run", **TINY)
    paths = run.forecast(counts, paths=20, note=lambda line: None).values[0]
    assert np.allclose(paths, np.round(paths), atol=1e-3)
    assert paths.min() >= 0


def test_several_targets_at_once(tmp_path: Path) -> None:
    rows = [f"{date(2023, 1, 1) + timedelta(t)},{t % 7 + 20},{100 - t % 5}" for t in range(80)]
    path = tmp_path / "two.csv"
    path.write_text("\n".join(["date,high,low", *rows]) + "\n")
    run = fit(path, target_column="high,low", out=tmp_path / "run", **TINY)
    run.forecast_files(path, tmp_path / "out.csv", plot=tmp_path / "p.html")
    assert (tmp_path / "out.csv").read_text().splitlines()[0] == (
        "date,high median,high 0.1,high 0.9,low median,low 0.1,low 0.9"
    )
    assert (tmp_path / "p.html").read_text().count("<svg") == 2
    with pytest.raises(UsageError, match="2 series to draw"):
        run.forecast_files(path, tmp_path / "out2.csv", plot=tmp_path / "p.svg")


def test_a_run_of_another_task_forecasts_nothing(run: tt.Run) -> None:
    other = tt.fit("generate", text="ab" * 99, hidden=4, lanes=1, tbptt=8, steps=1, reporter=SilentReporter())
    with pytest.raises(UsageError, match="forecasts nothing"):
        other.forecast([1.0, 2.0])
    with pytest.raises(UsageError, match="writes no text"):
        run.generate()
