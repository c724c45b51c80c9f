"""What must be equal by meaning, layer against itself: alone and together, split and reset, in chunks, in windows."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from cases import TIGHT, Case, drawn_state
from makers import MAKERS, able
from torch import Tensor

from throughtime.errors import UsageError
from throughtime.layers import LSTM, Recurrent

cells = pytest.mark.parametrize("cell", MAKERS)
STREAMED: dict[str, dict[str, Any]] = {
    "plain": {},
    "two layers": {"num_layers": 2},
    "layer norm": {"layer_norm": True},
    "residual": {"num_layers": 2, "residual": True},
    "blocks": {"num_layers": 3, "pre_norm": True, "residual": True, "feed_forward": 6},
    "zoneout": {"zoneout": 0.3},
    "learned": {"initial_state": "learned", "num_layers": 2},
    "no bias": {"bias": False},
    "dropouts": {"recurrent_dropout": 0.5, "weight_dropout": 0.5, "input_dropout": 0.5},
}
"""All in inference: dropouts must do nothing there."""


def made(cell: str, **options: Any) -> Recurrent:
    return Case(cell=cell, options=able(cell, options)).layer()


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def parts(state: Any) -> list[Tensor]:
    return list(state) if isinstance(state, tuple) else [state]


def joined(parts: list[Tensor]) -> Any:
    return parts[0] if len(parts) == 1 else tuple(parts)


def equal(a: Any, b: Any) -> None:
    torch.testing.assert_close(a, b, **TIGHT)


@cells
def test_a_ragged_batch_is_its_rows_alone(cell: str) -> None:
    """Outputs, states and gradients; padding is NaN."""
    layer, lengths = made(cell, num_layers=2, bidirectional=True), [3, 6, 0, 1]
    rows = [drawn(n, 3).requires_grad_() for n in lengths]
    padded = torch.stack([torch.cat([row, row.new_full((6 - len(row), 3), torch.nan)]) for row in rows], 1)
    y, state = layer(padded, lengths=torch.tensor(lengths))
    together = torch.autograd.grad(
        y.square().sum() + sum(part.sum() for part in parts(state)), [*rows, *layer.parameters()]
    )
    loss = torch.zeros((), dtype=torch.float64)
    for b, row in enumerate(rows):
        if len(row):
            y_alone, alone = layer(row)
            equal(y[: len(row), b], y_alone)
            for ours, told in zip(parts(state), parts(alone), strict=True):
                equal(ours[:, b], told)
            loss = loss + y_alone.square().sum() + sum(part.sum() for part in parts(alone))
    present = [row for row in rows if len(row)]
    told = dict(zip([id(leaf) for leaf in (*present, *layer.parameters())],
                    torch.autograd.grad(loss, [*present, *layer.parameters()]), strict=True))  # fmt: skip
    for leaf, gradient in zip([*rows, *layer.parameters()], together, strict=True):
        equal(gradient, told.get(id(leaf), torch.zeros_like(leaf)))


@cells
@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_reset_splits_the_sequence(cell: str, learned: bool, bidirectional: bool) -> None:
    """One row reset before step 2 is two sequences; the state given enters at each direction's own end."""
    options = {"initial_state": "learned"} if learned else {}
    layer, x = made(cell, bidirectional=bidirectional, **options), drawn(5, 1, 3)
    given = [drawn_state(name, layer.directions, 4).detach()[:, None] for name in layer.cell.carry(False)]
    hx = joined(given)
    resets = torch.tensor([[False, False, True, False, False]])
    y, state = layer(x, hx, resets=resets)
    fresh = parts(layer(x[:1])[1])  # only for its shapes
    start = [initial(layer, k, fresh[k]) for k in range(len(fresh))]
    before, after = [part.clone() for part in start], [part.clone() for part in start]
    for k, part in enumerate(given):
        before[k][0] = part[0]
        if bidirectional:
            after[k][1] = part[1]
    (y1, s1), (y2, s2) = (layer(piece, joined(start)) for piece, start in ((x[:2], before), (x[2:], after)))
    equal(y, torch.cat([y1, y2]))
    for ours, first, second in zip(parts(state), parts(s1), parts(s2), strict=True):
        equal(ours[0], second[0])
        if bidirectional:
            equal(ours[1], first[1])


def initial(layer: Recurrent, part: int, like: Tensor) -> Tensor:
    if layer.initial_state == "zeros":
        return torch.zeros_like(like)
    name = layer.cell.carry(False)[part]
    ends = ("", "_reverse")[: layer.directions]
    return torch.stack([getattr(layer, f"{name}0_l0{end}") for end in ends])[:, None].detach().clone()


