"""The stream: equal to one pass however it is cut; its weights; the choice of its kernel."""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest
import torch
from makers import MAKERS
from torch import Tensor

from throughtime.errors import KernelError, UsageError
from throughtime.kernels import native
from throughtime.kernels.dispatch import use_kernel
from throughtime.layers import GRU, LSTM, RNN, Recurrent

needs_core = pytest.mark.skipif(native.unavailable() is not None, reason=str(native.unavailable()))
EXACT: dict[str, float] = {"rtol": 1e-12, "atol": 1e-12}
"""Float64 has 2.2e-16 per operation; the sums have some hundred terms of about 1."""
FAST: dict[str, dict[str, Any]] = {
    "plain": {},
    "no bias": {"bias": False},
    "three layers": {"num_layers": 3},
    "of many widths": {"hidden_size": [37, 5, 64]},
    "zoneout": {"zoneout": 0.3, "num_layers": 2},
    "learned": {"initial_state": "learned", "num_layers": 2},
    "dropouts": {"recurrent_dropout": 0.5, "weight_dropout": 0.5, "input_dropout": 0.5},
}
"""What the core streams; the other tests know the rest."""
CELLS = ["lstm", "gru", "rnn_tanh", "rnn_relu"]


def made(cell: str, inputs: int = 3, hidden: Any = 33, dtype: torch.dtype = torch.float64, **options: Any) -> Recurrent:
    torch.manual_seed(3)
    layer = MAKERS[cell](inputs, options.pop("hidden_size", hidden), dtype=dtype, **options)
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            if name.startswith(("h0", "c0")):
                parameter.normal_()
    return layer


def parts(state: Any) -> list[Tensor]:
    """All tensors of a state."""
    return [state] if isinstance(state, Tensor) else [tensor for part in state for tensor in parts(part)]


def told(layer: Recurrent, x: Tensor) -> tuple[Tensor, list[Tensor]]:
    """The whole pass of the reference in inference."""
    training = layer.training
    with use_kernel("reference"), torch.no_grad():
        y, state = layer.eval()(x)
    layer.train(training)
    return y, parts(state)


def equal(ours: Any, theirs: Any) -> None:
    for one, other in zip(parts(ours), parts(theirs), strict=True):
        torch.testing.assert_close(one, other, **EXACT)


# -- equal to one pass -------------------------------------------------------------------------------------------------


@needs_core
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("name", FAST)
@pytest.mark.parametrize("batch", [1, 2, 7, 70])
def test_any_cut_equals_one_pass(cell: str, name: str, batch: int) -> None:
    """Chunks shorter and longer than what the core takes at once, between single steps of either kind."""
    layer = made(cell, **FAST[name])
    x = torch.randn(150, batch, 3, dtype=torch.float64)
    stream, ys, at = layer.stream(batch), [], 0
    assert stream.kernel.kernel == "native"
    for size in (1, 0, 70, 1, 1, 5, 64, 1, 7):
        chunk, at = x[at : at + size], at + size
        ys.append(stream.feed(chunk))
    ys += [torch.from_numpy(stream.step(chunk.numpy()))[None] for chunk in x[at:]]
    y, state = told(layer, x)
    equal(torch.cat(ys), y)
    equal(stream.state, state)
    assert len(ys) == 9
    assert layer.training


@needs_core
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("inputs, hidden", [(1, 1), (5, 16), (64, 64), (130, 200)])
@pytest.mark.parametrize("batch", [1, 3, 12])
def test_sizes_that_fill_lanes_or_not(cell: str, inputs: int, hidden: int, batch: int) -> None:
    layer, x = made(cell, inputs, hidden, num_layers=2), torch.randn(6, batch, inputs, dtype=torch.float64)
    stream = layer.stream(batch)
    equal(torch.stack([stream.step(each) for each in x]), told(layer, x)[0])


