"""Naive forecasts against FPP3's table, by hand and by simulation; gaps, short and odd histories."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from throughtime.tasks.rivals.keeping import KINDS
from throughtime.tasks.rivals.naive import Drift, Gaussian, LastValue, Naive, Season, SlotMean, naive_rivals

RANDOM = np.random.default_rng(5)
NONE = np.nan
RULES: list[Any] = [LastValue(), Season(3), Drift(), SlotMean(), SlotMean("third", 3), SlotMean("third", 3, around=1)]


def of(rule: Naive, history: list[float], horizon: int, slots: list[int] | None = None) -> tuple[list[float], Any]:
    found = rule.forecast(np.array(history), horizon, None if slots is None else np.array(slots))
    return found.mean.tolist(), found.sigma.tolist()


def test_quantiles_are_those_of_the_normal_distribution() -> None:
    stats = pytest.importorskip("scipy.stats")
    levels = [0.05, 0.1, 0.5, 0.9, 0.95]
    found = Gaussian(np.array([[3.0, -1.0]]), np.array([[2.0, 0.0]])).quantiles(levels)
    assert found.shape == (1, 2, 5)
    assert found[0, 0] == pytest.approx(stats.norm(3, 2).ppf(levels), abs=1e-12)
    assert found[0, 1].tolist() == [-1.0] * 5


def test_the_table_of_fpp3() -> None:
    """Section 5.5: sigma of h steps, from the residuals that section 5.4 has, divided by those that are free."""
    y = RANDOM.normal(size=50).cumsum()
    h = np.arange(1, 8)
    naive = np.sqrt(np.mean(np.diff(y) ** 2))
    assert of(LastValue(), y.tolist(), 7)[1] == pytest.approx(naive * np.sqrt(h))
    season = np.sqrt(np.mean((y[3:] - y[:-3]) ** 2))
    assert of(Season(3), y.tolist(), 7)[1] == pytest.approx(season * np.sqrt((h - 1) // 3 + 1))
    drift = np.sqrt(np.sum((np.diff(y) - np.diff(y).mean()) ** 2) / (49 - 1))
    assert of(Drift(), y.tolist(), 7)[1] == pytest.approx(drift * np.sqrt(h * (1 + h / 49)))
    assert of(Drift(), y.tolist(), 7)[0] == pytest.approx(y[-1] + h * (y[-1] - y[0]) / 49)
    mean, sigma = of(SlotMean(), y.tolist(), 7)
    assert mean == pytest.approx([y.mean()] * 7)
    assert sigma == pytest.approx([y.std(ddof=1) * np.sqrt(1 + 1 / 50)] * 7)


def test_a_season_is_repeated() -> None:
    mean, sigma = of(Season(3), [1.0, 2.0, 3.0, 5.0, 2.0, 4.0], 7)
    assert mean == [5.0, 2.0, 4.0, 5.0, 2.0, 4.0, 5.0]
    one = np.sqrt((16 + 0 + 1) / 3)
    assert sigma == pytest.approx([one] * 3 + [one * 2**0.5] * 3 + [one * 3**0.5])
    assert of(Season(3), [9.0, 1.0, 2.0, 3.0, 5.0, 2.0, 4.0], 3)[0] == [5.0, 2.0, 4.0], "the end decides"


def test_each_slot_has_its_mean() -> None:
    rule = SlotMean("third", 3)
    mean, sigma = of(rule, [1.0, 5.0, 3.0, 8.0, 5.0], 3, [0, 1, 0, 1, 0, 1, 2, 0])
    assert mean == pytest.approx([6.5, 22 / 5, 3.0])
    left = (4 + 0 + 4 + 2.25 + 2.25) / (5 - 2)
    whole = np.var([1.0, 5.0, 3.0, 8.0, 5.0], ddof=1)
    assert sigma == pytest.approx(np.sqrt([left * 3 / 2, whole * 6 / 5, left * 4 / 3]))


def test_slots_around_are_taken_together_and_the_last_is_beside_the_first() -> None:
    history, slots = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0], [0, 1, 2, 3, 4, 5, 0, 1, 5]
    mean, sigma = of(SlotMean("slot", 6, around=1), history, 3, slots)
    assert mean == pytest.approx([35 / 3, 7 / 3, 49 / 3])
    means = np.array([35, 7, 14, 28, 56, 49]) / 3
    assert sigma == pytest.approx([np.sqrt(np.sum((np.array(history) - means) ** 2) / (6 - 6 / 3) * 4 / 3)] * 3)
    assert SlotMean("slot", 6, around=9).around == 2, "no slot is taken twice"


@pytest.mark.parametrize("slots", [[0, 1, 2, 3], [0, -1, 2, 0], [0, 1, 2, -1]])
def test_slots_that_are_not_there(slots: list[int]) -> None:
    with pytest.raises(ValueError, match="slots are 0 to 2"):
        SlotMean("third", 3).forecast(np.ones(3), 1, np.array(slots))


@pytest.mark.parametrize(
    ("rule", "spread"),
    [
        (LastValue(), lambda noise: noise.cumsum(1)),
        (Drift(), lambda noise: (noise + 0.7).cumsum(1)),
        (Season(4), lambda noise: noise.reshape(len(noise), -1, 4).cumsum(1).reshape(len(noise), -1)),
        (SlotMean("quarter", 4), lambda noise: noise + np.tile([5.0, 1.0, -9.0, 2.0], noise.shape[1] // 4)),
        (SlotMean("quarter", 8, around=1), lambda noise: noise + 3),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_the_spread_is_what_a_simulation_shows(rule: Naive, spread: Any) -> None:
    """Where the rule is right, errors divided by their sigma have variance 1 at each step, whatever is missing.

    Estimated from 60 values or so, the ratio is spread as Student's t: its variance is df / (df - 2), 4 % above 1 with
    50 free. Of 20,000 rows the variance is known to 1 %, of steps alike.
    """
    count = rule.count if isinstance(rule, SlotMean) else 4
    y = spread(RANDOM.normal(size=(20_000, 72)))
    slots = np.tile(np.arange(72) % count, (len(y), 1))
    for missing in (0.0, 0.2):
        history = np.where(RANDOM.random((len(y), 64)) < missing, NONE, y[:, :64])
        found = rule.forecast(history, 8, slots)
        ratio = ((y[:, 64:] - found.mean) / found.sigma).var(0)
        assert ratio == pytest.approx(np.full(8, 1.04), abs=0.05), (missing, ratio)


def test_gaps_stretch_the_walk() -> None:
    mean, sigma = of(LastValue(), [NONE, 1.0, NONE, 3.0, 4.0, NONE], 2)
    one = (2**2 / 2 + 1) / 2  # a step of two, and one of one
    assert mean == [4.0, 4.0] and sigma == pytest.approx(np.sqrt([one * 2, one * 3]))
    mean, sigma = of(Drift(), [NONE, 1.0, NONE, 3.0, 4.0, NONE], 2)
    assert mean == [6.0, 7.0], "from 1 to 4 in three steps, and one has passed since"
    assert sigma == pytest.approx([0.0, 0.0])
    mean, sigma = of(Season(2), [1.0, 5.0, 2.0, 7.0, NONE, 8.0], 4)
    assert mean == [2.0, 8.0, 2.0, 8.0]
    one = (1 + 4 + 1) / 3
    assert sigma == pytest.approx(np.sqrt([2 * one, one, 3 * one, 2 * one]))


def test_a_row_is_what_it_is_alone_with_gaps_beside_it_and_padded() -> None:
    rows = RANDOM.normal(size=(5, 30)).cumsum(1)
    rows[1, RANDOM.random(30) < 0.3] = NONE
    rows[2, :17] = NONE
    rows[3, 20:] = NONE
    slots = np.tile(np.arange(36) % 3, (5, 1))
    for rule in RULES:
        together = rule.forecast(rows, 6, slots)
        for at, row in enumerate(rows):
            alone = rule.forecast(row, 6, slots[at])
            assert together.mean[at] == pytest.approx(alone.mean) and together.sigma[at] == pytest.approx(alone.sigma)
        short = rule.forecast(rows[2, 17:], 6, slots[2, 17:])
        assert together.mean[2] == pytest.approx(short.mean) and together.sigma[2] == pytest.approx(short.sigma)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
@pytest.mark.parametrize("value", [0.0, 1e12, -0.1])
@pytest.mark.parametrize("length", [1, 2, 3, 50])
def test_what_never_changes_stays(rule: Naive, value: float, length: int) -> None:
    found = rule.forecast(np.full(length, value), 5, np.arange(length + 5) % 3 if rule.kind == "slot_mean" else None)
    assert found.mean.tolist() == [value] * 5 and found.sigma.tolist() == [0.0] * 5


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
def test_short_histories(rule: Naive) -> None:
    for length in (2, 3, 4):
        history = np.array([1.0, 4.0, 2.0, 7.0])[:length] * 1e12
        found = rule.forecast(history, 9, np.arange(length + 9) % 3)
        assert np.isfinite(found.mean).all() and np.isfinite(found.sigma).all()
        assert (found.sigma > 0).any(), "two values that differ tell that they do"
    assert np.isnan(rule.forecast(np.array([NONE, NONE]), 2).mean).all() or rule.kind == "slot_mean"
    assert np.isnan(rule.forecast(np.array([]), 2).mean).all()


def test_of_less_than_two_seasons() -> None:
    walk = of(LastValue(), [1.0, 4.0], 5)
    mean, sigma = of(Season(3), [1.0, 4.0], 5)
    assert mean == [4.0, 1.0, 4.0, 4.0, 1.0], "the first of three was never seen"
    assert sigma == walk[1]
    assert of(Season(2), [1.0, 4.0], 3) == ([1.0, 4.0, 1.0], of(LastValue(), [1.0, 4.0], 3)[1])


def test_large_values_lose_nothing() -> None:
    y = RANDOM.normal(size=40)
    for rule in RULES:
        slots = np.arange(45) % rule.count if rule.kind == "slot_mean" else None
        small, large = (rule.forecast(values, 5, slots) for values in (y, 1e12 + y))
        assert large.sigma == pytest.approx(small.sigma, rel=1e-3), "1e12 is known to 1e-4"


def test_what_a_run_keeps() -> None:
    history, slots = RANDOM.normal(size=20), np.arange(25) % 3
    for rule in RULES:
        arrays, plain = rule.to_parts()
        again = KINDS[rule.kind].from_parts(arrays, json.loads(json.dumps(plain)))
        assert again.title == rule.title and again.learned_from.startswith("all ")
        mine, other = (each.forecast(history, 5, slots) for each in (rule, again))
        assert mine.mean.tolist() == other.mean.tolist() and mine.sigma.tolist() == other.sigma.tolist()


def test_the_names_of_the_rules() -> None:
    rules = naive_rivals((1, 7, 365), SlotMean("day of the year", 366, around=7))
    assert [rule.title for rule in rules.values()] == [
        "the last value repeated",
        "the last season (7 steps) repeated",
        "the last season (365 steps) repeated",
        "the last value and the mean change",
        "the mean of the day of the year",
    ]
    assert list(rules) == ["last_value", "season_7", "season_365", "drift", "slot_mean"]
