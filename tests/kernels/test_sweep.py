"""The opaque op: its contract with torch.library, each kernel behind it, its derivatives, rows past the end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from calls import VARIANTS, Variant, call
from torch.autograd import forward_ad

from throughtime.errors import KernelError
from throughtime.kernels import native, reference, torch_fused
from throughtime.kernels.call import Call, Swept
from throughtime.kernels.sweep import _flat, sweep

BY_NAME = {str(variant): variant for variant in VARIANTS}

CONFIGURATIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "lstm": ("lstm", "reference", {}),
    "lstm on torch": ("lstm", "torch", {"sizes": (2, 2, 2)}),
    "lstm ragged on torch": ("lstm", "torch", {"directions": 2, "sizes": (3, 2, 1), "tail": 2}),
    "lstm reset on torch": ("lstm", "torch", {"sizes": (2, 2, 2), "resets": True, "restart": True}),
    "lstm projected on torch": ("lstm-proj-no_bias", "torch", {"directions": 2}),
    "lstm with all": ("lstm_peephole-peepholes-proj-layer_norm", "reference", {"resets": True, "restart": True}),
    "lstm under noise": ("lstm", "reference", {"noise": True, "directions": 2, "resets": True, "tail": 1}),
    "gru": ("gru", "reference", {"directions": 2, "resets": True}),
    "gru on torch": ("gru", "torch", {"sizes": (2, 1), "batch": 3}),
    "gru with all": ("gru-proj-layer_norm", "reference", {"noise": True}),
    "lstm on native": ("lstm", "native", {"directions": 2, "sizes": (3, 2, 1), "tail": 2, "resets": True}),
    "lstm under noise on native": ("lstm", "native", {"noise": True, "directions": 2, "resets": True, "tail": 1}),
    "lstm wide on native": ("lstm", "native", {"hidden": 37, "sizes": (5, 5, 3, 1), "noise": True}),
    "gru on native": ("gru", "native", {"sizes": (2, 1), "batch": 3, "resets": True}),
    "gru wide on native": ("gru", "native", {"hidden": 19, "directions": 2, "sizes": (9, 4, 4), "noise": True}),
    "rnn on native": ("rnn_relu-no_bias", "native", {"noise": True}),
    "rnn wide on native": ("rnn_tanh", "native", {"hidden": 70, "sizes": (70, 33, 2), "resets": True}),
    "slstm on native": ("slstm_1", "native", {"directions": 2, "sizes": (3, 2, 1), "tail": 2, "resets": True}),
    "slstm of heads on native": ("slstm_2-no_bias", "native", {"hidden": 38, "sizes": (5, 5, 3, 1), "restart": True}),
    "no token of slstm on native": ("slstm_2-no_bias", "native", {"hidden": 4, "sizes": (), "batch": 2, "tail": 1}),
    "no token on native": ("gru", "native", {"sizes": (), "batch": 2, "tail": 1}),
    "rnn": ("rnn_tanh", "reference", {"restart": True, "resets": True}),
    "rnn on torch": ("rnn_relu-no_bias", "torch", {}),
    "no token": ("gru", "reference", {"sizes": (), "batch": 2, "tail": 3}),
    "no token on torch": ("lstm", "torch", {"sizes": (), "batch": 2}),
    "zeros in batch_sizes": ("lstm", "reference", {"sizes": (2, 1, 0, 0), "tail": 5, "resets": True}),
}
"""Name -> cell, kernel, and how the call differs from a plain one."""

missing = native.unavailable()
configurations = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.skipif(kernel == "native" and bool(missing), reason=str(missing)))
        for name, (_, kernel, _) in CONFIGURATIONS.items()
    ],
)


def made(name: str) -> tuple[Call, str]:
    variant, kernel, options = CONFIGURATIONS[name]
    return call(BY_NAME[variant], **options), kernel


def arguments(one: Call, kernel: str) -> tuple[Any, ...]:
    """The op's arguments in the order of its schema."""
    return (*_flat(one), kernel)


@configurations
@pytest.mark.filterwarnings("ignore:.*fx_tracing.*")
def test_opcheck(name: str) -> None:
    one, kernel = made(name)
    torch.library.opcheck(torch.ops.throughtime.sweep.default, arguments(one, kernel))


@configurations
def test_opcheck_of_the_backward_op(name: str) -> None:
    one, kernel = made(name)
    detached = one.with_tensors([tensor.detach() for tensor in one.tensors()])
    y, final, reserve = torch.ops.throughtime.sweep(*arguments(detached, kernel))
    grads = torch.randn_like(y), [torch.randn_like(part) for part in final]
    torch.library.opcheck(
        torch.ops.throughtime.sweep_backward.default,
        (*grads, y.detach(), reserve, *arguments(detached, kernel)),
        test_utils=("test_schema", "test_faketensor"),
    )


