"""Rolling origins: which steps are seen and scored, against plain loops; leaks are caught; the figures of M4."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from throughtime.data.panel.panel import Panel, Series
from throughtime.errors import DataError
from throughtime.tasks.forecast.scoring import rolling as module
from throughtime.tasks.forecast.scoring.measures import LEVELS, scale_of
from throughtime.tasks.forecast.scoring.rolling import Rolling, choose, leaks, origins
from throughtime.tasks.rivals.naive import Drift, Season, SlotMean, naive_rivals

RANDOM = np.random.default_rng(3)
NONE = np.nan


def series(values: Any, name: str = "", past: Any = None) -> Series:
    """One of (T,) or (T, K) values, without a calendar."""
    table = np.array(values, np.float64)
    table = table[:, None] if table.ndim == 1 else table
    nothing = np.zeros((len(table), 0))
    covariates = nothing if past is None else np.array(past, np.float64)
    return Series(name, table, np.arange(len(table)), covariates, nothing, np.zeros(0), cast(Any, None))


def panel(*rows: Any) -> Panel:
    return Panel([series(row, str(number)) for number, row in enumerate(rows)], cast(Any, None), "rows", ("value",))


def last_values(horizon: int) -> Any:
    """A forecaster that repeats the last value, and is sure of it."""

    def forecast(asked: Sequence[Series]) -> Any:
        return np.stack([np.tile(each.values[-1][:, None], (horizon, 1, len(LEVELS))) for each in asked])

    return forecast


@pytest.mark.parametrize(
    ("how", "found"),
    [
        ({"folds": 1}, [17]),
        ({"folds": 3}, [11, 14, 17]),
        ({"folds": 3, "stride": 1}, [15, 16, 17]),
        ({"folds": 99}, [2, 5, 8, 11, 14, 17]),
        ({"folds": None, "first": 9}, [11, 14, 17]),
        ({"folds": None, "first": 17}, [17]),
        ({"folds": None, "first": 18}, []),
        ({"folds": None, "stride": 8, "first": 0}, [1, 9, 17]),
    ],
)
def test_where_origins_are(how: Any, found: list[int]) -> None:
    assert origins(20, 3, **how) == found
    assert origins(3, 3, **how) == []


def test_a_forecaster_sees_what_was_before_and_is_scored_on_what_came() -> None:
    asked: list[tuple[str, list[float]]] = []

    def forecaster(cut: Sequence[Series]) -> Any:
        asked.extend((each.name, each.values[:, 0].tolist()) for each in cut)
        return last_values(2)(cut)

    rows = [[1.0, 2.0, 4.0, 8.0, 16.0], [5.0, 5.0, 7.0, 9.0]]
    rolling = Rolling(panel(*rows).series, [[2, 3], [2]], 2, 1)
    scores = rolling.score(forecaster, block=2)
    assert asked == [("0", [1.0, 2.0]), ("0", [1.0, 2.0, 4.0]), ("1", [5.0, 5.0])]
    totals = scores.totals()
    assert totals["mae"] == pytest.approx((2 + 6 + 4 + 12 + 2 + 4) / 6)
    assert totals["mase"] == pytest.approx((4 / 1 + 8 / 1.5) / 2), "the second is constant before its origin"
    assert totals["unscaled"] == 1 and rolling.folds == 2
    assert scores.by_step()["mae"] == pytest.approx([(2 + 4 + 2) / 3, (6 + 12 + 4) / 3])


@pytest.mark.parametrize("cells", [1, 3000, 10**9])
def test_rivals_are_scored_as_one_after_the_other(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of rows of other lengths, gaps, two targets and slots change nothing."""
    monkeypatch.setattr(module, "CELLS", cells)
    tables = [RANDOM.normal(size=(length, 2)).cumsum(0) for length in (60, 25, 31, 60)]
    tables[1][4:9, 0] = tables[2][:, 1] = tables[3][:50, 0] = NONE
    tables[3][55] = NONE
    every = [series(table, str(number)) for number, table in enumerate(tables)]
    slots = [(np.arange(len(table)) + number) % 5 for number, table in enumerate(tables)]
    places = [origins(len(table), 4, 4, 3) for table in tables]
    rivals = naive_rivals([7], SlotMean("fifth", 5))
    found = Rolling(every, places, 4, 7, slots).score_rivals(rivals)
    for name, rival in rivals.items():
        errors: dict[tuple[int, int], list[float]] = {}
        losses: list[float] = []
        for number, (table, starts) in enumerate(zip(tables, places, strict=True)):
            for start in starts:
                for target in range(2):
                    before, came = table[:start, target], table[start : start + 4, target]
                    if np.isnan(before).all() or np.isnan(came).all():
                        continue
                    said = rival.forecast(before, 4, slots[number][: start + 4])
                    off = np.abs(came - said.mean) / float(scale_of(before, 7))
                    errors.setdefault((number, target), []).append(float(np.nanmean(off)))
                    over = came[:, None] - said.quantiles(LEVELS)
                    pinball = np.maximum(np.array(LEVELS) * over, (np.array(LEVELS) - 1) * over)
                    losses += pinball.mean(1)[~np.isnan(came)].tolist()
        totals = found[name].totals()
        assert len(errors) == 7, "of the third series one target was never seen"
        assert totals["mase"] == pytest.approx(np.mean([np.mean(each) for each in errors.values()]))
        assert totals["crps"] == pytest.approx(2 * np.mean(losses)) and totals["values"] == len(losses)


