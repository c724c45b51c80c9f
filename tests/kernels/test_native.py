"""The core is given addresses: nothing wrong may reach it, for it would read or write other memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from calls import VARIANTS, Variant, call
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from throughtime.errors import ShapeError
from throughtime.kernels import native
from throughtime.kernels.dispatch import use_kernel
from throughtime.kernels.reference.slstm import SLSTMCell
from throughtime.kernels.sweep import sweep
from throughtime.layers import GRU, LSTM

pytestmark = pytest.mark.skipif(native.unavailable() is not None, reason=str(native.unavailable()))
X = torch.randn(5, 2, 3)
SLSTM = Variant(cell=SLSTMCell())


def replaced(name: str, change: Callable[[Tensor], Tensor], made: type[LSTM] | type[GRU] = LSTM) -> LSTM | GRU:
    layer = made(3, 4)
    setattr(layer, name, nn.Parameter(change(getattr(layer, name).detach())))
    return layer


WRONG: dict[str, tuple[str, Callable[[Tensor], Tensor]]] = {
    "wider type": ("weight_hh_l0", lambda w: w.double()),
    "narrower type": ("weight_hh_l0", lambda w: w.half()),
    "fewer columns": ("weight_hh_l0", lambda w: w[:, :3]),
    "fewer rows": ("weight_hh_l0", lambda w: w[:7]),
    "shorter bias": ("bias_hh_l0", lambda b: b[:5]),
    "bias of another type": ("bias_hh_l0", lambda b: b.double()),
    "another device": ("weight_hh_l0", lambda w: w.to("meta")),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("made", [LSTM, GRU])
def test_a_parameter_replaced_by_another(name: str, made: type[LSTM] | type[GRU]) -> None:
    layer = replaced(*WRONG[name], made)
    with use_kernel("native"), pytest.raises(ShapeError, match=r"a parameter or state must be torch\.float32"):
        layer(X, lengths=[5, 3])


def test_a_state_of_another_type_under_autocast() -> None:
    """There the layers' own check lets types pass, for autocast would convert them."""
    layer, state = LSTM(3, 4).double(), (torch.randn(1, 2, 4), torch.randn(1, 2, 4))
    with torch.autocast("cpu"), use_kernel("native"), pytest.raises(ShapeError, match=r"must be torch\.float64"):
        layer(X.double(), state, lengths=[5, 3])


@pytest.mark.parametrize("sizes", [[3, 3], [1, 2, 2], [3, 1]])
def test_a_packed_sequence_that_lies_about_its_rows(sizes: list[int]) -> None:
    data = torch.randn(5, 3)
    with use_kernel("native"), pytest.raises(ShapeError, match="batch_sizes"):
        LSTM(3, 4)(PackedSequence(data, torch.tensor(sizes)))


def test_strided_memory() -> None:
    """Row ids, states, weights and rows that are views of something larger."""
    layer = LSTM(3, 4, zoneout=0.3, dtype=torch.float64)
    order = torch.tensor([[2, 9], [0, 9], [1, 9]])[:, 0]
    data = torch.randn(7, 6, dtype=torch.float64)[:, ::2]
    x = PackedSequence(data, torch.tensor([3, 3, 1]), order, torch.argsort(order))
    layer.weight_hh_l0 = nn.Parameter(torch.randn(4, 16, dtype=torch.float64).t())
    state = tuple(torch.randn(1, 4, 3, dtype=torch.float64).transpose(1, 2) for _ in range(2))
    told = []
    for kernel in ("native", "reference"):
        torch.manual_seed(1)
        with use_kernel(kernel):
            y, final = layer(x, state)
        gradients = torch.autograd.grad(y.data.square().sum() + final[1].sum(), list(layer.parameters()))
        told.append([y.data, *final, *gradients])
    for ours, theirs in zip(*told, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


def test_weights_written_in_place_are_packed_anew() -> None:
    """In inference packed weights are kept; their content says when they are stale."""
    layer = LSTM(3, 4).requires_grad_(False)
    told = []
    for kernel in ("native", "reference"):
        torch.manual_seed(2)
        layer.reset_parameters()
        outputs = []
        for _ in range(3):
            with use_kernel(kernel):
                outputs.append(layer(X)[0])
            layer.weight_hh_l0.data[0, 0] += 1.0  # .data: no version counter sees it
        told.append(torch.stack(outputs))
        assert not told[-1][0].equal(told[-1][1])
    torch.testing.assert_close(told[0], told[1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("hidden", [1, 7, 16, 17, 33, 64])
@pytest.mark.parametrize("batch", [1, 2, 13, 40])
@pytest.mark.parametrize("variant", [*(VARIANTS[k] for k in (0, 2, 3, 8)), SLSTM], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_odd_sizes(variant: object, hidden: int, batch: int, dtype: torch.dtype) -> None:
    """Every remainder of the tiles. Float32: sums of 64 products of 6e-8 each over 4 steps; float64: of 1e-16."""
    sizes = (batch, batch, max(1, batch // 2), 1)
    one = call(variant, sizes=sizes, hidden=hidden, inputs=3, directions=2, resets=True, dtype=dtype)  # type: ignore[arg-type]
    one = replace(one, weights=[(w.detach() / hidden**0.5).requires_grad_() for w in one.weights])
    told = []
    for kernel in ("native", "reference"):
        y, final = sweep(one, kernel)
        total = sum(
            (each * torch.linspace(-1, 1, each.numel(), dtype=dtype).view(each.shape)).sum() for each in (y, *final)
        )
        told.append([y, *final, *torch.autograd.grad(total, one.tensors())])
    tolerance = {"rtol": 2e-4, "atol": 1e-4} if dtype == torch.float32 else {"rtol": 1e-9, "atol": 1e-10}
    for ours, theirs in zip(*told, strict=True):
        torch.testing.assert_close(ours, theirs, **tolerance)


@pytest.mark.parametrize("batch", [1, 3, 24])
@pytest.mark.parametrize("made", [LSTM, GRU])
def test_threads_change_nothing(made: type[LSTM] | type[GRU], batch: int) -> None:
    """Outputs bit for bit, since every sum is one thread's; gradients to rounding."""
    layer, x = made(5, 96, bidirectional=True), torch.randn(30, batch, 5)
    told, before = [], torch.get_num_threads()
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            with use_kernel("native"):
                y, _ = layer(x, lengths=[30 - k % 20 for k in range(batch)])
            told.append([y, *torch.autograd.grad(y.square().sum(), [layer.weight_hh_l0, layer.weight_ih_l0_reverse])])
    finally:
        torch.set_num_threads(before)
    for other in told[1:]:
        assert other[0].equal(told[0][0])
        for ours, theirs in zip(other[1:], told[0][1:], strict=True):  # torch's own product sums in blocks by thread
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-3)
