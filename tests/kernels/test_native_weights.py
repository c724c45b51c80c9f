"""No way of writing to a weight leaves the core with an old one: after each, it gives what the reference gives."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.utils import parametrizations

from throughtime.kernels import native
from throughtime.kernels.dispatch import use_kernel
from throughtime.kernels.packing import packed
from throughtime.layers import GRU, LSTM, RNN, Recurrent

pytestmark = [
    pytest.mark.skipif(native.unavailable() is not None, reason=str(native.unavailable())),
    pytest.mark.parametrize("made", [LSTM, GRU, RNN]),
]
HIDDEN = 16
Made = type[Recurrent]


def make(made: Made) -> Recurrent:
    return made(3, HIDDEN, 2, bidirectional=True).eval()


def output(layer: Any, kernel: str, x: Tensor) -> Tensor:
    with use_kernel(kernel), torch.no_grad():
        return layer(x)[0].clone()


def check(layer: Any, *, before: Tensor | None = None) -> Tensor:
    """Twice, so that kept weights are read too; float32: 6e-8 per operation, some hundred operations."""
    dtype = next(iter(layer.parameters())).dtype
    x = torch.linspace(-1, 1, 30, dtype=dtype).view(5, 2, 3)
    told = output(layer, "reference", x)
    for _ in range(2):
        torch.testing.assert_close(output(layer, "native", x), told, rtol=1e-4, atol=1e-5)
    assert before is None or not torch.allclose(told, before.to(dtype), rtol=1e-3, atol=1e-3), "the write did nothing"
    return told


# -- writes to the values ------------------------------------------------------------------------------------------


def by_numpy(w: Tensor) -> None:
    aliased = w.detach().numpy()
    aliased[3:7] *= -3.0


def in_inference_mode(w: Tensor) -> None:
    with torch.inference_mode():
        w.mul_(2.0)


def by_flat_storage(w: Tensor) -> None:
    torch.frombuffer(w.detach().numpy(), dtype=torch.float32)[5] += 4.0


WRITES: dict[str, Callable[[Tensor], object]] = {
    "one number": lambda w: w.data[0, 0].add_(5.0),
    "the last number": lambda w: w.data[-1, -1].add_(5.0),
    ".data": lambda w: w.data.mul_(2.0),
    ".data replaced": lambda w: setattr(w, "data", torch.randn_like(w)),
    ".data replaced by a strided one": lambda w: setattr(w, "data", torch.randn(w.shape[::-1]).t()),
    "detached": lambda w: w.detach().add_(1.0),
    "in place": lambda w: w.add_(1.0),
    "copied over": lambda w: w.copy_(torch.randn_like(w)),
    "init": lambda w: nn.init.orthogonal_(w),
    "set_": lambda w: w.set_(torch.randn_like(w)),
    "numpy": by_numpy,
    "memory": by_flat_storage,
    "inference mode": in_inference_mode,
    "all signs": lambda w: w.neg_(),
    "two signs": lambda w: w[0, ::15].neg_(),
    "the signs of rows": lambda w: w[:8].neg_(),
    "doubled": lambda w: w.mul_(2.0),
    "two numbers doubled": lambda w: w.view(-1)[::64][:2].mul_(4.0),
    "rows moved": lambda w: w.copy_(w.roll(1, 0)),
    "rows turned around": lambda w: w.copy_(w.flip(0)),
    "columns turned around": lambda w: w.copy_(w.flip(1)),
    "zeros": lambda w: w.zero_(),
    "ones": lambda w: w.fill_(1.0),
}


@pytest.mark.parametrize("name", ["weight_hh_l0", "weight_hh_l1_reverse", "weight_ih_l0"])
@pytest.mark.parametrize("write", WRITES)
def test_a_write(made: Made, write: str, name: str) -> None:
    layer = make(made)
    before = check(layer)
    with torch.no_grad():
        WRITES[write](getattr(layer, name))
    after = check(layer)
    assert not after.equal(before), "the write did nothing"


@pytest.mark.parametrize("kind", ["sign", "exponent", "two exponents"])
def test_any_two_numbers(made: Made, kind: str) -> None:
    """Changes in the high bits alone, of pairs at every distance: they must not cancel in what the core compares."""
    layer, generator = made(1, 24).eval(), torch.Generator().manual_seed(3)
    w, gates = layer.weight_hh_l0.detach().fill_(0.5), len(layer.cell.gates)
    before = packed(w, gates, fresh=False).clone()
    missed = []
    for _ in range(2000):
        a, b = torch.randperm(w.numel(), generator=generator)[:2].tolist()
        w.fill_(0.5)
        flat = w.view(-1)
        flat[a] *= -1.0 if kind == "sign" else 2.0
        flat[b] *= -1.0 if kind == "sign" else 2.0 if kind == "exponent" else 0.5
        if packed(w, gates, fresh=False).equal(before):
            missed.append((a, b))
    assert not missed, f"{len(missed)} changes of two numbers went unseen, such as those at {missed[:3]}"


# -- other weights -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("assign", [True, False])
def test_load_state_dict(made: Made, assign: bool) -> None:
    layer, other = make(made), make(made)
    before = check(layer)
    layer.load_state_dict(other.state_dict(), assign=assign)
    torch.testing.assert_close(check(layer, before=before), check(other), rtol=0, atol=0)


def test_functional_call(made: Made) -> None:
    layer = make(made)
    before = check(layer)
    x = torch.linspace(-1, 1, 30).view(5, 2, 3)
    for scale in (2.0, -1.0, 2.0):
        parameters = {name: scale * p.detach() for name, p in layer.named_parameters()}
        told = []
        for kernel in ("native", "reference"):
            with use_kernel(kernel), torch.no_grad():
                told.append(functional_call(layer, parameters, (x,))[0])
        torch.testing.assert_close(told[0], told[1], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(check(layer), before, rtol=0, atol=0)


@pytest.mark.parametrize("parametrize", [parametrizations.weight_norm, parametrizations.orthogonal])
def test_parametrizations(made: Made, parametrize: Callable[..., nn.Module]) -> None:
    """The weight is a new tensor at every reading; memory of an old one may be given to it."""
    layer = make(made)
    check(layer)
    parametrize(layer, "weight_hh_l0")
    before = check(layer)
    with torch.no_grad():
        for p in layer.parametrizations.parameters():  # type: ignore[union-attr]
            p.add_(torch.randn_like(p))
    check(layer, before=before)
    torch.nn.utils.parametrize.remove_parametrizations(layer, "weight_hh_l0")
    check(layer)


def test_deepcopy(made: Made) -> None:
    layer = make(made)
    before = check(layer)
    twin = copy.deepcopy(layer)
    torch.testing.assert_close(check(twin), before, rtol=0, atol=0)
    twin.weight_hh_l0.data.mul_(3.0)
    check(twin, before=before)
    torch.testing.assert_close(check(layer), before, rtol=0, atol=0)


def test_to_another_type_and_back(made: Made) -> None:
    layer = make(made)
    before = check(layer)
    for dtype in (torch.float64, torch.float32):
        torch.testing.assert_close(check(layer.to(dtype)).float(), before, rtol=1e-5, atol=1e-6)
    layer.weight_hh_l0.data = layer.weight_hh_l0.data.double().mul(2).float()
    check(layer, before=before)


@pytest.mark.parametrize("options", [{"foreach": True}, {"fused": True}, {}], ids=["foreach", "fused", "plain"])
@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.AdamW])
def test_optimizers(made: Made, optimizer: Any, options: dict[str, bool]) -> None:
    layer = make(made)
    steps = optimizer(layer.parameters(), lr=0.1, **options)
    for _ in range(3):
        before = check(layer)
        with use_kernel("native"):
            (-layer(torch.randn(5, 2, 3))[0].square().sum()).backward()
        steps.step()
        steps.zero_grad()
        check(layer, before=before)


def test_parameters_swapped(made: Made) -> None:
    layer = make(made)
    before = check(layer)
    layer.weight_hh_l0, layer.weight_hh_l1 = layer.weight_hh_l1, layer.weight_hh_l0
    check(layer, before=before)
    layer.weight_hh_l0 = nn.Parameter(torch.randn_like(layer.weight_hh_l0))
    check(layer)
    torch.utils.swap_tensors(layer.weight_hh_l0, layer.weight_hh_l0_reverse)
    check(layer)


def test_one_memory_for_many_weights(made: Made) -> None:
    """New layers come to lie where dead ones lay."""
    for _ in range(20):
        check(make(made))


def test_tensors_made_in_inference_mode(made: Made) -> None:
    with torch.inference_mode():
        layer = make(made)
        before = check(layer)
        layer.weight_hh_l0.mul_(-2.0)
        check(layer, before=before)
        layer.weight_hh_l0.data[1, 1] += 4.0
        check(layer)


def test_a_stream_sees_writes_in_place(made: Made) -> None:
    layer = made(3, HIDDEN, 2, zoneout=0.2).eval()  # with zoneout the steps are our own
    x = torch.randn(6, 2, 3)
    stream = layer.stream(2)
    for write in WRITES:
        if "replaced" in write or write == "set_":
            continue
        with torch.no_grad():
            layer.reset_parameters()
            WRITES[write](layer.weight_hh_l0)
        stream.reset()
        got = torch.stack([stream.step(x_t) for x_t in x])
        torch.testing.assert_close(got, output(layer, "reference", x), rtol=1e-4, atol=1e-5)