def test_the_network_and_the_rivals_see_the_same() -> None:
    """A rule that is asked as a network is reaches what it does as a rival."""
    rows = [RANDOM.normal(size=length).cumsum() for length in (80, 50)]
    rule = Season(7)

    def forecaster(cut: Sequence[Series]) -> Any:
        return np.stack([rule.forecast(each.values[:, 0], 5).quantiles(LEVELS)[:, None] for each in cut])

    rolling = Rolling(panel(*rows).series, [origins(80, 5, 6), origins(50, 5, 2)], 5, 7)
    scores, rivals = rolling.score(forecaster, block=3), rolling.score_rivals(naive_rivals([7]))
    assert rolling.folds == 6 and len(rolling.rows) == 8
    found = scores.totals()
    assert found == pytest.approx(rivals["season_7"].totals())
    assert rivals["drift"].totals()["crps"] != pytest.approx(found["crps"])
    assert len(scores.by_step()["crps"]) == 5
    json.dumps([found, scores.by_step()])


def test_targets_are_kept_apart() -> None:
    whole = series([[1.0, 10.0], [2.0, 10.0], [2.0, 13.0], [2.0, 14.0]])
    scores = Rolling([whole], [[2]], 2, 1).score(last_values(2))
    assert scores.by_step()["mae"] == [1.5, 2.0]
    assert scores.totals()["mase"] == 0.0 and scores.totals()["unscaled"] == 1, "the second did not change before"


def test_origins_without_anything_to_know_or_to_score_are_left_out() -> None:
    row = [NONE, NONE, 1.0, 2.0, NONE, NONE, 5.0]
    rolling = Rolling(panel(row).series, [[1, 2, 3, 4, 5]], 2, 1)
    assert [origin for _, origin in rolling.rows] == [3, 5], "nothing before 2, and nothing that comes at 4"
    assert rolling.score(last_values(2)).totals()["values"] == 2


def test_what_can_not_be_scored_is_refused() -> None:
    two = panel([1.0, 2.0, 3.0], [1.0]).series
    with pytest.raises(DataError, match=r"no forecast of 9 steps can be scored: no series goes on so long, .*hor"):
        Rolling(two, [origins(3, 9, 1), origins(1, 9, 1)], 9, 1)
    with pytest.raises(ValueError, match="origins are 1 to 2, not 3"):
        Rolling(two, [[3], []], 1, 1)
    with pytest.raises(ValueError, match=r"quantiles of shape \(1, 1, 1, 19\) were asked for, not \(1, 1, 19\)"):
        Rolling(two, [[2], []], 1, 1).score(lambda cut: np.zeros((1, 1, 19)))


def test_a_planted_leak_is_caught() -> None:
    """A forecaster that looks past its origin through a global, in its values or in covariates that were not known."""
    whole = series(RANDOM.normal(size=30), past=RANDOM.normal(size=(30, 1)))
    kept = whole.values.copy(), whole.past.copy()

    def honest(cut: Sequence[Series]) -> Any:
        return last_values(3)(cut)

    def scaled_by_the_whole(cut: Sequence[Series]) -> Any:
        return honest(cut) * whole.values.std()

    def steps_ahead(cut: Sequence[Series]) -> Any:
        (each,) = cut
        return np.tile(whole.values[len(each) : len(each) + 3, :, None], (1, 1, 1, len(LEVELS)))

    def through_a_view(cut: Sequence[Series]) -> Any:
        return honest(cut) + cut[0].values.base.sum()

    def past_ahead(cut: Sequence[Series]) -> Any:
        return honest(cut) + whole.past[-1, 0]

    assert not leaks(honest, whole, 20, 3)
    for leaking in (scaled_by_the_whole, steps_ahead, through_a_view, past_ahead):
        assert leaks(leaking, whole, 20, 3), leaking
        assert (whole.values == kept[0]).all() and (whole.past == kept[1]).all(), "all is as it was"