@cells
@pytest.mark.parametrize("name", STREAMED)
@pytest.mark.parametrize("batch_first", [False, True])
def test_streaming_is_one_pass(cell: str, name: str, batch_first: bool) -> None:
    """Steps, chunks of 0 to 3 steps, and both mixed."""
    layer = Case(cell=cell, options=able(cell, STREAMED[name]), batch_first=batch_first).layer().train()
    x = drawn(7, 2, 3)
    y, final = layer.eval()(x.transpose(0, 1) if batch_first else x)
    layer.train()
    y = y.transpose(0, 1) if batch_first else y
    stream = layer.stream(batch_size=2)
    told, at = [], 0
    for size in (1, 2, 0, -1, 3):
        if size < 0:
            told.append(stream.step(x[at])[None])
        else:
            chunk = x[at : at + size]
            fed = stream.feed(chunk.transpose(0, 1) if batch_first else chunk)
            told.append(fed.transpose(0, 1) if batch_first else fed)
        at += abs(size)
    assert layer.training
    equal(torch.cat(told), y)
    for ours, theirs in zip(parts(stream.state), parts(final), strict=True):
        equal(ours, theirs)
    assert not any(part.requires_grad for part in parts(stream.state))


@pytest.mark.parametrize(
    "options", [{"proj_size": 2}, {"peepholes": True}, {"hidden_size": [4, 3]}, {"proj_size": 2, "layer_norm": True}]
)
def test_streaming_of_what_only_an_lstm_has(options: dict[str, Any]) -> None:
    layer = LSTM(3, **{"hidden_size": 4, **options}, dtype=torch.float64)
    x = drawn(5, 2, 3)
    stream = layer.stream(2)
    equal(torch.stack([stream.step(each) for each in x]), layer(x)[0])


def test_a_stream_resets_its_rows() -> None:
    layer, x = LSTM(3, 4, initial_state="learned", dtype=torch.float64), drawn(2, 3, 3)
    with torch.no_grad():
        layer.h0_l0.normal_()
    for rows in ([0, 2], torch.tensor([True, False, True])):
        stream = layer.stream(3)
        stream.step(x[0])
        stream.reset(rows)
        y = stream.step(x[1])
        resets = torch.tensor([[False, True], [False, False], [False, True]])
        equal(y, layer(x, resets=resets)[0][1])
    stream.reset()
    equal(stream.step(x[0]), layer(x[:1])[0][0])


def test_a_streams_state_can_be_moved() -> None:
    layer, x = LSTM(3, 4, 2, dtype=torch.float64), drawn(4, 1, 3)
    first, second = layer.stream(), layer.stream()
    first.feed(x[:2])
    kept = tuple(part.clone() for part in first.state)
    second.state = first.state
    equal(first.feed(x[2:]), second.feed(x[2:]))
    first.state = kept
    equal(first.step(x[2]), layer(x[:3])[0][2])


def test_a_streams_state_is_not_its_beginning() -> None:
    """Writing into the state that a new stream shows must not change what reset() returns to."""
    stream = LSTM(3, 4).stream()
    h, _ = stream.state
    h.add_(1.0)
    stream.reset()
    assert (stream.state[0] == 0).all()


def test_a_stream_sees_values_changed_in_place() -> None:
    layer = LSTM(3, 4, initial_state="learned", dtype=torch.float64)
    stream, x = layer.stream(), drawn(1, 1, 3)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_()
    stream.reset()
    equal(stream.step(x[0]), layer(x)[0][0])


def test_a_stream_needs_one_direction() -> None:
    with pytest.raises(UsageError, match="bidirectional=False"):
        LSTM(3, 4, bidirectional=True).stream()


# -- truncated backpropagation through time --------------------------------------------------------


def windows(layer: Recurrent, x: Tensor, window: int, detach: bool) -> list[Tensor]:
    """Gradients of a loss over windows, with the state carried over and perhaps detached."""
    state, loss = None, torch.zeros((), dtype=torch.float64)
    for chunk in x.split(window):
        y, state = layer(chunk, state)
        loss = loss + y.square().sum()
        if detach:
            state = tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
    return list(torch.autograd.grad(loss, list(layer.parameters())))


@cells
def test_one_window_is_full_backpropagation(cell: str) -> None:
    layer, x = made(cell, num_layers=2), drawn(6, 2, 3)
    full = windows(layer, x, 6, detach=True)
    for ours, told in zip(windows(layer, x, 2, detach=False), full, strict=True):
        equal(ours, told)


@cells
def test_detached_windows_are_truncation(cell: str) -> None:
    """A window's gradient takes its first state as a constant."""
    layer, x = made(cell), drawn(6, 2, 3)
    got = windows(layer, x, 2, detach=True)
    told = [torch.zeros_like(p) for p in layer.parameters()]
    for start in range(0, 6, 2):
        with torch.no_grad():
            state = layer(x[:start])[1] if start else None
        y, _ = layer(x[start : start + 2], state)
        for total, each in zip(told, torch.autograd.grad(y.square().sum(), list(layer.parameters())), strict=True):
            total += each
    for ours, theirs in zip(got, told, strict=True):
        equal(ours, theirs)
    assert any(not torch.allclose(a, b) for a, b in zip(got, windows(layer, x, 6, detach=True), strict=True))
