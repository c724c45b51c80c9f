"""What is kept of a sequence that changes is what the layers give for the whole of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

import throughtime as tt
from throughtime.errors import UsageError
from throughtime.lab.reading import EVERY, Reading

LAYERS = {
    "lstm": lambda: tt.LSTM(3, 5, 2, batch_first=True),
    "gru": lambda: tt.GRU(3, 5),
    "rnn": lambda: tt.RNN(3, 5, batch_first=True),
    "projected": lambda: tt.LSTM(3, 5, proj_size=2, batch_first=True),
    "both ways": lambda: tt.LSTM(3, 5, bidirectional=True, batch_first=True),
    "residual": lambda: tt.GRU(5, 5, 2, residual=True),
    "mingru": lambda: tt.MinGRU(3, 5, batch_first=True),
}


def whole(layer: tt.Recurrent, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """All at once, in float64."""
    precise = layer.double()
    with torch.no_grad():
        y, _, traced = precise(x.double()[None] if layer.batch_first else x.double()[:, None], trace=True)
    layer.float()
    pick = (lambda each: each[0]) if layer.batch_first else (lambda each: each[:, 0])
    return pick(y), {name: pick(track) for name, track in traced.items()}


@pytest.mark.parametrize("name", LAYERS)
def test_after_any_edits_the_numbers_are_those_of_the_whole(name: str) -> None:
    torch.manual_seed(0)
    layer = LAYERS[name]().eval()
    x = torch.randn(3 * EVERY + 9, layer.input_size)
    edited = torch.cat([x[:100], torch.randn(7, layer.input_size), x[100:]])
    reading = Reading(layer)
    for given in (x[:1], x[:EVERY], x, edited, edited[:70], x[:EVERY], edited, torch.randn(5, layer.input_size)):
        reading.read(given)
        y, traced = whole(layer, given)
        assert reading.steps == len(given)
        assert set(reading.names) == set(traced)
        np.testing.assert_allclose(reading.outputs, y, atol=2e-6)
        for track, wanted in traced.items():
            np.testing.assert_allclose(reading.track(track), wanted, atol=2e-6, err_msg=track)


def test_only_what_follows_a_change_is_read() -> None:
    layer = tt.GRU(2, 3, batch_first=True).eval()
    seen: list[int] = []
    layer.register_forward_pre_hook(lambda module, given: seen.append(given[0].shape[1]))
    x = torch.randn(1000, 2)
    reading = Reading(layer)
    assert reading.read(x[:999]) == 0
    seen.clear()
    assert reading.read(x) == 960 and seen == [40]
    seen.clear()
    assert reading.read(x) == 1000 and seen == []
    assert reading.read(x[:700]) == 700 and seen == []
    assert reading.read(x[:701]) == 640 and seen == [61]


def test_both_ways_all_is_read_again_even_where_the_end_was_cut() -> None:
    layer = tt.GRU(2, 3, bidirectional=True, batch_first=True).eval()
    reading, x = Reading(layer), torch.randn(150, 2)
    assert reading.read(x) == 0
    assert reading.read(x[:149]) == 0
    assert reading.read(x[:149]) == 149


def test_numbers_that_are_not_finite_are_told_and_the_next_sequence_is_read() -> None:
    layer = tt.RNN(2, 3, batch_first=True).eval()
    reading, x = Reading(layer), torch.randn(100, 2)
    reading.read(x)
    bad = x.clone()
    bad[80] = torch.nan
    with pytest.raises(UsageError, match=r"not finite .*steps 64 to 99"):
        reading.read(bad)
    reading.read(x)
    np.testing.assert_allclose(reading.outputs, whole(layer, x)[0], atol=2e-6)
