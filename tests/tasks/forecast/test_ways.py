"""The two ways to forecast: what is drawn is what was learned, and nothing after the origin is looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.tasks.forecast.panels import CLOCK, inputs_for, series_of
from throughtime.data.panel.panel import Series
from throughtime.tasks.forecast.inputs import Inputs
from throughtime.tasks.forecast.options import Config
from throughtime.tasks.forecast.ways.direct import Direct
from throughtime.tasks.forecast.ways.encoding import encode
from throughtime.tasks.forecast.ways.recursive import Recursive, draw_paths
from throughtime.tasks.forecast.ways.windows import Windows


def _series(steps: int, name: str = "", outputs: int = 1) -> Series:
    generator = np.random.default_rng(steps + outputs)
    values = generator.normal(size=(steps, outputs)).cumsum(0) + 50
    return series_of(values, name, known=generator.normal(size=(steps + 6, 2)))


def _recursive(inputs: Inputs, **options: Any) -> Recursive:
    torch.manual_seed(1)
    return Recursive(Config(hidden=8, embedding=6, dropout=0.0, **options), inputs)


VARIANTS: list[dict[str, Any]] = [
    {},
    {"anchor": 0},
    {"anchor": 1, "difference": True},
    {"anchor": 1, "seasons": ()},
    {"gaps": True},
    {"seasons": (3, 5), "anchor": 5},
]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_a_drawn_path_is_what_the_network_would_say_of_it(variant: dict[str, Any], cell: str) -> None:
    """Once drawn, a path is read as if it had been seen: the same distributions must come out, and the same draws."""
    series = [_series(20, "a", 2), _series(14, "b", 2)]
    inputs = inputs_for(series, **variant)
    way = _recursive(inputs, cell=cell, likelihood="gaussian")
    way.model.eval()
    encoded = [encode(each, inputs, CLOCK, 4) for each in series]
    noise = torch.randn(2 * 3, 4, 2, 1)
    with torch.no_grad():
        state = way._read(encoded)
        paths = draw_paths(way.model, inputs, state, encoded, 4, 3, noise)
        for row, each in enumerate(encoded):
            for path in range(3):
                drawn = paths[3 * row + path]
                values = drawn.double().numpy() * each.scale.size + each.scale.middle
                longer = series_of(
                    np.concatenate([each.series.values, values]), each.series.name, known=each.series.known
                )
                seen = encode(longer, inputs, CLOCK)
                start = max(0, len(each) - inputs.context)
                x, base, _, _ = (torch.from_numpy(part)[None] for part in way._window(seen, start, len(seen), 24))
                raw = way.model.output(way.model.encoder(x)[0])[0, len(each) - start : len(seen) - start]
                base = base[0, len(each) - start : len(seen) - start]
                again = way.model.likelihood.draw(raw, base, torch.ones(1), noise[3 * row + path])
                assert torch.allclose(again, drawn, atol=2e-4)


def test_a_series_is_drawn_alike_whatever_stands_beside_it() -> None:
    series = [_series(20, str(place)) for place in range(5)]
    inputs = inputs_for(series)
    way = _recursive(inputs)
    way.model.eval()
    encoded = [encode(each, inputs, CLOCK, 4) for each in series]
    whole = way.paths(encoded, 4, 6, lambda row: np.random.default_rng(row))
    alone = way.paths(encoded[3:4], 4, 6, lambda row: np.random.default_rng(3))
    assert whole.shape == (5, 6, 4, 1)
    assert whole[3] == pytest.approx(alone[0], abs=1e-5)
    assert not np.allclose(whole[0, 0], whole[0, 1])


def _way(kind: str, inputs: Inputs) -> Recursive | Direct:
    torch.manual_seed(2)
    config = Config(hidden=8, embedding=6, dropout=0.0)
    return Recursive(config, inputs) if kind == "recursive" else Direct(config, inputs)


@pytest.mark.parametrize("kind", ["recursive", "direct"])
def test_a_loss_falls_and_every_parameter_learns(kind: str) -> None:
    series = [_series(40, "a"), _series(11, "b"), _series(9, "c")]
    inputs = inputs_for(series, strategy=kind)
    way = _way(kind, inputs)
    encoded = [encode(each, inputs, CLOCK) for each in series]
    windows = Windows(encoded, length=13, horizon=4, lead=inputs.lead)
    optimizer = torch.optim.Adam(way.model.parameters(), lr=1e-2)
    losses: list[float] = []
    for step in range(60):
        loss, count = way.loss(encoded, windows.draw(seed=0, step=step, count=8), step)
        optimizer.zero_grad()
        (loss / count).backward()
        grads = {name: parameter.grad for name, parameter in way.model.named_parameters()}
        assert all(grad is not None and torch.isfinite(grad).all() for grad in grads.values()), grads.keys()
        optimizer.step()
        losses.append(loss.item() / count)
    assert np.mean(losses[-10:]) < np.mean(losses[:10])


@pytest.mark.parametrize("kind", ["recursive", "direct"])
def test_nothing_after_the_origin_matters(kind: str) -> None:
    whole = _series(30, "a")
    inputs = inputs_for([whole], strategy=kind)
    way = _way(kind, inputs)
    way.model.eval()
    changed = series_of(np.where(np.arange(30)[:, None] < 22, whole.values, -1e3), "a", known=whole.known)
    levels = (0.1, 0.5, 0.9)
    found = [
        way.forecast([encode(each.until(22), inputs, CLOCK, 4)], 4, levels, 50, lambda row: np.random.default_rng(row))
        for each in (whole, changed)
    ]
    assert (found[0] == found[1]).all()
    assert found[0].shape == (1, 4, 1, 3)
    assert (np.diff(found[0], axis=-1) >= 0).all()


def test_missing_values_are_not_scored() -> None:
    whole = _series(30, "a")
    for kind in ("recursive", "direct"):
        inputs = inputs_for([whole], strategy=kind, gaps=True)
        way = _way(kind, inputs)
        windows = [(0, 5, 18)]
        counts = []
        for values in (whole.values, np.where(np.arange(30)[:, None] % 4 == 0, np.nan, whole.values)):
            series = series_of(values, "a", known=whole.known)
            loss, count = way.loss([encode(series, inputs, CLOCK)], windows, 0)
            assert torch.isfinite(loss)
            counts.append(count)
        assert counts[1] < counts[0]


def test_quantiles_between_those_that_were_learned_lie_between_them() -> None:
    whole = _series(30, "a")
    inputs = inputs_for([whole], strategy="direct")
    way = _way("direct", inputs)
    way.model.eval()
    encoded = [encode(whole, inputs, CLOCK, 4)]
    found = way.forecast(encoded, 4, (0.1, 0.125, 0.15))
    assert found[..., 1] == pytest.approx((found[..., 0] + found[..., 2]) / 2)


def test_windows_lie_inside_and_are_drawn_evenly() -> None:
    windows = Windows([5, 40, 12], length=10, horizon=5, lead=8)
    drawn = [each for step in range(400) for each in windows.draw(seed=3, step=step, count=16)]
    assert drawn[:16] == windows.draw(seed=3, step=0, count=16)
    starts = {row: sorted({start for which, start, _ in drawn if which == row}) for row in range(3)}
    assert starts == {0: [0], 1: list(range(8, 31)), 2: [2]}
    assert {(row, stop - start) for row, start, stop in drawn} == {(0, 5), (1, 10), (2, 10)}
    share = np.mean([row == 1 for row, _, _ in drawn])
    assert share == pytest.approx(23 / 25, abs=0.02)
