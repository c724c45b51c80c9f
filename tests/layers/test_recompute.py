"""``recompute=True`` changes what is kept between forward and backward, and no number."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from throughtime.errors import KernelError, UsageError
from throughtime.kernels import native
from throughtime.kernels.dispatch import use_kernel
from throughtime.layers import GRU, LRU, LSTM, RNN, SLSTM, SRU, MinGRU, ParaGRU, Recurrent, explain

CASES: dict[str, tuple[type[Recurrent], dict[str, Any]]] = {
    "lstm": (LSTM, {}),
    "lstm with all": (LSTM, {"peepholes": True, "proj_size": 3, "layer_norm": True, "initial_state": "learned"}),
    "gru": (GRU, {"num_layers": 2}),
    "gru reset before": (GRU, {"reset_after": False, "layer_norm": True}),
    "rnn": (RNN, {}),
    "mingru": (MinGRU, {"layer_norm": True}),
    "lru": (LRU, {"num_layers": 2, "initial_state": "learned"}),
    "sru": (SRU, {}),
    "paragru": (ParaGRU, {"bias": False}),
    "slstm": (SLSTM, {"heads": 2, "recurrent_dropout": 0.3}),
    "noise": (LSTM, {"zoneout": 0.2, "recurrent_dropout": 0.3, "weight_dropout": 0.2}),
}


def outcome(layer: Recurrent, x: Tensor) -> list[Tensor]:
    torch.manual_seed(3)
    resets = torch.rand(x.shape[1], x.shape[0]) < 0.1
    y, state = layer(x, lengths=[19, 0, 7, 16, 1], resets=resets)
    parts = state if isinstance(state, tuple) else (state,)
    total = y.sin().sum() + sum((part * part).sum() for part in parts)
    return [y, *parts, *torch.autograd.grad(total, [x, *layer.parameters()])]


@pytest.mark.parametrize("kernel", ["native", "reference"])
@pytest.mark.parametrize("name", CASES)
def test_every_number_is_the_same(name: str, kernel: str) -> None:
    made, options = CASES[name]
    kept = made(4, 6, bidirectional=True, **options, dtype=torch.float64)
    refused = explain(kept, torch.zeros(19, 5, 4, dtype=torch.float64)).refused
    if kernel in refused:
        pytest.skip(refused[kernel])
    again = made(4, 6, bidirectional=True, **options, dtype=torch.float64, recompute=True)
    again.load_state_dict(kept.state_dict())
    x = torch.randn(19, 5, 4, dtype=torch.float64, requires_grad=True)
    with use_kernel(kernel):
        told, ours = outcome(kept, x), outcome(again, x)
    forward = 1 + len(kept.cell.carry(False))  # y and the parts of the state
    if not kept.layer_norm:  # there the input's projection is a library's product, whose bits depend on the rows
        assert all(a.equal(b) for a, b in zip(told[:forward], ours[:forward], strict=True)), "not the same bits"
    # Weights' gradients are summed run by run; a layer norm over a few units divides rounding by their spread.
    rtol, atol = (1e-10, 1e-11) if kept.layer_norm else (1e-12, 1e-13)
    for a, b in zip(told, ours, strict=True):
        torch.testing.assert_close(b, a, rtol=rtol, atol=atol)


@pytest.mark.skipif(native.unavailable() is not None, reason=str(native.unavailable()))
def test_less_is_kept() -> None:
    def held(layer: Recurrent) -> int:
        sizes: list[int] = []

        def pack(tensor: Tensor) -> Tensor:
            sizes.append(tensor.numel())
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor), use_kernel("native"):
            layer(torch.randn(100, 2, 8))
        return sum(sizes)

    plain, again = held(LSTM(8, 16)), held(LSTM(8, 16, recompute=True))
    kept_by_plain, kept_again = 100 * 2 * 5 * 16, 9 * 2 * 2 * 16
    assert plain - again == kept_by_plain - kept_again


def test_what_cannot_recompute_says_so() -> None:
    layer, x = LSTM(3, 4, recompute=True), torch.randn(5, 2, 3)
    assert "recompute" in explain(layer, x).refused["torch"]
    with use_kernel("torch"), pytest.raises(KernelError, match="recompute"):
        layer(x)
    with pytest.raises((UsageError, torch._dynamo.exc.Unsupported), match="recompute=True cannot be compiled"):
        torch.compile(layer, fullgraph=True, backend="eager")(x)
    with torch.no_grad(), use_kernel("torch"):
        layer(x)  # nothing is kept
