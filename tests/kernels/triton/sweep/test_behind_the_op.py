"""The sweep on a GPU behind the op and the layers, in Triton's interpreter; when it is chosen, and why not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

pytest.importorskip("triton", reason="the sweep on a GPU needs triton")

from gpu_cases import made

from throughtime.errors import KernelError, ShapeError
from throughtime.kernels import requests
from throughtime.kernels.dispatch import choose, explain_request, use_kernel
from throughtime.kernels.requests import KERNELS, Request
from throughtime.kernels.sight import Way
from throughtime.kernels.sweep import _flat, sweep
from throughtime.kernels.triton.sweep import kernel
from throughtime.layers import GRU, LSTM, RNN, SLSTM, LSTMCell, MinGRU, Recurrent, explain

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")  # as in test_parity

NARROW = {"rtol": 1e-4, "atol": 1e-5}
"""Float32 beside float32 in another order: some 50 products of 6e-8 each, over a few steps."""


@pytest.fixture
def anywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The programs may be asked for on the CPU, where the interpreter runs them."""
    monkeypatch.setitem(KERNELS, "triton", requests._gpu_sweep_refusal)
    yield


@pytest.mark.parametrize(
    ("variant", "options"),
    [("lstm", {"sizes": (2, 1), "tail": 1, "noise": True}), ("gru-layer_norm", {"sizes": (2, 1), "resets": True})],
)
def test_opcheck(variant: str, options: dict[str, Any]) -> None:
    one = made(variant, hidden=3, **options)
    asked = one.with_tensors([tensor.requires_grad_() for tensor in one.tensors()])
    tests = ("test_schema", "test_autograd_registration", "test_faketensor")
    torch.library.opcheck(torch.ops.throughtime.sweep.default, (*_flat(asked), "triton"), test_utils=tests)
    detached = one.with_tensors([tensor.detach() for tensor in one.tensors()])
    y, final, reserve = torch.ops.throughtime.sweep(*_flat(detached), "triton")
    arguments = (
        torch.randn_like(y),
        [torch.randn_like(part) for part in final],
        y,
        reserve,
        *_flat(detached),
        "triton",
    )
    tests = ("test_schema", "test_faketensor")
    torch.library.opcheck(torch.ops.throughtime.sweep_backward.default, arguments, test_utils=tests)


def test_rows_past_the_end_give_zeros() -> None:
    one = made("gru", sizes=(2, 1), hidden=3, tail=3)
    y, _ = sweep(one, "triton")
    assert torch.isfinite(y).all() and (y[3:] == 0).all()


def test_traced_without_gradients_and_run_with_them() -> None:
    one = made("lstm", sizes=(2, 1), hidden=3, keep=False)
    asked = one.with_tensors([tensor.requires_grad_() for tensor in one.tensors()])
    told = [
        torch.autograd.grad(sweep(asked, name)[0].square().sum(), asked.tensors()) for name in ("triton", "reference")
    ]
    for ours, theirs in zip(*told, strict=True):
        torch.testing.assert_close(ours, theirs, **NARROW)


def test_the_same_bits_each_time() -> None:
    one = made("lstm-layer_norm", sizes=(2, 2), hidden=20, noise=True)
    first, second = kernel.forward(one), kernel.forward(one)
    assert first[0].equal(second[0]) and all(a.equal(b) for a, b in zip(first[1], second[1], strict=True))
    grads = [
        kernel.backward(one, y, kept, torch.ones_like(y), [torch.ones_like(part) for part in final])
        for y, final, kept in (first, second)
    ]
    assert all(a.equal(b) for a, b in zip(*grads, strict=True))


def test_gradients_that_do_not_fit_are_refused() -> None:
    one = made("gru", sizes=(2, 1), hidden=3)
    y, final, kept = kernel.forward(one)
    with pytest.raises(ShapeError, match="gradient of y"):
        kernel.backward(one, y, kept, torch.ones(2, 3), final)
    with pytest.raises(ShapeError, match="what forward kept"):
        kernel.backward(one, y, kept[:, :2], torch.ones_like(y), final)
    with pytest.raises(ShapeError, match="batch_sizes"):
        kernel.forward(replace(one, batch_sizes=torch.tensor([2, 3])))


LAYERS: dict[str, tuple[type[Recurrent], dict[str, Any]]] = {
    "lstm": (LSTM, {"num_layers": 2, "bidirectional": True, "zoneout": 0.2, "recurrent_dropout": 0.3, "dropout": 0.1}),
    "lstm that cannot see far": (LSTM, {"proj_size": 3, "weight_dropout": 0.2, "initial_state": "learned"}),
    "gru": (GRU, {"layer_norm": True, "recompute": True}),
    "elman": (RNN, {"num_layers": 2}),
}


def outcome(layer: Recurrent, x: Tensor, name: str, **options: Any) -> list[Tensor]:
    torch.manual_seed(5)
    with use_kernel(name):
        y, state = layer(x, **options)
    parts = state if isinstance(state, tuple) else (state,)
    total = y.sin().sum() + sum(part.sum() for part in parts)
    return [y, *parts, *torch.autograd.grad(total, [x, *layer.parameters()])]


@pytest.mark.usefixtures("anywhere")
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_gives_what_the_reference_gives(name: str) -> None:
    """The same seed, so the same masks."""
    layer, x = LAYERS[name][0](3, 5, **LAYERS[name][1]), torch.randn(3, 3, 3, requires_grad=True)
    options = {"lengths": [3, 0, 2], "resets": torch.rand(3, 3) < 0.3}
    for ours, told in zip(
        outcome(layer, x, "triton", **options), outcome(layer, x, "reference", **options), strict=True
    ):
        torch.testing.assert_close(ours, told, **NARROW)


