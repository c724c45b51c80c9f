"""ConvLSTM: what it equals where pictures are points, where it looks, forms, streams, starts, and what is refused."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
import oracle
import pytest
import torch
from cases import TIGHT, parameters_of
from restated import PLACE, ConvCase
from torch import Tensor, nn
from torch.nn import functional

import throughtime as tt
from throughtime.errors import ArgumentTypeError, ShapeError, UsageError

EXACT: dict[str, float] = {"rtol": 1e-12, "atol": 1e-12}
"""Float64 has 2.2e-16 per operation; the sums have some tens of terms of about 1."""


def made(*sizes: Any, **options: Any) -> tt.ConvLSTM:
    torch.manual_seed(2)
    return tt.ConvLSTM(*sizes, **{"dtype": torch.float64, **options})


def frames(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


# -- the equations -----------------------------------------------------------------------------------------------------


def test_on_pictures_of_one_place_it_is_an_lstm() -> None:
    """So are its weights: the default start is that of the LSTM, number for number; of 3 x 3 only the middle is met."""
    layer, twin = made(3, 4, 1, 1, num_layers=2), tt.LSTM(3, 4, num_layers=2, dtype=torch.float64, peepholes=True)
    torch.manual_seed(2)
    twin.reset_parameters()
    for (name, ours), (other, theirs) in zip(layer.named_parameters(), twin.named_parameters(), strict=True):
        assert name == other and ours.flatten().equal(theirs.flatten())
    x = frames(5, 2, 3)
    y, state = layer(x[..., None, None])
    told, final = twin(x)
    torch.testing.assert_close(y[..., 0, 0], told, **EXACT)
    for ours, theirs in zip(state, final, strict=True):
        torch.testing.assert_close(ours[..., 0, 0], theirs, **EXACT)
    wide = made(3, 4, 1, 3, num_layers=2)
    with torch.no_grad():
        for name, parameter in wide.named_parameters():
            given = getattr(layer, name)
            middle = parameter[..., 1:2, 1:2] if name.startswith(("weight_ih", "weight_hh")) else parameter
            middle.copy_(given)
    torch.testing.assert_close(wide(x[..., None, None])[0], y, **EXACT)


def test_kernels_of_one_place_are_an_lstm_at_each_place() -> None:
    layer = made(2, 3, (4, 5), 1, peepholes=False)
    twin = tt.LSTM(2, 3, dtype=torch.float64)
    twin.load_state_dict({name: value.reshape(getattr(twin, name).shape) for name, value in layer.state_dict().items()})
    x = frames(6, 2, 2, 4, 5)
    told, _ = twin(x.permute(0, 1, 3, 4, 2).reshape(6, 40, 2))
    torch.testing.assert_close(layer(x)[0], told.reshape(6, 2, 4, 5, 3).permute(0, 1, 4, 2, 3), **EXACT)


def test_one_step_by_hand() -> None:
    """A row of three places, a kernel of three across: eq. 3 in Python's numbers, from a state that is given."""
    layer = made(1, 1, (1, 3), (1, 3))
    x, h, c = [0.3, -0.5, 0.8], [0.1, 0.4, -0.2], [0.6, -0.7, 0.2]
    p = {name[: -len("_l0")]: value.detach().squeeze().tolist() for name, value in layer.named_parameters()}

    def sigmoid(a: float) -> float:
        return 1 / (1 + math.exp(-a))

    def seen(gate: int, at: int) -> float:
        total = p["bias_ih"][gate] + p["bias_hh"][gate]
        for k, offset in enumerate((-1, 0, 1)):
            if 0 <= at + offset < 3:
                total += p["weight_ih"][gate][k] * x[at + offset] + p["weight_hh"][gate][k] * h[at + offset]
        return total

    hs: list[float] = []
    cs: list[float] = []
    for at in range(3):
        i = sigmoid(seen(0, at) + p["weight_ch"][0][at] * c[at])
        f = sigmoid(seen(1, at) + p["weight_ch"][1][at] * c[at])
        cs.append(f * c[at] + i * math.tanh(seen(2, at)))
        hs.append(sigmoid(seen(3, at) + p["weight_ch"][2][at] * cs[-1]) * math.tanh(cs[-1]))
    picture = (1, 1, 1, 1, 3)
    state = tuple(torch.tensor(part, dtype=torch.float64).view(picture) for part in (h, c))
    y, final = layer(torch.tensor(x, dtype=torch.float64).view(picture), state)
    torch.testing.assert_close(y.flatten().tolist(), hs, **EXACT)
    torch.testing.assert_close([part.flatten().tolist() for part in final], [hs, cs], **EXACT)


