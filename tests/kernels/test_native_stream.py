"""The core's own streams: every CPU target, threads, forks, memory."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from test_native_processes import FORK, on_linux, run

from throughtime.errors import ShapeError, UsageError
from throughtime.kernels import native, packing
from throughtime.kernels.dispatch import use_kernel
from throughtime.layers import GRU, LSTM, RNN, Recurrent

pytestmark = pytest.mark.skipif(native.unavailable() is not None, reason=str(native.unavailable()))
CORE = None if native.unavailable() else packing.core()
TARGETS: list[str] = CORE.targets() if CORE else []


@pytest.mark.parametrize("forced", TARGETS, indirect=True)
@pytest.mark.parametrize("made", [LSTM, GRU, RNN])
@pytest.mark.parametrize("hidden, batch", [(1, 1), (16, 1), (37, 5), (200, 1)])
def test_every_target_streams(forced: str, made: type[Recurrent], hidden: int, batch: int) -> None:
    layer, x = made(7, hidden, 2, zoneout=0.2).double().eval(), torch.randn(80, batch, 7, dtype=torch.float64)
    stream = layer.stream(batch)
    with use_kernel("reference"), torch.no_grad():
        told = layer(x)[0]
    torch.testing.assert_close(torch.cat([stream.feed(x[:79]), stream.step(x[79])[None]]), told, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("forced", TARGETS, indirect=True)
@pytest.mark.parametrize("made", [LSTM, GRU, RNN])
@pytest.mark.parametrize("narrow", [None, torch.bfloat16])
def test_every_target_selects_rows(forced: str, made: type[Recurrent], narrow: torch.dtype | None) -> None:
    """Fewer and more rows than before, so that the rooms of the steps shrink and grow."""
    layer, x = made(7, 37, 2).eval(), torch.randn(70, 3, 7)
    stream = layer.stream(3, weight_dtype=narrow)
    stream.feed(x)
    for rows in ([2], [0] * 80, [1, 0, 79], [2, 2, 1]):
        picked = stream.state
        picked = tuple(part[:, rows] for part in picked) if isinstance(picked, tuple) else picked[:, rows]
        stream.select(rows)
        told = layer.stream(len(rows), weight_dtype=narrow)
        told.state = picked
        more = torch.randn(70, len(rows), 7)
        assert torch.equal(stream.feed(more), told.feed(more))
        assert np.array_equal(stream.step(more[0].numpy()), told.step(more[0].numpy()))


@pytest.mark.parametrize("forced", TARGETS, indirect=True)
def test_every_target_has_bfloat16_weights(forced: str) -> None:
    layer, x = LSTM(9, 40), torch.randn(30, 2, 9)
    wide, narrow = layer.stream(2).feed(x), layer.stream(2, weight_dtype=torch.bfloat16).feed(x)
    assert 1e-5 < (wide - narrow).abs().max() < 0.02


def test_bfloat16_rounds_where_it_says() -> None:
    """Weights, x and h rounded by hand, in float64; h may round the other way where it is nearly halfway."""
    if not packing.core().has_bfloat16(packing.target()):
        pytest.skip("this processor does not multiply bfloat16")
    layer, x = GRU(10, 20), torch.randn(40, 3, 10)
    stream = layer.stream(3, weight_dtype=torch.bfloat16)
    p = {name: tensor.detach().double() for name, tensor in layer.named_parameters()}
    w_ih, w_hh = (p[f"weight_{kind}_l0"].bfloat16().double() for kind in ("ih", "hh"))
    h = torch.zeros(3, 20, dtype=torch.float64)
    for each in x:
        from_x = each.bfloat16().double() @ w_ih.t() + p["bias_ih_l0"]
        from_h = h.bfloat16().double() @ w_hh.t() + p["bias_hh_l0"]
        r, z = torch.sigmoid(from_x[:, :40] + from_h[:, :40]).chunk(2, 1)
        n = torch.tanh(from_x[:, 40:] + r * from_h[:, 40:])
        h = (1 - z) * n + z * h
        torch.testing.assert_close(stream.step(each), h.float(), rtol=1e-3, atol=1e-3)


# -- addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["weight_hh_l0", "weight_ih_l1", "bias_hh_l1"])
def test_a_parameter_of_another_shape(name: str) -> None:
    layer = LSTM(3, 8, 2)
    setattr(layer, name, torch.nn.Parameter(torch.zeros(3, 3)))
    with pytest.raises(ShapeError, match="a parameter or state must be"):
        layer.stream()


def test_a_parameter_of_another_type() -> None:
    layer = LSTM(3, 8)
    layer.bias_hh_l0 = torch.nn.Parameter(layer.bias_hh_l0.double())
    with pytest.raises(ShapeError, match=r"torch\.float32 .*got torch\.float64"):
        layer.stream()


def test_parameters_that_lie_apart() -> None:
    layer, x = LSTM(3, 8), torch.randn(1, 3)
    y = layer.stream().step(x)
    for name in ("weight_ih_l0", "weight_hh_l0"):
        setattr(layer, name, torch.nn.Parameter(getattr(layer, name).detach().t().contiguous().t()))
    assert layer.stream().step(x).equal(y)


def test_a_tensor_whose_sign_is_pending() -> None:
    stream, x = LSTM(3, 8).stream(), torch.randn(1, 3)
    y = stream.step(-x)
    stream.reset()
    assert stream.step(torch._neg_view(x)).equal(y)


# -- threads, forks, memory --------------------------------------------------------------------------------------------


def test_a_stream_in_two_threads_says_so() -> None:
    """Long calls let other threads run, so there the second caller is told."""
    stream = LSTM(512, 512).stream()
    x, told = np.ones((200, 1, 512), np.float32), list[str]()
    start = threading.Barrier(2)

    def feed() -> None:
        start.wait()
        for _ in range(10):
            try:
                stream.feed(x)
            except UsageError as error:
                told.append(str(error))

    threads = [threading.Thread(target=feed) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told and "in another thread" in told[0]
    stream.reset()
    assert np.isfinite(stream.feed(x)).all()


def test_streams_in_threads_of_their_own() -> None:
    layer, x = LSTM(64, 256), torch.randn(200, 1, 64)
    told, got = layer.stream().feed(x), dict[int, torch.Tensor]()

    def feed(number: int) -> None:
        stream = layer.stream()
        got[number] = torch.cat([stream.feed(x[:150]), *(stream.step(each)[None] for each in x[150:])])

    threads = [threading.Thread(target=feed, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in got.values():
        torch.testing.assert_close(each, told, rtol=1e-5, atol=1e-6)


STREAMED = """
stream, x = tt.LSTM(256, 256).stream(), torch.randn(100, 1, 256)
def work():
    stream.reset()
    return torch.cat([stream.feed(x[:50]), *(stream.step(each)[None] for each in x[50:])])
"""


@on_linux
def test_a_stream_after_a_fork() -> None:
    run(STREAMED + FORK.replace("ONE_THREAD", ""))


@on_linux
@pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="the sanitizers keep what was freed")
def test_steps_leave_no_memory_behind() -> None:
    """In the thousands of bytes per step, or it would grow by hundreds of MB."""
    for layer in (LSTM(8, 8, 2), GRU(8, 8), LSTM(8, 8).double()):
        stream, x = layer.stream(), torch.zeros(1, 8, dtype=layer.weight_ih_l0.dtype)
        array = x.numpy()
        stream.step(x), stream.step(array)
        before = resident()
        for _ in range(50_000):
            stream.step(x), stream.step(array)
        assert resident() - before < 2**21
        assert sys.getrefcount(array) <= 3


def resident() -> int:
    """Bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
