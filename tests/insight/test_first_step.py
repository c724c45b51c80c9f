"""What is left of the first step at each later one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import throughtime as tt
from throughtime.errors import ArgumentTypeError, ShapeError, UsageError
from throughtime.insight.first_step import left_of_first_step


def keeping(factor: float, batch_first: bool = True) -> tt.Recurrent:
    """h[t] = factor h[t-1] + x[t], for what is above 0."""
    layer = tt.RNN(2, 2, nonlinearity="relu", bias=False, batch_first=batch_first)
    with torch.no_grad():
        layer.weight_hh_l0.copy_(factor * torch.eye(2))
        layer.weight_ih_l0.copy_(torch.eye(2))
    return layer


@pytest.mark.parametrize("factor", [0.5, 0.9, 1.0, 1.1])
def test_a_linear_layer_keeps_its_share_at_each_step(factor: float) -> None:
    left = left_of_first_step(keeping(factor), torch.rand(5, 60, 2) + 0.1)
    np.testing.assert_allclose(left, factor ** np.arange(60.0), rtol=1e-5, atol=1e-14)


def test_what_fades_below_any_float32_is_a_number_there_still() -> None:
    left = left_of_first_step(keeping(0.1), torch.rand(2, 12, 2) + 0.1)
    np.testing.assert_allclose(left[:11], 0.1 ** np.arange(11.0), rtol=1e-4)


def test_the_axis_of_time_is_the_layers_own_affair_and_the_layer_is_as_it_was() -> None:
    layer = keeping(0.5, batch_first=False).train()
    before = [parameter.clone() for parameter in layer.parameters()]
    x = torch.rand(3, 8, 2) + 0.1
    np.testing.assert_allclose(left_of_first_step(layer, x), left_of_first_step(keeping(0.5), x))
    assert layer.training and all(map(torch.equal, before, layer.parameters()))
    assert all(parameter.dtype == torch.float32 for parameter in layer.parameters())


def test_sequences_that_begin_alike_say_nothing_and_one_step_says_all() -> None:
    x = torch.rand(3, 8, 2) + 0.1
    x[1, 0] = x[0, 0]  # the other two differ
    np.testing.assert_allclose(left_of_first_step(keeping(0.5), x), 0.5 ** np.arange(8.0), rtol=1e-5, atol=1e-14)
    assert left_of_first_step(keeping(0.5), x[:, :1]).tolist() == [1.0]
    with pytest.raises(UsageError, match="begin alike"):
        left_of_first_step(keeping(0.5), x[:1])


def test_a_layer_that_reads_nothing_at_the_first_step_has_nothing_left() -> None:
    layer = keeping(0.5)
    with torch.no_grad():
        layer.weight_ih_l0.zero_()
    assert left_of_first_step(layer, torch.rand(2, 5, 2)).tolist() == [0.0] * 5


def test_bad_input_is_refused_in_a_line() -> None:
    with pytest.raises(ShapeError, match="read both ways"):
        left_of_first_step(tt.LSTM(2, 3, bidirectional=True), torch.rand(2, 5, 2))
    with pytest.raises(ShapeError, match=r"x must be \(B, T, 2\)"):
        left_of_first_step(tt.LSTM(2, 3), torch.rand(5, 2))
    with pytest.raises(ArgumentTypeError):
        left_of_first_step(torch.nn.LSTM(2, 3), torch.rand(2, 5, 2))  # type: ignore[arg-type]