@needs_core
def test_peepholes_and_zoneout_of_each_part() -> None:
    layer, x = made("lstm", peepholes=True, zoneout=(0.3, 0.1)), torch.randn(9, 2, 3, dtype=torch.float64)
    with torch.no_grad():
        layer.weight_ch_l0.normal_()
    stream = layer.stream(2)
    assert stream.kernel.kernel == "native"
    equal(stream.feed(x), told(layer, x)[0])


@needs_core
@pytest.mark.parametrize("cell", CELLS)
def test_float32_keeps_to_float64(cell: str) -> None:
    """6e-8 per operation; h is fed back fifty times and does not grow."""
    wide = made(cell, hidden=96, num_layers=2)
    layer = MAKERS[cell](3, 96, num_layers=2)
    layer.load_state_dict({name: tensor.float() for name, tensor in wide.state_dict().items()})
    x = torch.randn(50, 1, 3)
    stream = layer.stream()
    y = torch.stack([stream.step(each) for each in x])
    torch.testing.assert_close(y, told(wide, x.double())[0].float(), rtol=1e-4, atol=1e-5)


@needs_core
def test_the_number_of_threads_changes_no_bit(two_threads: None) -> None:
    layer = LSTM(256, 256, 2)
    x = torch.randn(100, 1, 256)
    alone, together = layer.stream(), layer.stream()
    shared = together.feed(x)  # so much work wakes the other thread
    stepped = [together.step(each) for each in x]
    torch.set_num_threads(1)
    assert alone.feed(x).equal(shared)
    assert torch.stack([alone.step(each) for each in x]).equal(torch.stack(stepped))


# -- weights -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", ["native", "reference"])
@pytest.mark.parametrize("how", ["refresh", "reset"])
def test_weights_are_those_of_the_last_reading(kernel: str, how: str) -> None:
    if kernel == "native" and native.unavailable():
        pytest.skip(str(native.unavailable()))
    around = {} if kernel == "native" else {"pre_norm": True, "feed_forward": 5}
    layer = LSTM(3, 20, initial_state="learned", dtype=torch.float64, **around)
    with use_kernel(kernel):
        stream, still = layer.stream(2), layer.stream(2)
    x = torch.randn(4, 2, 3, dtype=torch.float64)
    before = told(layer, x)[0]
    equal(stream.step(x[0]), before[0])
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.data.mul_(-1.5).add_(0.1)
    state = stream.state
    equal(torch.stack([still.step(each) for each in x]), before)
    still.reset([0, 1])
    equal(still.feed(x), before)
    getattr(stream, how)()
    if how == "refresh":
        equal(stream.state, state)
        with torch.no_grad():
            equal(stream.step(x[1]), layer(x[1:2], state)[0][0])
    else:
        equal(stream.feed(x), told(layer, x)[0])


def test_a_layer_that_the_streams_kernel_cannot_run_any_more() -> None:
    layer = LSTM(3, 4)
    with use_kernel("torch"):
        stream = layer.stream()
    layer.zoneout = (0.5, 0.5)
    with pytest.raises(KernelError, match="'torch', but not the layer as it is now"):
        stream.refresh()


def test_a_layer_with_a_stream_is_copied_and_saved_as_ever() -> None:
    layer, x = LSTM(3, 20, 2), torch.randn(1, 3)
    stream = layer.stream()
    y = stream.step(x)
    file = io.BytesIO()
    torch.save(layer, file)
    file.seek(0)
    for other in (copy.deepcopy(layer), torch.load(file, weights_only=False)):
        assert other.stream().step(x).equal(y)


# -- bfloat16 weights --------------------------------------------------------------------------------------------------


@needs_core
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("inputs, hidden, batch", [(3, 5, 1), (64, 64, 1), (64, 65, 9), (130, 48, 70)])
def test_bfloat16_weights(cell: str, inputs: int, hidden: int, batch: int) -> None:
    """A weight, x or h loses half of 2^-8 of itself at most; the errors of a sum of products add up as squares do."""
    layer = MAKERS[cell](inputs, hidden, num_layers=2)
    x = torch.randn(64, batch, inputs)
    exact, rounded = layer.stream(batch), layer.stream(batch, weight_dtype=torch.bfloat16)
    y, ours = exact.feed(x), rounded.feed(x)
    assert ours.dtype == torch.float32
    assert 1e-5 < (ours - y).abs().max() < 0.03
    rounded.state = exact.state
    equal(rounded.state, exact.state)
    one, other = rounded.step(x[0]), exact.step(x[0])
    assert (one - other).abs().max() < 0.015
    assert not one.bfloat16().float().equal(one)