def test_all_is_as_it_was_after_a_forecast_that_fails() -> None:
    whole = series([1.0, 2.0, 3.0])
    calls: list[int] = []

    def fails(cut: Sequence[Series]) -> Any:
        calls.append(1)
        if len(calls) > 1:
            raise ZeroDivisionError
        return last_values(1)(cut)

    with pytest.raises(ZeroDivisionError):
        leaks(fails, whole, 2, 1)
    assert whole.values[:, 0].tolist() == [1.0, 2.0, 3.0]


def test_constant_series_leak_too() -> None:
    whole = series(np.zeros(10))
    assert leaks(lambda cut: last_values(1)(cut) + whole.values.sum(), whole, 9, 1)


def test_a_baseline_is_chosen() -> None:
    steps = np.arange(300)
    noise = RANDOM.normal(size=(3, 300))
    assert choose(panel(*noise.cumsum(1)), 5, [7])[0] == "last_value"
    assert choose(panel(*(noise.cumsum(1) + 3 * steps)), 5, [7]) == ("drift", Drift.title)
    season = np.tile(RANDOM.normal(size=7) * 50, 43)[:300] + noise[:, ::-1].cumsum(1) / 3
    assert choose(panel(*season), 5, [7, 30])[0] == "season_7"
    slots = [steps % 9] * 3
    calendar = np.tile(RANDOM.normal(size=9) * 5, 34)[:300] + noise
    found = choose(panel(*calendar), 5, [7, 9], SlotMean("ninth", 9), slots)
    assert found == ("slot_mean", "the mean of the ninth")


def test_a_baseline_is_chosen_in_the_second_half(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    class Noted(Rolling):
        def __init__(self, *how: Any) -> None:
            asked.append(how[1:])
            Rolling.__init__(self, *how)

    monkeypatch.setattr(module, "Rolling", Noted)
    monkeypatch.setattr(module, "MOST_FORECASTS", 9)
    choose(panel(*RANDOM.normal(size=(3, 40)), [1.0, 2.0, 3.0], [1.0, 3.0]), 2, [30, 4])
    choose(panel(RANDOM.normal(size=30)), 4, [])
    assert asked[0] == ([[38]] * 3 + [[1], []], 2, 4, None)
    assert asked[1] == ([[15, 20, 26]], 4, 1, None)


def test_a_baseline_of_little() -> None:
    assert choose(panel([1.0, 2.0], [3.0]), 5, [7])[0] == "last_value"
    assert choose(panel([0.0] * 50), 5, [7])[0] == "last_value", "of equals the first"
    assert choose(panel([1.0] * 6 + [2.0] * 6), 5, [7])[0] in ("last_value", "drift", "season_7")


def rows_of(path: Path) -> list[Any]:
    with path.open(newline="") as lines:
        return [np.array([float(cell) for cell in row[1:] if cell]) for row in list(csv.reader(lines))[1:]]


def test_the_figures_of_m4_hourly(root: Path) -> None:
    """As the competition gives them: sMAPE and MASE of Naive 43.003 and 11.608, of sNaive 13.912 and 1.193."""
    folder = root.parent / "shared" / "data" / "m4"
    if not folder.exists():
        pytest.skip("the data of M4 is not here")
    train, test = (rows_of(folder / f"Hourly-{part}.csv") for part in ("train", "test"))
    assert len(train) == len(test) == 414
    whole = panel(*(np.concatenate(pair) for pair in zip(train, test, strict=True))).series
    rolling = Rolling(whole, [[len(row)] for row in train], 48, 24)
    found = {name: each.totals() for name, each in rolling.score_rivals(naive_rivals([24, 168])).items()}
    assert found["season_24"]["smape"] == pytest.approx(13.912, abs=0.001)
    assert found["season_24"]["mase"] == pytest.approx(1.193, abs=0.001)
    assert found["season_168"]["smape"] == pytest.approx(12.70, abs=0.005)
    assert found["last_value"]["smape"] == pytest.approx(43.003, abs=0.001)
    assert found["last_value"]["mase"] == pytest.approx(11.608, abs=0.001)
    assert 0.75 < found["season_168"]["coverage_80"] < 0.9


@pytest.mark.alone
@pytest.mark.parametrize(("count", "length", "most"), [(414, 960, 2.0), (10_000, 200, 12.0)])
def test_many_series_take_seconds(count: int, length: int, most: float) -> None:
    """0.2 and 1.2 seconds when nothing else runs; ten times that is slow."""
    whole = panel(*RANDOM.normal(size=(count, length)).cumsum(1)).series
    began = time.process_time()
    rolling = Rolling(whole, [origins(length, 24, 4)] * count, 24, 24, [np.arange(length) % 7] * count)
    found = rolling.score_rivals(naive_rivals([7, 24], SlotMean("day", 7)))
    assert time.process_time() - began < most
    assert found["last_value"].totals()["crps"] < found["slot_mean"].totals()["crps"]
