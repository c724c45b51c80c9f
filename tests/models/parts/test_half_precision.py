"""Training in bfloat16: what computes in it, what does not, and that the network is as it was afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import throughtime as tt
from throughtime.models.parts import half_precision
from throughtime.models.parts.half_precision import HalfPrecision, remarks

ROUNDING = 2.0**-8
"""Half a unit in the last place of a bfloat16, relative."""


@pytest.fixture(autouse=True, params=[True, False], ids=["bf16", "none"])
def multiplies(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the processor is taken for one that multiplies bfloat16."""
    monkeypatch.setattr(half_precision, "_multiplies_bfloat16", lambda: request.param)
    return bool(request.param)


class Called(nn.Module):
    """A linear map that is called several times a step."""

    def __init__(self) -> None:
        super().__init__()
        self.map = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        return self.map(self.map(x))


def test_a_linear_map_multiplies_what_is_rounded_and_gives_float32() -> None:
    torch.manual_seed(0)
    net, x = nn.Linear(16, 4), torch.randn(3, 16)
    with HalfPrecision(net):
        y = net(x)
        y.square().sum().backward()
    rounded = functional.linear(x.bfloat16(), net.weight.bfloat16(), net.bias.bfloat16())
    assert y.dtype == torch.float32 and torch.equal(y, rounded.float())
    exact = net(x)
    assert 0 < (y - exact).abs().max() <= 4 * ROUNDING * exact.abs().max()
    grad = net.weight.grad
    assert grad is not None and grad.dtype == torch.float32 and net.weight.dtype == torch.float32
    assert grad.sub(2 * exact.T @ x).abs().max() <= 8 * ROUNDING * grad.abs().max()


@pytest.mark.parametrize("options", [{}, {"bidirectional": True}, {"num_layers": 2, "variational_dropout": 0.1}])
def test_a_plain_lstm_over_full_rows_is_narrow_where_the_processor_is(
    options: dict[str, Any], multiplies: bool
) -> None:
    torch.manual_seed(0)
    layer, x = tt.LSTM(8, 8, batch_first=True, **options).eval(), torch.randn(3, 5, 8)
    exact, _ = layer(x)
    with HalfPrecision(layer):
        y, (h, c) = layer(x)
        _, carried = layer(x[:, :2])
        again, _ = layer(x[:, 2:], carried) if not layer.bidirectional else layer(x)
    assert {y.dtype, h.dtype, c.dtype, again.dtype} == {torch.float32}
    assert torch.equal(y, exact) is not multiplies
    torch.testing.assert_close(y, exact, rtol=0, atol=4 * ROUNDING)


CALLS: dict[str, tuple[dict[str, Any], tt.Recurrent]] = {
    "lengths": ({"lengths": [5, 2, 1]}, tt.LSTM(8, 8, batch_first=True)),
    "resets": ({"resets": torch.arange(15).view(3, 5) % 4 == 0}, tt.LSTM(8, 8, batch_first=True)),
    "mask": ({"mask": torch.arange(15).view(3, 5) % 4 != 0}, tt.LSTM(8, 8, batch_first=True)),
    "gru": ({}, tt.GRU(8, 8, batch_first=True)),
    "layer_norm": ({}, tt.LSTM(8, 8, batch_first=True, layer_norm=True)),
    "recurrent_dropout": ({}, tt.LSTM(8, 8, batch_first=True, recurrent_dropout=0.3)),
    "slstm": ({}, tt.SLSTM(8, 8, batch_first=True)),
    "lru": ({}, tt.LRU(8, 8, batch_first=True)),
    "mingru": ({}, tt.MinGRU(8, 8, batch_first=True)),
}


@pytest.mark.parametrize("name", CALLS)
def test_what_gains_nothing_on_a_cpu_is_exact(name: str) -> None:
    told, layer = CALLS[name]
    x = torch.randn(3, 5, 8)
    torch.manual_seed(3)
    exact, _ = layer(x, **told)
    with HalfPrecision(nn.Sequential(layer, nn.Linear(8, 1))):
        torch.manual_seed(3)
        y, _ = layer(x, **told)
    assert torch.equal(y, exact)