@pytest.mark.usefixtures("anywhere")
def test_double_backward_is_the_references() -> None:
    layer, x = LSTM(2, 3), torch.randn(2, 2, 2, requires_grad=True)
    told: list[Tensor] = []
    for name in ("triton", "reference"):
        with use_kernel(name):
            (grad,) = torch.autograd.grad(layer(x)[0].square().sum(), x, create_graph=True)
        told += torch.autograd.grad(grad.square().sum(), x)
    torch.testing.assert_close(told[0], told[1], **NARROW)


@pytest.mark.slow
@pytest.mark.usefixtures("anywhere")
def test_compiled_in_one_graph_it_is_one_node() -> None:
    layer, x = GRU(3, 5, bidirectional=True), torch.randn(3, 2, 3)
    with use_kernel("triton"):
        compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
        torch.testing.assert_close(compiled(x)[0], layer(x)[0], **NARROW)


# -- who is chosen -----------------------------------------------------------------------------------------------------


def request(**changes: Any) -> Request:
    plain: dict[str, Any] = {
        "cell": "lstm", "names": frozenset({"weight_ih", "weight_hh", "bias_ih", "bias_hh"}), "dtype": torch.bfloat16,
        "device": "cuda", "directions": 1, "dense": True, "resets": False, "size": (256, 64, 512), "keep": True,
        "recompute": False, "single": False, "restart": False, "zoneout": False, "hidden_dropout": False,
        "trace": False, "hidden": 512, "way": Way.DIRECT,
    }  # fmt: skip
    return Request(**{**plain, **changes})


NORMED = frozenset({"weight_ih", "weight_hh", "bias_ih", "bias_hh", "ln_hh.weight", "ln_hh.bias"})
F32, F16 = {"dtype": torch.float32}, {"dtype": torch.float16}
CHOSEN: dict[str, tuple[dict[str, Any], str]] = {
    "bfloat16": ({}, "triton"),
    "bfloat16, any size": ({"size": None}, "triton"),
    "bfloat16, one step": ({"size": (1, 64, 512)}, "torch"),
    "float16": (F16, "triton"),
    "float16, few rows of many units": ({**F16, "size": (256, 16, 1024)}, "torch"),
    "the same in both directions": ({**F16, "size": (256, 16, 1024), "directions": 2}, "triton"),
    "float32, many units": (F32, "triton"),
    "float32, ragged": ({**F32, "size": None, "dense": False}, "triton"),
    "float32, few units": ({**F32, "hidden": 128}, "torch"),
    "float32, few units, reset": ({**F32, "hidden": 128, "resets": True}, "triton"),
    "float32, few units, normed": ({**F32, "hidden": 128, "names": NORMED}, "triton"),
    "float32, few units, zoneout": ({**F32, "hidden": 128, "zoneout": True}, "triton"),
    "float64": ({"dtype": torch.float64}, "torch"),
    "float64, zoneout": ({"dtype": torch.float64, "zoneout": True}, "reference"),
    "another cell": ({"cell": "slstm_1"}, "reference"),
    "looked into": ({"way": Way.REFERENCE}, "reference"),
    "a single step": ({"single": True, "size": None}, "torch"),
}


@pytest.mark.parametrize("name", CHOSEN)
def test_on_cuda_the_faster_one_is_chosen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "_triton_is_there", lambda: True)
    assert SLSTM(3, 4).cell.name == "slstm_1"
    changes, kernel_name = CHOSEN[name]
    assert choose(request(**changes)) == kernel_name


def test_without_tf32_float32_is_cudnns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "_triton_is_there", lambda: True)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    assert choose(request(**F32)) == "torch"
    assert kernel.plan_of(made("lstm", sizes=(1,)), [1]).precision == "ieee"
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    assert kernel.plan_of(made("lstm", sizes=(1,)), [1]).precision == "tf32"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "cpu": ({"device": "cpu"}, "it runs on CUDA, not on cpu"),
    "trace": ({"trace": True}, "it returns no gates"),
    "float64": ({"dtype": torch.float64}, "it computes in float32, bfloat16 or float16, not in torch.float64"),
    "cell": ({"cell": "slstm_1"}, "it has no cell 'slstm_1'"),
    "names": ({"names": frozenset({"weight_ih", "weight_hh", "weight_xx"})}, "it knows no weight_xx"),
    "single": ({"single": True}, "this is a single step"),
    "transforms": ({"way": Way.REFERENCE}, "run on the reference"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_says_why_it_cannot_run_a_call(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "_triton_is_there", lambda: True)
    changes, says = REFUSED[name]
    told = explain_request(request(**changes))
    assert says in told.refused["triton"] and f"triton: not used, {told.refused['triton']}" in str(told)
    with use_kernel("triton"), pytest.raises(KernelError, match="'triton' was forced"):
        choose(request(**changes))


def test_without_triton_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "_triton_is_there", lambda: False)
    assert "throughtime[gpu]" in explain_request(request()).refused["triton"]
    assert choose(request()) == "torch"


def test_on_the_cpu_it_is_never_chosen_and_says_why() -> None:
    for layer in (LSTM(3, 4), MinGRU(3, 4)):
        told = explain(layer, torch.randn(5, 2, 3))
        assert told.kernel != "triton" and told.refused["triton"] == "it runs on CUDA, not on cpu"
    with use_kernel("triton"), pytest.raises(KernelError, match="not on cpu"):
        LSTM(3, 4)(torch.randn(5, 2, 3))
    with use_kernel("triton"), pytest.raises(KernelError, match="not on cpu"):
        LSTMCell(3, 4)(torch.randn(2, 3))
