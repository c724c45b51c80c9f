"""Anything may be handed to the core: it computes what the reference computes, or an error says what does not fit."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from throughtime.errors import KernelError, ShapeError, UsageError
from throughtime.kernels import native
from throughtime.kernels.dispatch import use_kernel
from throughtime.layers import GRU, LSTM, RNN, Recurrent

pytestmark = pytest.mark.skipif(native.unavailable() is not None, reason=str(native.unavailable()))
quiet: dict[str, Any] = {"database": None, "deadline": None, "suppress_health_check": list(HealthCheck)}
Errors = (ShapeError, UsageError, KernelError)

# -- through the layers --------------------------------------------------------------------------------------------

small = st.integers(0, 4)
shapes = st.lists(small, min_size=0, max_size=4).map(tuple)
dtypes = st.sampled_from([torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.bool])


@st.composite
def tensors(draw: st.DrawFn, devices: tuple[str, ...] = ("cpu", "cpu", "meta")) -> Tensor:
    """Of any shape, type, strides and device; sometimes with numbers that are none."""
    shape, dtype = draw(shapes), draw(dtypes)
    wide = torch.randn(*shape, 3).to(dtype).to(draw(st.sampled_from(devices)))
    x = draw(st.sampled_from([wide[..., 1], wide[..., 0].contiguous(), wide[..., 2].expand(shape)]))
    if dtype.is_floating_point and draw(st.booleans()) and x.numel() and x.device.type == "cpu":
        x = x.clone()
        x.view(-1)[0] = draw(
            st.sampled_from([torch.nan, torch.inf, -torch.inf, 1e38 if dtype != torch.float16 else 6e4])
        )
    return x


def mostly(good: Any, bad: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The right thing more often than not, so that what comes after it is reached."""
    return st.one_of(st.just(good), st.just(good), st.just(good), bad)


@given(data=st.data())
@settings(max_examples=400, derandomize=True, **quiet)
def test_a_layer_computes_or_refuses(data: st.DataObject) -> None:
    """On the core whatever the reference accepts gives the reference's values, and what it refuses is refused."""
    steps, batch, inputs = data.draw(small), data.draw(small), data.draw(st.integers(1, 3))
    made = data.draw(st.sampled_from([LSTM, GRU, RNN]))
    layer: Recurrent = made(inputs, data.draw(st.sampled_from([1, 3, 16, 17])), bidirectional=data.draw(st.booleans()))
    x = data.draw(mostly(torch.randn(steps, batch, inputs), tensors()))
    lengths, here = [data.draw(st.integers(0, steps)) for _ in range(batch)], tensors(devices=("cpu",))
    wrong = st.one_of(st.lists(st.integers(-3, 6), max_size=5), st.just([2**62] * batch), st.just([1.5]), here)
    lengths = data.draw(mostly(data.draw(st.sampled_from([lengths, None])), wrong))
    resets = data.draw(mostly(data.draw(st.sampled_from([torch.rand(batch, steps) < 0.4, None])), here))
    right = torch.randn(layer.directions, batch, layer.hidden_sizes[0])
    hx = data.draw(mostly(None, st.one_of(tensors(), st.tuples(tensors(), tensors()))))
    hx = data.draw(mostly(hx, st.just((right, right[..., :1].expand_as(right)) if made is LSTM else right)))
    told = [outcome(layer, kernel, x, hx, lengths, resets) for kernel in ("reference", "native")]
    if isinstance(told[0], str) or isinstance(told[1], str):
        assert told[0] == told[1] or "native" in told[1], told
        return
    for a, b in zip(*told, strict=True):
        torch.testing.assert_close(b, a, rtol=1e-4, atol=1e-5, equal_nan=True)


def outcome(layer: Recurrent, kernel: str, x: Tensor, hx: Any, lengths: Any, resets: Any) -> list[Tensor] | str:
    """Outputs and states, or what the error said."""
    try:
        with use_kernel(kernel):
            y, state = layer(x, hx, lengths=lengths, resets=resets)
    except Errors as error:
        return str(error)
    return [y, *(state if isinstance(state, tuple) else (state,))]


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("name", ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"])
@pytest.mark.parametrize("made", [LSTM, GRU, RNN])
@pytest.mark.parametrize("hidden", [3, 16, 37])
def test_no_number_in_a_weight(made: type[Recurrent], name: str, bad: float, hidden: int) -> None:
    """NaN arrives wherever the reference has it, infinity saturates as there, and nowhere else anything changes."""
    layer, x = made(3, hidden), torch.randn(6, 4, 3)
    getattr(layer, name).data.view(-1)[-1] = bad  # the candidate of the GRU, the output gate of the LSTM
    told = [outcome(layer, kernel, x, None, [6, 5, 2, 0], None) for kernel in ("reference", "native")]
    for a, b in zip(*told, strict=True):
        assert isinstance(a, Tensor) and isinstance(b, Tensor)
        torch.testing.assert_close(b, a, rtol=1e-4, atol=1e-5, equal_nan=True)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_no_number_in_one_row_stays_in_that_row(bad: float) -> None:
    """Rows share register tiles; a broken one must not reach its neighbours, in either pass."""
    layer, x = LSTM(3, 20), torch.randn(6, 9, 3)
    x[2, 4, 1] = bad
    x.requires_grad_()
    with use_kernel("native"):
        y, _ = layer(x, lengths=[6, 6, 6, 6, 6, 6, 4, 2, 1])
    others = [row for row in range(9) if row != 4]
    assert y[:, others].isfinite().all() and y[:2].isfinite().all()
    assert y[2:, 4].isnan().any() == (bad != bad)  # infinity saturates the gates
    (grad,) = torch.autograd.grad(y[:, others].sum(), x)
    assert grad[:, others].isfinite().all()


# -- a PackedSequence is the caller's: nothing keeps it from lying -----------------------------------------------------

PACKED: dict[str, tuple[list[Any], list[int] | None, torch.dtype]] = {
    "a negative size": ([3, 3, -1], None, torch.int64),
    "sizes that grow": ([2, 3], None, torch.int64),
    "sizes past the rows": ([3, 3], None, torch.int64),
    "an order of 32 bits": ([3, 2], [2, 0, 1], torch.int32),
    "an order of two rows": ([3, 2], [1, 0], torch.int64),
    "an order of four rows": ([3, 2], [1, 0, 3, 2], torch.int64),
}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", PACKED)
def test_a_packed_sequence_that_lies(name: str, training: bool) -> None:
    """With zoneout the core reads the caller's row numbers."""
    sizes, order, dtype = PACKED[name]
    layer = LSTM(3, 5, zoneout=0.3).train(training)
    indices = None if order is None else torch.tensor(order, dtype=dtype)
    back = None if indices is None else torch.argsort(indices)
    x = PackedSequence(torch.randn(5, 3), torch.tensor(sizes), indices, back)
    with use_kernel("native"), pytest.raises((ShapeError, UsageError)):
        layer(x)