@needs_core
def test_weights_of_the_layers_own_type() -> None:
    x = torch.randn(1, 3)
    layer = LSTM(3, 4)
    assert layer.stream(weight_dtype=torch.float32).step(x).equal(layer.stream().step(x))
    assert layer.bfloat16().stream(weight_dtype=torch.bfloat16).step(x.bfloat16()).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("layer", "dtype", "message"),
    [
        (LSTM(3, 4, dtype=torch.float64), torch.bfloat16, "for a float32 layer, got torch.bfloat16 for torch.float64"),
        (LSTM(3, 4), torch.float16, "for a float32 layer, got torch.float16"),
        (LSTM(3, 4).bfloat16(), torch.float32, "got torch.float32 for torch.bfloat16"),
        (LSTM(3, 4, layer_norm=True), torch.bfloat16, "needs the native kernel: it does not stream ln_"),
        (GRU(3, 4, reset_after=False), torch.bfloat16, "needs the native kernel: .*'gru_reset_before'"),
    ],
)
@needs_core
def test_weights_of_a_type_that_cannot_be_had(layer: Recurrent, dtype: torch.dtype, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        layer.stream(weight_dtype=dtype)


def test_a_forced_kernel_has_no_narrow_weights() -> None:
    with use_kernel("reference"), pytest.raises(UsageError, match="'reference' is forced"):
        LSTM(3, 4).stream(weight_dtype=torch.bfloat16)


# -- the choice --------------------------------------------------------------------------------------------------------


def test_a_forced_kernel_runs_steps_and_chunks_for_good() -> None:
    layer, x = RNN(3, 4, dtype=torch.float64), torch.randn(3, 2, 3, dtype=torch.float64)
    for kernel in ("reference", "torch") if native.unavailable() else ("reference", "torch", "native"):
        with use_kernel(kernel):
            stream = layer.stream(2)
        assert stream.kernel.kernel == kernel
        assert str(stream.kernel).startswith(f"{kernel}: runs this call")
        equal(torch.cat([stream.step(x[0])[None], stream.feed(x[1:])]), told(layer, x)[0])


REFUSED: dict[str, tuple[Any, str]] = {
    "layer norm": (lambda: LSTM(3, 4, layer_norm=True), "ln_hh"),
    "projection": (lambda: LSTM(3, 4, proj_size=2), "weight_hr"),
    "reset before": (lambda: GRU(3, 4, reset_after=False), "'gru_reset_before'"),
    "residual": (lambda: LSTM(3, 4, 2, residual=True), "stacks with residual"),
    "blocks": (lambda: LSTM(3, 4, 2, pre_norm=True, feed_forward=5), "stacks with pre_norm, feed_forward"),
    "own cell": (lambda: MAKERS["mgu"](3, 4), "'mgu'"),
    "half": (lambda: LSTM(3, 4).bfloat16(), "torch.bfloat16"),
    "device": (lambda: LSTM(3, 4, device="meta"), "not on meta"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_core_does_not_stream(name: str) -> None:
    make, reason = REFUSED[name]
    layer = make()
    with use_kernel("native"), pytest.raises(KernelError, match=f"'native' was forced and cannot stream .*{reason}"):
        layer.stream()
    stream = layer.stream()
    assert stream.kernel.kernel != "native"
    assert reason.strip("'") in stream.kernel.refused["native"]


def test_torch_streams_its_own_cells_only() -> None:
    with use_kernel("torch"), pytest.raises(KernelError, match="'torch' was forced and cannot stream"):
        LSTM(3, 4, zoneout=0.1).stream()
