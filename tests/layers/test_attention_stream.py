"""The stream of an attention over the history: equal to one pass however it is cut, in constant memory."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from test_attention_history import EXACT, drawn, kinds, made
from torch import Tensor

from throughtime.errors import ShapeError, ThroughtimeError, UsageError
from throughtime.layers import GRU, LSTM
from throughtime.layers.attention import HistoryAttention, HistoryStream

CUTS = [1, 0, 7, 1, 1, 64, 3, 13, 1]
STEPS = sum(CUTS)
windows = pytest.mark.parametrize("window", [1, 2, 5, 40, 300])


def in_cuts(stream: HistoryStream, y: Tensor, axis: int = 1) -> Tensor:
    """Chunks and steps in turn; y is (B, T, I), or (T, B, I) where the axis of time is 0."""
    out: list[Tensor] = []
    for number, part in enumerate(torch.split(y, CUTS, axis)):
        alone = part.shape[axis] == 1 and number % 2 == 0
        out.append(stream.step(part.squeeze(axis)).unsqueeze(axis) if alone else stream.feed(part))
    return torch.cat(out, axis)


@kinds
@windows
@pytest.mark.parametrize("batch", [1, 3])
def test_any_cut_equals_one_pass(kind: str, window: int, batch: int) -> None:
    layer, y = made(kind, window=window), drawn(batch, STEPS, 4)
    got = in_cuts(layer.stream(batch), y)
    torch.testing.assert_close(got, layer(y), **EXACT)
    assert not got.requires_grad
    by_step = made(kind, window=window, batch_first=False)
    by_step.load_state_dict(layer.state_dict())
    assert in_cuts(by_step.stream(batch), y.transpose(0, 1), 0).equal(got.transpose(0, 1))


@kinds
@windows
def test_step_by_step_of_arrays(kind: str, window: int) -> None:
    layer, y = made(kind, window=window).float(), torch.randn(2, 90, 4)
    stream = layer.stream(2)
    got = np.stack([stream.step(y_t.numpy()) for y_t in y.transpose(0, 1)], 1)
    assert got.dtype == np.float32
    torch.testing.assert_close(torch.from_numpy(got), layer(y), rtol=1e-5, atol=1e-5)
    stream.reset()
    np.testing.assert_allclose(stream.feed(y.numpy()), got, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("make", [GRU, LSTM])
def test_behind_the_stream_of_a_stack(make: Callable[..., Any]) -> None:
    stack = make(3, 4, num_layers=2, batch_first=True, dtype=torch.float64)
    layer, x = made("multihead", window=6), drawn(2, STEPS, 3)
    expected = layer(stack(x)[0])
    steps, looks = stack.stream(2), layer.stream(2)
    got = [looks.step(steps.step(x_t)) for x_t in x[:, :50].transpose(0, 1)]
    rest = looks.feed(steps.feed(x[:, 50:]))
    torch.testing.assert_close(torch.cat([torch.stack(got, 1), rest], 1), expected, **EXACT)


@kinds
@pytest.mark.parametrize("window", [1, 5, 40])
@pytest.mark.parametrize("as_mask", [False, True], ids=["indices", "mask"])
def test_some_streams_begin_anew(kind: str, window: int, as_mask: bool) -> None:
    layer, y, resets = made(kind, window=window), drawn(3, 60, 4), torch.zeros(3, 60, dtype=torch.bool)
    stream, out = layer.stream(3), list[Tensor]()
    for start, end, rows in ((0, 21, []), (21, 22, [1]), (22, 50, [0, 2]), (50, 60, [1])):
        resets[rows, start] = True
        stream.reset(resets[:, start] if as_mask else rows)
        out.append(stream.feed(y[:, start:end]) if end - start > 1 else stream.step(y[:, start])[:, None])
    torch.testing.assert_close(torch.cat(out, 1), layer(y, resets=resets), **EXACT)


@kinds
def test_nothing_of_what_was_reset_is_left(kind: str) -> None:
    layer, y = made(kind, window=5), drawn(2, 20, 4)
    stream = layer.stream(2)
    stream.feed(y[:, :10])
    stream.feed(torch.stack([y[0, :3], torch.full((3, 4), math.nan, dtype=torch.float64)]))
    stream.reset([1])
    got = [stream.step(y[:, t]) for t in range(10, 20)]
    torch.testing.assert_close(torch.stack(got, 1)[1], layer(y[1, 10:]), **EXACT)
    stream.reset()
    assert all(part.eq(0).all() for part in stream.state)


@kinds
@pytest.mark.parametrize("rows", [[1], [3, 1], [2, 2, 0, 3, 3, 1, 2]], ids=len)
def test_selected_streams_go_on_as_if_they_were_alone(kind: str, rows: list[int]) -> None:
    layer, y = made(kind, window=6), drawn(4, 30, 4)
    stream = layer.stream(4)
    stream.feed(y[:, :7])
    stream.reset([3])
    stream.step(y[:, 7])
    stream.select(torch.tensor(rows))
    assert stream.batch_size == len(rows)
    resets = torch.zeros(4, 30, dtype=torch.bool)
    resets[3, 7] = True
    expected = layer(y, resets=resets)[rows]
    got = torch.cat([stream.step(y[rows, 8])[:, None], stream.feed(y[rows, 9:])], 1)
    torch.testing.assert_close(got, expected[:, 8:], **EXACT)


@kinds
@pytest.mark.parametrize("at", [0, 3, 17])
def test_the_state_goes_on_elsewhere(kind: str, at: int) -> None:
    layer, y = made(kind, window=5), drawn(2, 40, 4)
    stream, other = layer.stream(2), layer.stream(2)
    for t in range(at):
        stream.step(y[:, t])
    other.feed(drawn(2, 9, 4))
    held = stream.state
    other.state = held
    for part in held:
        part.fill_(0)  # both copy
    expected = layer(y)
    for each in (stream, other):
        torch.testing.assert_close(each.step(y[:, at]), expected[:, at], **EXACT)
        torch.testing.assert_close(each.feed(y[:, at + 1 :]), expected[:, at + 1 :], **EXACT)


def test_the_state_is_the_last_keys_values_and_their_number() -> None:
    layer, y = made("general", window=3), drawn(1, 7, 4)
    stream = layer.stream()
    stream.feed(y[:, :2])
    keys, values, seen = stream.state
    assert seen.tolist() == [2] and values[:, 0].eq(0).all() and values[0, 1:, 0].equal(y[0, :2])
    for t in range(2, 7):
        stream.step(y[:, t])
    keys, values, seen = stream.state
    assert seen.tolist() == [3] and values[0, :, 0].equal(y[0, 4:])
    torch.testing.assert_close(keys[0, :, 0], layer.key(y[0, 4:]), **EXACT)


@kinds
def test_memory_is_constant(kind: str) -> None:
    layer, y = made(kind, window=6), drawn(2, 500, 4)
    stream = layer.stream(2)

    def places() -> list[int]:
        return [ring.data_ptr() for ring in stream._rings]  # pyright: ignore[reportPrivateUsage]

    before, shapes = places(), [part.shape for part in stream.state]
    for t in range(100):
        stream.step(y[:, t])
    assert places() == before
    stream.feed(y[:, 100:])
    held = stream._rings  # pyright: ignore[reportPrivateUsage]
    assert [part.shape for part in stream.state] == shapes
    assert all(ring.untyped_storage().nbytes() == ring.numel() * ring.element_size() for ring in held)


def test_weights_are_read_at_every_step_and_nothing_is_dropped() -> None:
    layer, y = made("general", window=4, dropout=0.5), drawn(2, 8, 4)
    stream = layer.stream(2)
    layer.eval()
    torch.testing.assert_close(stream.feed(y[:, :4]), layer(y[:, :4]), **EXACT)
    with torch.no_grad():
        layer.key.get_parameter("weight").zero_()
    layer.train()
    context = [stream.step(y[:, t]) for t in range(4, 8)][-1]
    torch.testing.assert_close(context, y[:, 4:].mean(1), **EXACT)  # all keys zero: equal weights


@pytest.mark.filterwarnings("ignore")  # the compiler warns of itself
def test_a_stream_is_not_compiled() -> None:
    stream = made("dot", window=3).stream()
    torch.compiler.reset()
    with pytest.raises(ThroughtimeError, match="cannot be compiled"):
        torch.jit.trace(stream.step, torch.zeros(1, 4, dtype=torch.float64))


# -- refusals ----------------------------------------------------------------------------------------------------------

Y = torch.zeros(2, 4, dtype=torch.float64)


def made_stream(**options: Any) -> HistoryStream:
    return made("dot", **{"window": 3, **options}).stream(2)


def set_state(*state: Tensor) -> None:
    made_stream().state = state


RING, SEEN = torch.zeros(2, 3, 1, 4, dtype=torch.float64), torch.zeros(2, dtype=torch.int64)

BAD: dict[str, tuple[type[Exception], Callable[[], Any], str]] = {
    "no window": (UsageError, lambda: made_stream(window=None), "constant memory.*give window="),
    "ahead": (UsageError, lambda: made_stream(causal=False), "looks ahead.*causal=True"),
    "no streams": (ShapeError, lambda: HistoryAttention(4, window=2).stream(0), "batch_size must be 1 or more, got 0"),
    "rows": (ShapeError, lambda: made_stream().step(Y[:1]), r"takes shape \(2, 4\), got \(1, 4\)"),
    "features": (ShapeError, lambda: made_stream().feed(Y[:, None, :3]), r"\(2, 1, 4\), got \(2, 1, 3\)"),
    "axes": (ShapeError, lambda: made_stream().feed(Y), r"\(2, -1, 4\), got \(2, 4\)"),
    "type": (ShapeError, lambda: made_stream().step(Y.float()), "float64 on cpu, got torch.float32 on cpu"),
    "array": (ShapeError, lambda: made_stream().step(Y.float().numpy()), "float64, got a NumPy array of float32"),
    "device": (ShapeError, lambda: made_stream().step(Y.to("meta")), "float64 on cpu, got torch.float64 on meta"),
    "none selected": (ShapeError, lambda: made_stream().select([]), "one at least"),
    "selected": (ShapeError, lambda: made_stream().select([2]), r"from 0 to 1, got \[2\]"),
    "state": (ShapeError, lambda: set_state(RING, RING, SEEN), "is 2 tensors, got 3"),
    "state of another window": (ShapeError, lambda: set_state(RING[:, :2], SEEN), r"\(2, 3, 1, 4\).*\(2, 2, 1, 4\)"),
    "more seen": (ShapeError, lambda: set_state(RING, SEEN + 4), r"from 0 to 3 steps, got \[4, 4\]"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_fit_is_refused(name: str) -> None:
    error, call, says = BAD[name]
    with pytest.raises(error, match=says) as caught:
        call()
    assert "\n" not in str(caught.value)
