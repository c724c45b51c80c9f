"""What a stream takes and gives: tensors, arrays, an output of one's own; what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from test_stream import equal, parts
from torch import Tensor

from throughtime.errors import ShapeError, UsageError
from throughtime.kernels import native
from throughtime.kernels.dispatch import use_kernel
from throughtime.layers import GRU, LSTM
from throughtime.layers.stream import Stream


@pytest.fixture(params=["native", "torch", "reference"])
def stream(request: pytest.FixtureRequest) -> Stream:
    if request.param == "native" and native.unavailable():
        pytest.skip(str(native.unavailable()))
    torch.manual_seed(1)
    with use_kernel(request.param):
        return GRU(3, 4).stream(2)


def test_tensors_and_arrays_give_the_same(stream: Stream) -> None:
    x = torch.randn(4, 2, 3)
    y = stream.step(x[0])
    assert type(y) is Tensor and not y.requires_grad and y.shape == (2, 4)
    for given in (x[0].numpy(), x[0], x[0].clone().requires_grad_(), x[0].t().contiguous().t(), x.numpy()[0][:, ::-1]):
        stream.reset()
        expected = y
        if isinstance(given, np.ndarray) and not given.flags.c_contiguous:
            expected = stream.step(torch.from_numpy(given.copy()))
            stream.reset()
        again = stream.step(given)
        assert isinstance(again, np.ndarray) == isinstance(given, np.ndarray)
        torch.testing.assert_close(torch.as_tensor(again), expected, rtol=1e-6, atol=1e-6)
    stream.reset()
    fed, arrays = stream.feed(x), stream.feed(x.numpy())
    assert isinstance(arrays, np.ndarray) and arrays.shape == fed.shape and arrays.dtype == np.float32


def test_an_output_of_ones_own(stream: Stream) -> None:
    x = torch.randn(2, 3)
    y = stream.step(x)
    for out in (torch.empty(2, 4), torch.empty(4, 2).t(), np.empty((2, 4), np.float32), np.empty((2, 8), "f")[:, ::2]):
        stream.reset()
        given: Any = x if isinstance(out, Tensor) else x.numpy()
        assert stream.step(given, out=out) is out
        torch.testing.assert_close(torch.as_tensor(out), y, rtol=1e-6, atol=1e-6)


def test_the_output_may_be_the_input() -> None:
    layer, x = LSTM(64, 64), np.random.default_rng(0).standard_normal((2, 64), np.float32)
    y = layer.stream(2).step(x)
    assert layer.stream(2).step(x, out=x) is x
    np.testing.assert_array_equal(x, y)


def test_an_output_is_the_callers_own(stream: Stream) -> None:
    """Writing to it must not reach the state."""
    for x in (torch.randn(2, 3), np.ones((2, 3), np.float32)):
        y: Any = stream.step(x)
        before = [part.clone() for part in parts(stream.state)]
        y[:] = 7.0
        equal(stream.state, before)


WRONG: dict[str, tuple[Any, str]] = {
    "few rows": (torch.zeros(1, 3), r"\(2, 3\), got \(1, 3\)"),
    "an axis more": (torch.zeros(1, 2, 3), r"\(2, 3\), got \(1, 2, 3\)"),
    "no axis": (torch.zeros(()), r"\(2, 3\), got \(\)"),
    "wide": (torch.zeros(2, 3).double(), "torch.float32 on cpu, got torch.float64"),
    "integers": (torch.zeros(2, 3).int(), "torch.float32 on cpu, got torch.int32"),
    "another device": (torch.zeros(2, 3, device="meta"), "on cpu, got torch.float32 on meta"),
    "an array of few rows": (np.zeros((1, 3), np.float32), r"\(2, 3\), got \(1, 3\)"),
    "a wide array": (np.zeros((2, 3)), "takes float32, got a NumPy array of float64"),
    "an array of integers": (np.zeros((2, 3), np.int32), "got a NumPy array of int32"),
    "an array of the other order of bytes": (np.zeros((2, 3), ">f4"), "got a NumPy array of >f4"),
}


@pytest.mark.parametrize("name", WRONG)
def test_input_that_does_not_fit(stream: Stream, name: str) -> None:
    x, message = WRONG[name]
    before = parts(stream.state)
    with pytest.raises(ShapeError, match=message):
        stream.step(x)
    equal(stream.state, before)
    if x.ndim == 2:
        with pytest.raises(ShapeError):
            stream.feed(x[None])


@pytest.mark.parametrize("x", [torch.zeros(2, 3), torch.zeros(5, 3, 3), np.zeros((5, 2, 4), np.float32)])
def test_a_chunk_that_does_not_fit(stream: Stream, x: Any) -> None:
    with pytest.raises(ShapeError, match=r"\(-?\d, 2, 3\), got"):
        stream.feed(x)


@pytest.mark.parametrize(
    "out",
    [
        torch.zeros(2, 3),
        torch.zeros(2, 4).double(),
        torch.zeros(2, 4, device="meta"),
        np.zeros((2, 4), np.float32),
        torch.zeros(2, 4, 1),
    ],
)
def test_an_output_that_does_not_fit(stream: Stream, out: Any) -> None:
    before = parts(stream.state)
    for x, given in ((torch.zeros(2, 3), out), (np.zeros((2, 3), np.float32), np.zeros((2, 3), np.float32))):
        with pytest.raises(ShapeError, match=r"out must be .*\(2, 4\).*, got"):
            stream.step(x, out=given)
    with pytest.raises(ShapeError, match="out must be ndarray"):
        stream.step(np.zeros((2, 3), np.float32), out=torch.zeros(2, 4))  # pyright: ignore
    with pytest.raises(ShapeError, match=r"out must be Tensor .* got list"):
        stream.step(torch.zeros(2, 3), out=[0.0])  # pyright: ignore
    locked = np.zeros((2, 4), np.float32)
    locked.flags.writeable = False
    with pytest.raises(UsageError, match="read-only"):
        stream.step(np.zeros((2, 3), np.float32), out=locked)
    equal(stream.state, before)


def test_input_that_may_not_be_written_to(stream: Stream) -> None:
    x = np.ones((2, 3), np.float32)
    y = stream.step(x)
    x.flags.writeable = False
    stream.reset()
    np.testing.assert_allclose(stream.step(x), y, rtol=1e-6)
    assert stream.feed(np.broadcast_to(x, (4, 2, 3))).shape == (4, 2, 4)


def test_a_default_device_changes_nothing(stream: Stream) -> None:
    x = torch.randn(3, 2, 3)
    with torch.device("meta"):
        y = torch.cat([stream.feed(x[:2]), stream.step(x[2])[None]])
    stream.reset()
    torch.testing.assert_close(y, stream.feed(x), rtol=1e-6, atol=1e-6)


def unaligned(x: np.ndarray) -> np.ndarray:
    raw = np.empty(x.nbytes + 1, np.uint8)
    moved = raw[1:].view(x.dtype).reshape(x.shape)
    moved[:] = x
    return moved


@pytest.mark.parametrize(
    "other",
    [np.asfortranarray, lambda x: x[::-1].copy()[::-1], unaligned, lambda x: x.view(np.recarray), lambda x: retyped(x)],
    ids=["columns first", "backwards", "unaligned", "a subclass", "a type of its own"],
)
def test_an_array_laid_out_otherwise_is_read_as_what_it_says(other: Callable[[np.ndarray], np.ndarray]) -> None:
    layer, x = GRU(3, 4), np.random.default_rng(0).random((2, 3), np.float32)
    told = layer.stream(2).step(x)
    given = other(x)
    np.testing.assert_array_equal(layer.stream(2).step(given), told)
    out = other(np.zeros((2, 4), np.float32))
    assert layer.stream(2).step(x, out) is out
    np.testing.assert_array_equal(out, told)


def retyped(x: np.ndarray) -> np.ndarray:
    """The same with a dtype that is equal to NumPy's own and not the same object."""
    x = x.copy()
    x.dtype = np.dtype(np.float32, copy=True)
    assert x.dtype is not np.dtype(np.float32)
    return x