@pytest.mark.parametrize(("kernel", "gains"), [("triton", True), ("torch", False), ("reference", False)])
def test_on_a_gpu_what_the_sweep_there_runs_gains(kernel: str, gains: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """cuDNN and the plain loop are no faster for it, and the loop rounds its states."""
    asked: list[dict[str, Any]] = []

    def explained(layer: tt.Recurrent, x: Any, **told: Any) -> Any:
        asked.append(told)
        return SimpleNamespace(kernel=kernel)

    monkeypatch.setattr(half_precision, "explain", explained)
    on_gpu: Any = SimpleNamespace(is_cuda=True)
    lengths = torch.tensor([3, 2])
    for layer in (tt.LSTM(8, 8), tt.GRU(8, 8, layer_norm=True)):
        assert half_precision._gains(layer, on_gpu, {"lengths": lengths}) is gains  # pyright: ignore[reportPrivateUsage]
    assert asked == [{"lengths": lengths}] * 2
    assert not half_precision._gains(tt.MinGRU(8, 8), on_gpu, {})  # pyright: ignore[reportPrivateUsage]


def test_a_loss_beside_the_maps_is_in_float32() -> None:
    net, wanted = nn.Linear(8, 5), torch.tensor([1, 2, 3])
    with HalfPrecision(net):
        logits = net(torch.randn(3, 8))
        loss = functional.cross_entropy(logits, wanted, reduction="sum")
        product = torch.ones(2, 2) @ torch.full((2, 2), 1 + 2.0**-12)
    assert torch.equal(loss, functional.cross_entropy(logits, wanted, reduction="sum"))
    assert torch.equal(product, torch.full((2, 2), 2 + 2.0**-11)), "autocast is on where no layer runs"


def test_a_weight_is_rounded_once_a_step_however_often_its_map_is_called() -> None:
    net, x = Called(), torch.randn(3, 8)
    with HalfPrecision(net), torch.profiler.profile() as profile:
        net(x)
    events: Any = profile.events()
    casts = [event.name for event in events if event.name == "aten::_to_copy"]
    # Two parameters, and the input of each of the two calls; what leaves a call goes back to float32 twice.
    assert len(casts) == 2 + 2 + 2


def test_nothing_is_left_in_the_network() -> None:
    net, x = nn.Sequential(tt.LSTM(8, 8, batch_first=True), nn.Linear(8, 2)), torch.randn(2, 3, 8)
    before = net[0](x)[0]
    narrow = HalfPrecision(net)
    for _ in range(2):
        with pytest.raises(RuntimeError), narrow:
            net[1](torch.randn(2, 7))
        assert not torch.is_autocast_enabled("cpu")
        assert all("forward" not in vars(module) for module in net.modules())
    assert torch.equal(net[0](x)[0], before)


def told(**layers: nn.Module) -> Iterator[str]:
    return iter(remarks(nn.ModuleDict(layers)))


def test_what_stays_in_float32_is_told(multiplies: bool) -> None:
    lstm, gru, lru = tt.LSTM(3, 4), tt.GRU(3, 4), tt.LRU(3, 4)
    said = list(told(plain=lstm, gated=gru, other=tt.RNN(3, 4), linear=lru))
    kept = [
        "gated and other stay in 32: on a CPU only plain LSTM layers over full rows are faster in bf16",
        "plain stays in 32 over rows of several lengths: on a CPU only full rows are faster in bf16",
    ]
    none = ["bf16 makes nothing faster here: this processor is not known to multiply bfloat16"]
    assert said == [*(kept if multiplies else none), "linear stays in 32: decays near 1 have no place in bfloat16"]


def test_a_network_without_recurrent_layers_has_nothing_to_tell(multiplies: bool) -> None:
    assert len(list(told(map=nn.Linear(2, 2)))) == (0 if multiplies else 1)