def test_a_place_sees_its_neighbourhood_and_time_widens_it() -> None:
    """A change at one place reaches kernel // 2 places further with each step, and no other."""
    layer, x = made(1, 2, (9, 9), 3), frames(4, 1, 1, 9, 9)
    other = x.clone()
    other[0, 0, 0, 4, 4] += 1.0
    differs = (layer(x)[0] != layer(other)[0])[:, 0].any(1)
    for t, reached in enumerate(differs):
        told = torch.zeros(9, 9, dtype=torch.bool)
        told[max(0, 3 - t) : 6 + t, max(0, 3 - t) : 6 + t] = True
        assert reached.equal(told)


def test_what_moves_inside_moves_what_comes_out() -> None:
    """Without peepholes all places have the same weights; what is near the edge sees the zeros beyond it."""
    layer, x = made(1, 2, (12, 12), 3, peepholes=False), torch.zeros(3, 1, 1, 12, 12, dtype=torch.float64)
    x[:, :, :, 4:6, 4:6] = frames(3, 1, 1, 2, 2)
    y, moved = layer(x)[0], layer(x.roll((1, 2), (-2, -1)))[0]
    torch.testing.assert_close(moved[..., 4:9, 4:9], y[..., 3:8, 2:7], **EXACT)


def test_the_frames_of_all_steps_are_convolved_at_once() -> None:
    """One call over T*B frames, and one over B states a step."""
    layer, x, batches = made(1, 2, (4, 3)), frames(5, 2, 1, 4, 3), []
    convolve = functional.conv2d

    def counted(pictures: Tensor, *arguments: Any, **options: Any) -> Tensor:
        batches.append(pictures.shape[0])
        return convolve(pictures, *arguments, **options)

    with patch.object(functional, "conv2d", counted):
        layer(x)[0].sum().backward()
    assert batches == [10, 2, 2, 2, 2, 2]


# -- the interface -----------------------------------------------------------------------------------------------------


def test_every_gate() -> None:
    case = ConvCase(lengths=(4, 2), options={"num_layers": 2})
    layer, batch = case.layer(), case.batch()
    traced = layer(case.entered(batch), lengths=[4, 2], trace=True)[2]
    assert set(traced) == {f"{name}_l{n}" for name in "ifgohc" for n in (0, 1)}
    net = oracle.Net(cell="conv_lstm", layers=parameters_of(layer))
    zeros = [[[torch.zeros(12, dtype=torch.float64)] * 2]] * 2
    for row, x in enumerate(batch.rows):
        _, _, told = net.row(x, row, zeros, zeros, [])
        for n, (seen,) in enumerate(told):
            for t, (gates, carry) in enumerate(zip(seen["gates"], seen["carry"], strict=True)):
                for name, value in {**gates, "h": carry[0], "c": carry[1]}.items():
                    torch.testing.assert_close(traced[f"{name}_l{n}"][t, row], value.view(2, *PLACE), **TIGHT)


def test_masked_steps_are_passed_over() -> None:
    layer, x = made(2, 3, (3, 2), bidirectional=True, batch_first=True), frames(2, 5, 2, 3, 2)
    mask = torch.tensor([[True, False, True, True, False], [True] * 5])
    y, (h, c) = layer(x, mask=mask)
    told, (h_0, c_0) = layer(x[:1, [0, 2, 3]])
    torch.testing.assert_close(y[:1, [0, 2, 3]], told, **EXACT)
    torch.testing.assert_close((h[:, :1], c[:, :1]), (h_0, c_0), **EXACT)
    assert not y[0, [1, 4]].any()
    held = layer(x, mask=mask, zero_output_for_mask=False)[0]
    torch.testing.assert_close(held[0, 1, :3], y[0, 0, :3], **EXACT)  # forward: the step before
    torch.testing.assert_close(held[0, 1, 3:], y[0, 2, 3:], **EXACT)  # backward: the one after


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("chunks", [[7], [1] * 7, [3, 0, 1, 2, 1]])
def test_a_stream_equals_one_pass_in_any_chunks(batch_first: bool, chunks: list[int]) -> None:
    options: dict[str, Any] = {"num_layers": 2, "initial_state": "learned", "zoneout": 0.2, "batch_first": batch_first}
    layer, time = made(2, [3, 1], (3, 4), **options).eval(), int(batch_first)
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=0.5)
    x = frames(7, 2, 2, 3, 4).transpose(0, time).contiguous()
    with torch.no_grad():
        y, state = layer(x)
    stream = layer.stream(2)
    parts = [
        stream.step(part.squeeze(time)).unsqueeze(time) if part.shape[time] == 1 else stream.feed(part)
        for part in x.split(chunks, time)
    ]
    torch.testing.assert_close(torch.cat(parts, time), y, **EXACT)
    for ours, theirs in zip(stream.state, state, strict=True):
        torch.testing.assert_close(ours, theirs, **EXACT)


