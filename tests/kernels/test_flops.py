"""FlopCounterMode counts our op as it counts the products that torch.nn's layers are made of."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

import throughtime as tt
from throughtime.kernels import sweep as sweep_module

TWINS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "lstm": (tt.LSTM, nn.LSTM, {}),
    "lstm projected": (tt.LSTM, nn.LSTM, {"proj_size": 2}),
    "gru": (tt.GRU, nn.GRU, {}),
    "rnn": (tt.RNN, nn.RNN, {"bias": False}),
}


def counted(layer: Any, x: Tensor, **options: Any) -> tuple[int, int]:
    """Forward and backward, with all gradients asked for."""
    state = layer(x)[1]
    parts = [part.detach().requires_grad_() for part in (state if isinstance(state, tuple) else (state,))]
    with FlopCounterMode(display=False) as counter:
        y, final = layer(x, tuple(parts) if len(parts) > 1 else parts[0], **options)
        forward = counter.get_total_flops()
        total = y.sum() + sum(part.sum() for part in (final if isinstance(final, tuple) else (final,)))
        total.backward()
    return forward, counter.get_total_flops() - forward


@pytest.fixture
def always_the_op(monkeypatch: pytest.MonkeyPatch) -> None:
    """The opaque op for every call, as under torch.compile."""
    monkeypatch.setattr("throughtime.kernels.dispatch.sweep_eagerly", sweep_module.sweep)


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.usefixtures("always_the_op")
def test_as_many_as_torchs(name: str, bidirectional: bool) -> None:
    """In float64, where PyTorch's LSTM is decomposed, too. A kernel that keeps nothing runs forward once more."""
    ours, theirs, fixed = TWINS[name]
    options = {"num_layers": 2, "bidirectional": bidirectional, "dtype": torch.float64, **fixed}
    x = torch.randn(5, 2, 3, dtype=torch.float64, requires_grad=True)
    forward, backward = counted(theirs(3, 4, **options), x)
    layer = ours(3, 4, **options)
    with tt.use_kernel("native"):
        assert counted(layer, x) == (forward, backward)
    with tt.use_kernel("reference"):
        assert counted(layer, x) == (forward, backward + forward)
    layer = ours(3, 4, recompute=True, **options)
    with tt.use_kernel("native"):
        assert counted(layer, x) == (forward, backward + forward)


def test_real_steps_count() -> None:
    layer, x = tt.GRU(3, 4, dtype=torch.float64), torch.randn(5, 2, 3, dtype=torch.float64, requires_grad=True)
    with tt.use_kernel("reference"):
        whole, _ = counted(layer, x)
        assert counted(layer, x, lengths=[5, 2])[0] == whole * 7 // 10


def test_weights_that_are_used_several_times_count_as_often() -> None:
    """Tied blocks of a grid cost what blocks of their own cost; a kernel what PyTorch counts for its convolution."""
    x = torch.randn(5, 2, 3, requires_grad=True)
    assert counted(tt.GridLSTM(3, 4, 6, tied=True), x) == counted(tt.GridLSTM(3, 4, 6), x)
    conv, frames = tt.ConvLSTM(2, 3, (5, 4)), torch.randn(5, 2, 2, 5, 4, requires_grad=True)
    with FlopCounterMode(display=False) as counter:
        functional.conv2d(torch.zeros(10, 2, 5, 4), conv.weight_ih_l0, padding="same")
        functional.conv2d(torch.zeros(10, 3, 5, 4), conv.weight_hh_l0, padding="same")
    assert counted(conv, frames)[0] == counter.get_total_flops() > 0