def results(swept: Swept) -> list[torch.Tensor]:
    return [swept[0], *swept[1]]


def same(ours: Swept, theirs: Swept, one: Call) -> None:
    """Values and every gradient; float64, a few dozen operations deep."""
    a, b = results(ours), results(theirs)
    cotangents = [torch.randn_like(each) for each in a]
    for left, right in zip(a, b, strict=True):
        torch.testing.assert_close(left, right, rtol=1e-9, atol=1e-12)
    told = [
        torch.autograd.grad(
            [r for r in side if r.requires_grad], one.tensors(),
            [c for r, c in zip(side, cotangents, strict=True) if r.requires_grad],
            allow_unused=True, materialize_grads=True,
        )
        for side in (a, b)
    ]  # fmt: skip
    for left, right in zip(*told, strict=True):
        torch.testing.assert_close(left, right, rtol=1e-9, atol=1e-12)


@configurations
def test_op_equals_the_plain_loop(name: str) -> None:
    """Rows past the last token hold NaN and reach nothing."""
    one, kernel = made(name)
    swept = sweep(one, kernel)
    assert all(torch.isfinite(each).all() for each in results(swept))
    same(swept, reference.run(one), one)


@configurations
def test_torchs_kernels_equal_the_plain_loop(name: str) -> None:
    """Also with autograd of their own, outside the op."""
    one, kernel = made(name)
    if kernel == "torch":
        same(torch_fused.run(one), reference.run(one), one)


@configurations
def test_rows_past_the_end_give_zeros(name: str) -> None:
    one, kernel = made(name)
    y, _ = sweep(one, kernel)
    assert y.shape[0] == one.rows.shape[0]
    assert (y[int(one.batch_sizes.sum()) :] == 0).all()


@configurations
def test_gradient_of_one_output_alone(name: str) -> None:
    """Outputs that the loss does not use send no gradient; the op must not want one."""
    one, kernel = made(name)
    for at in range(1 + len(one.state)):
        told = [
            torch.autograd.grad(out.square().sum(), one.tensors(), allow_unused=True, materialize_grads=True)
            for out in (results(sweep(one, kernel))[at], results(reference.run(one))[at])
            if out.requires_grad
        ]
        for left, right in zip(*told, strict=True) if len(told) == 2 else ():
            torch.testing.assert_close(left, right, rtol=1e-9, atol=1e-12)


def test_a_call_in_a_fake_mode_has_the_right_shapes() -> None:
    one, _ = made("lstm with all")
    meta = one.with_tensors([tensor.detach().to("meta") for tensor in one.tensors()])
    y, final = sweep(replace(meta, resets=None), "reference")
    real, parts = sweep(one, "reference")
    assert y.shape == real.shape and [part.shape for part in final] == [part.shape for part in parts]


def test_weights_changed_after_forward_are_noticed() -> None:
    """The backward op recomputes from its inputs, so a changed input must raise."""
    one = call(VARIANTS[6])
    weights = [weight.detach().clone().requires_grad_() for weight in one.weights]
    y, _ = sweep(replace(one, weights=weights), "reference")
    with torch.no_grad():
        weights[0].add_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")  # torch's own, at its first dual tensor
@pytest.mark.parametrize("asks", [True, False])
def test_a_tangent_never_vanishes_in_the_op(asks: bool) -> None:
    """The layers never bring a dual tensor here; whoever calls the op itself is told."""
    one = call(VARIANTS[3])
    one = one.with_tensors([tensor.detach().requires_grad_(asks) for tensor in one.tensors()])
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(one.rows.detach(), torch.ones_like(one.rows))
        with pytest.raises((KernelError, NotImplementedError), match=r"forward"):
            sweep(replace(one, rows=dual), "reference")


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_half_precision_stays_near(variant: Variant, dtype: torch.dtype) -> None:
    """A bfloat16 keeps 8 bits, 2^-8 per operation; some ten deep, amplified by layer norm: 0.1 of values near 1."""
    one = call(variant, sizes=(2, 2, 1), hidden=4)
    half = one.with_tensors([tensor.detach().to(dtype).requires_grad_() for tensor in one.tensors()])
    exact = one.with_tensors([tensor.detach().double() for tensor in half.tensors()])
    y, final = sweep(half, "reference")
    assert y.dtype == dtype and all(part.dtype == dtype for part in final)
    torch.testing.assert_close(y.double(), reference.run(exact)[0], rtol=0.1, atol=0.1)
    y.sum().backward()
    assert half.rows.grad is not None and half.rows.grad.dtype == dtype