def test_a_stream_takes_arrays_and_writes_where_it_is_told() -> None:
    layer, x = made(2, 3, (3, 4), dtype=torch.float32), torch.randn(2, 2, 2, 3, 4)
    y = layer(x)[0].detach()
    stream = layer.stream(2)
    assert np.allclose(stream.step(x[0].numpy()), y[0].numpy(), atol=1e-6)
    out = torch.empty(3, 2, 3, 4).transpose(0, 1)  # of steps that no view flattens
    assert stream.step(x[1], out) is out and torch.allclose(out, y[1], atol=1e-6)
    stream.reset()
    array = np.empty((2, 3, 3, 4), np.float32)
    stream.step(x[0].numpy(), array)
    assert np.allclose(array, y[0].numpy(), atol=1e-6)


def test_a_streams_rows_are_set_reset_and_selected() -> None:
    layer, x = made(1, 2, (3, 2)), frames(3, 3, 1, 3, 2)
    stream = layer.stream(3)
    first = stream.step(x[0])
    stream.reset([1])
    assert not stream.state[1][:, 1].any() and stream.state[1][:, 0].any()
    stream.state = layer(x[:1])[1]
    assert stream.state[0][0].equal(first)
    stream.select([2, 0])
    torch.testing.assert_close(stream.step(x[1][[2, 0]]), layer(x[:2])[0][1][[2, 0]].detach(), **EXACT)


def test_a_state_handed_over_is_one_pass() -> None:
    layer, x = made(1, 2, (3, 2), num_layers=2), frames(6, 2, 1, 3, 2)
    y, state = layer(x)
    first, between = layer(x[:2])
    then, after = layer(x[2:], between)
    torch.testing.assert_close(torch.cat([first, then]), y, **EXACT)
    torch.testing.assert_close(after, state, **EXACT)


def test_rows_of_no_step_and_batches_of_no_row() -> None:
    layer, state = made(1, 2, (3, 4)), (frames(1, 2, 2, 3, 4), frames(1, 2, 2, 3, 4))
    y, (h, c) = layer(frames(5, 2, 1, 3, 4), state, lengths=[0, 0])
    assert not y.any() and y.shape == (5, 2, 2, 3, 4) and h.equal(state[0]) and c.equal(state[1])
    y, (h, c) = layer(frames(5, 0, 1, 3, 4))
    assert y.shape == (5, 0, 2, 3, 4) and h.shape == c.shape == (1, 0, 2, 3, 4)


def test_starts() -> None:
    bound = 1 / math.sqrt(8 * 9)
    layer = made(1, 8, 6)
    assert all(0.9 * bound < p.abs().max() <= bound for p in layer.parameters() if p.numel() > 100)
    layer = made(1, 8, 6, init="forget_bias:2")
    assert (layer.bias_ih_l0[8:16] == 2).all() and not layer.bias_hh_l0[8:16].any()
    assert layer.bias_ih_l0[:8].abs().max() <= bound and layer.bias_ih_l0[16:].abs().max() <= bound
    layer = made(1, 8, 6, init="chrono:20")
    assert layer.bias_ih_l0[:8].equal(-layer.bias_ih_l0[8:16]) and (layer.bias_ih_l0[8:16] >= 0).all()
    layer = made(1, 8, 6, init="orthogonal")
    for gate in layer.weight_hh_l0.detach().flatten(1).chunk(4):
        torch.testing.assert_close(gate @ gate.T, torch.eye(8, dtype=torch.float64), **EXACT)


def test_it_is_explained_copied_saved_and_described() -> None:
    layer, x = made(1, 2, (3, 4), 5, num_layers=2, peepholes=False), frames(5, 2, 1, 3, 4)
    assert tt.explain(layer, x, lengths=[5, 3]).kernel == "reference"
    other = copy.deepcopy(layer)
    other.load_state_dict({name: value * 1.0 for name, value in layer.state_dict().items()})
    assert other(x)[0].equal(layer(x)[0])
    assert repr(layer) == "ConvLSTM(1, 2, (3, 4), kernel_size=(5, 5), peepholes=False, num_layers=2)"
    assert layer.weight_ih_l1.shape == (8, 2, 5, 5)


