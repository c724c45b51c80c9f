"""Long sequences and wide layers: in seconds, and in windows that are told."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest
import torch

import throughtime as tt
from throughtime.layers import GRU, LSTM

LONG = 50_000


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Steps of one row are small: a second thread is of little use, and on a busy machine it waits for a core."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.alone
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(("name", "seconds"), [("gradient_flow", 5), ("memory_horizon", 5), ("jacobian_spectrum", 10)])
def test_two_layers_of_256_units_over_1000_steps(name: str, seconds: float) -> None:
    """Of one core's time; measured: 0.5, 0.9 and 4."""
    seen = tt.insight.subject(LSTM(256, 256, 2), torch.randn(1000, 256))
    started = time.process_time()
    getattr(tt.insight, name)(seen)
    assert time.process_time() - started < seconds


@pytest.mark.slow
def test_a_text_of_50_000_steps() -> None:
    """Each function reads it, in windows where it says so, and agrees with the part by itself."""
    layer, x = GRU(3, 8), torch.randn(LONG, 3)
    seen = tt.insight.subject(layer, x)
    said = "steps 40000 to 49999 of 50000 were looked at"
    flow = tt.insight.gradient_flow(seen)
    assert flow.note == said and flow.steps[0] == 40_000
    tail = tt.insight.gradient_flow(tt.insight.subject(layer, x[-500:]))
    np.testing.assert_allclose(flow.norms["h_l0"][-50:], tail.norms["h_l0"][-50:], rtol=1e-4)
    horizon = tt.insight.memory_horizon(seen, positions=12, replacements=1)
    assert horizon.note == said and horizon.positions.min() == 40_000
    spectrum = tt.insight.jacobian_spectrum(seen, distances=4)
    assert spectrum.note == said and spectrum.distances[-1] == 10_000
    gates = tt.insight.gate_statistics(seen)
    assert gates.note == "read in windows of 8192 steps, the state carried across" and len(gates.values["z_l0"]) == LONG
    assert len(tt.insight.find_units(seen, x[:, 0].numpy(), count=3).values[0]) == LONG
    assert len(tt.insight.saliency(seen, points=2).contributions) == LONG
    assert tt.insight.walk(seen, LONG - 3).error < 1e-12


def test_the_room_is_a_name_of_the_package() -> None:
    assert tt.insight.subject.__module__ == "throughtime.insight.subject" and "insight" in dir(tt)
    for name in tt.insight.__all__:
        assert callable(getattr(tt.insight, name))