def test_it_is_one_node_to_fx() -> None:
    class Holder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = made(1, 2, (3, 2))

        def forward(self, x: Tensor) -> Tensor:
            return self.inner(x)[0] * 2

    holder, x = Holder(), frames(4, 2, 1, 3, 2)
    assert torch.fx.symbolic_trace(holder)(x).equal(holder(x))


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True, "peepholes": False}], ids=str)
def test_compiled_it_is_the_same(options: dict[str, Any]) -> None:
    layer = made(1, 2, (3, 4), **options)
    compiled = torch.compile(layer, fullgraph=True, dynamic=True, backend="aot_eager")
    for batch, steps in ((5, 7), (2, 9)):
        x, lengths = frames(steps, batch, 1, 3, 4), torch.arange(steps - batch + 1, steps + 1)
        results: list[tuple[Tensor, ...]] = []
        for run in (compiled, layer):
            y, state = run(x, lengths=lengths)
            total = y.square().sum() + sum(part.sum() for part in state)
            results.append((y, *state, *torch.autograd.grad(total, list(layer.parameters()))))
        torch.testing.assert_close(*results, **TIGHT)


# -- what is refused ---------------------------------------------------------------------------------------------------

X = torch.zeros(5, 2, 1, 3, 4)


def small(**options: Any) -> tt.ConvLSTM:
    return tt.ConvLSTM(1, 2, (3, 4), **options)


REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "even kernel": (lambda: tt.ConvLSTM(1, 2, 8, (3, 4)), UsageError, r"kernel_size must be odd.*got \(3, 4\)"),
    "three sides": (lambda: tt.ConvLSTM(1, 2, (8, 8, 8)), ArgumentTypeError, r"picture_size is one number or \(height"),  # type: ignore[arg-type]
    "no side": (lambda: tt.ConvLSTM(1, 2, (8, 0)), UsageError, "picture_size must be 1 or more, got 0"),
    "no channel": (lambda: tt.ConvLSTM(1, [2, 0], 8), UsageError, "hidden_channels must be 1 or more, got 0"),
    "a share of a channel": (lambda: tt.ConvLSTM(1, 0.5, 8), ArgumentTypeError, "hidden_channels must be a whole"),  # type: ignore[arg-type]
    "peepholes": (lambda: small(peepholes=3), ArgumentTypeError, "peepholes must be True or False"),
    "projection": (lambda: small(proj_size=2), UsageError, "no projection: leave proj_size at 0"),
    "layer norm": (lambda: small(layer_norm=True), UsageError, "does not declare 'layer_norm'"),
    "weight dropout": (lambda: small(weight_dropout=0.1), UsageError, "leave it at 0"),
    "stream of two directions": (lambda: small(bidirectional=True).stream(), UsageError, "cannot stream"),
    "bfloat16 stream": (lambda: small().stream(weight_dtype=torch.bfloat16), UsageError, "needs the native kernel"),
    "flat input": (lambda: small()(X.flatten(-3)), ShapeError, r"= \(1, 3, 4\), got shape \(5, 2, 12\)"),
    "turned input": (lambda: small()(X.mT), ShapeError, r"= \(1, 3, 4\), got shape \(5, 2, 1, 4, 3\)"),
    "one frame": (lambda: small()(X[0, 0]), ShapeError, "dimensions"),
    "no tensor": (lambda: small()(X.numpy()), ArgumentTypeError, "must be a tensor"),
    "dtype": (lambda: small()(X.double()), ShapeError, "float64.*float32.*convert"),
    "flat state": (
        lambda: small()(X, (torch.zeros(1, 2, 24),) * 2),
        ShapeError,
        r"\(1, 2, 2, 3, 4\), got .*\(1, 2, 24\)",
    ),
    "no step": (lambda: small()(X[:0]), ShapeError, r"no step \(T = 0\)"),
    "no number": (lambda: small()(X * torch.nan), UsageError, "row 0.*step 0"),
    "half a state": (lambda: small()(X, torch.zeros(1, 2, 2, 3, 4)), ShapeError, "tuple of 2 tensors"),
    "lengths beyond the steps": (lambda: small()(X, lengths=[6, 2]), ShapeError, r"0\.\.5.*row 0 has 6"),
    "turned step": (lambda: small().stream().step(X[0, :1].mT), ShapeError, r"\(1, 1, 3, 4\), got \(1, 1, 4, 3\)"),
    "step of another batch": (lambda: small().stream().step(X[0]), ShapeError, r"\(1, 1, 3, 4\), got \(2, 1, 3, 4\)"),
    "chunk of a step": (lambda: small().stream().feed(X[0, :1]), ShapeError, r"1, 3, 4\), got \(1, 1, 3, 4\)"),
    "out": (lambda: small().stream().step(X[0, :1], torch.zeros(1, 24)), ShapeError, r"out .*\(1, 2, 3, 4\)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_had_is_refused_in_one_line(name: str) -> None:
    call, kind, says = REFUSED[name]
    with pytest.raises(kind, match=says) as caught:
        call()
    assert "\n" not in str(caught.value)
