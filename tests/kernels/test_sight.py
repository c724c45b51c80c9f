"""Which way a call takes under each kind of tensor and each thing that may look on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses import FakeTensorMode
from torch._subclasses.functional_tensor import FunctionalTensorMode
from torch.autograd import forward_ad
from torch.func import functionalize, grad, vmap
from torch.fx.experimental.proxy_tensor import make_fx
from torch.overrides import TorchFunctionMode
from torch.testing._internal.logging_tensor import LoggingTensor
from torch.testing._internal.two_tensor import TwoTensor
from torch.utils._python_dispatch import TorchDispatchMode

from throughtime.errors import ShapeError
from throughtime.kernels.dispatch import use_kernel
from throughtime.kernels.sight import Way, has_memory, tracing, unreadable, way
from throughtime.layers import GRU

pytestmark = pytest.mark.filterwarnings("ignore")  # tracers and sparse tensors warn of themselves


class Named(Tensor):
    pass


class Functions(TorchFunctionMode):
    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*args, **(kwargs or {}))


def left_over() -> Tensor:
    """A tensor of a transform that has ended."""
    kept: list[Tensor] = []
    grad(lambda x: (kept.append(x), x.sum())[1])(torch.ones(2))
    return kept[0]


KINDS: dict[str, tuple[Callable[[], Tensor], Way]] = {
    "plain": (lambda: torch.ones(2), Way.DIRECT),
    "parameter": (lambda: nn.Parameter(torch.ones(2)), Way.DIRECT),
    "buffer": (lambda: nn.Buffer(torch.ones(2)), Way.DIRECT),
    "view": (lambda: torch.ones(3, 3).t()[1:], Way.DIRECT),
    "integers": (lambda: torch.arange(2), Way.DIRECT),
    "of inference mode": (lambda: torch.inference_mode()(torch.ones)(2), Way.DIRECT),
    "meta": (lambda: torch.ones(2, device="meta"), Way.OPAQUE),
    "fake": (lambda: FakeTensorMode().from_tensor(torch.ones(2)), Way.OPAQUE),
    "logging": (lambda: LoggingTensor(torch.ones(2)), Way.REFERENCE),
    "two": (lambda: TwoTensor(torch.ones(2), torch.ones(2)), Way.REFERENCE),
    "parameter of two": (lambda: nn.Parameter(TwoTensor(torch.ones(2), torch.ones(2))), Way.REFERENCE),
    "subclass": (lambda: torch.ones(2).as_subclass(Named), Way.REFERENCE),
    "sign to be changed": (lambda: torch._neg_view(torch.ones(2)), Way.REFERENCE),
    "zeros not stored": (lambda: torch._efficientzerotensor(2), Way.REFERENCE),
    "sparse": (lambda: torch.ones(2).to_sparse(), Way.REFERENCE),
    "functional wrapper": (lambda: torch._to_functional_tensor(torch.ones(2)), Way.REFERENCE),
    "of an ended transform": (left_over, Way.REFERENCE),
}


@pytest.mark.parametrize("name", KINDS)
def test_kinds_of_tensors(name: str) -> None:
    made, expected = KINDS[name]
    assert way([None, torch.ones(2), made()]) is expected
    assert not unreadable()


@pytest.mark.parametrize("name", KINDS)
def test_a_stream_may_read_plain_tensors_and_shapes(name: str) -> None:
    made, expected = KINDS[name]
    if name != "fake":
        assert has_memory([torch.ones(2), made()]) is (expected is not Way.REFERENCE)


MODES: dict[str, tuple[Callable[[], AbstractContextManager[Any]], Way, bool]] = {
    "none": (nullcontext, Way.DIRECT, False),
    "default device": (lambda: torch.device("cpu"), Way.DIRECT, False),
    "function mode": (Functions, Way.OPAQUE, False),
    "dispatch mode": (TorchDispatchMode, Way.OPAQUE, False),
    "fake": (FakeTensorMode, Way.OPAQUE, True),
    "functional": (FunctionalTensorMode, Way.OPAQUE, True),
    "dual numbers": (forward_ad.dual_level, Way.REFERENCE, False),
}


@pytest.mark.parametrize("name", MODES)
def test_modes(name: str) -> None:
    mode, expected, blind = MODES[name]
    x = torch.ones(2)
    with mode():
        assert (way([x]), unreadable()) == (expected, blind)
    assert way([x]) is Way.DIRECT


def test_a_wrapper_under_a_mode_is_left_to_torch() -> None:
    x = LoggingTensor(torch.ones(2))
    with TorchDispatchMode():
        assert way([x]) is Way.REFERENCE


def seen_inside(run: Callable[[Callable[[Tensor], Tensor]], Any]) -> tuple[Way, bool, bool]:
    """What is decided inside a transform or tracer."""
    told: list[tuple[Way, bool, bool]] = []

    def function(x: Tensor) -> Tensor:
        told.append((way([x]), unreadable(), tracing()))
        return x.sum()

    run(function)
    return told[0]


def test_transforms_and_tracers() -> None:
    x = torch.ones(3, 2)
    assert seen_inside(lambda f: vmap(f)(x)) == (Way.REFERENCE, False, False)
    assert seen_inside(lambda f: grad(f)(x)) == (Way.REFERENCE, False, False)
    assert seen_inside(lambda f: functionalize(f)(x)) == (Way.OPAQUE, True, False)
    assert seen_inside(lambda f: vmap(functionalize(f))(x))[0] is Way.REFERENCE
    assert seen_inside(lambda f: make_fx(f)(x)) == (Way.OPAQUE, True, False)
    assert seen_inside(lambda f: make_fx(grad(f))(x)) == (Way.REFERENCE, True, False)
    assert seen_inside(lambda f: torch.jit.trace(f, x)) == (Way.OPAQUE, True, True)


def test_compilers() -> None:
    told: list[bool] = []

    @torch.compile(backend="eager", fullgraph=True)
    def function(x: Tensor) -> Tensor:
        return x + (1 if unreadable() and not tracing() and way([x]) is Way.OPAQUE else 0)

    told.append(bool((function(torch.zeros(2)) == 1).all()))
    assert told == [True]


def test_memory_that_was_given_back() -> None:
    """As sharded training does with weights between its steps; the core would read at address 0."""
    for name in ("weight_ih_l0", "weight_hh_l0"):
        layer, x = GRU(3, 4), torch.randn(5, 2, 3)
        getattr(layer, name).untyped_storage().resize_(0)
        for grads in (True, False):
            with torch.set_grad_enabled(grads), use_kernel("native"), pytest.raises(ShapeError, match="no memory"):
                layer(x)


def test_a_weight_on_meta_is_refused_and_not_believed() -> None:
    layer, x = GRU(3, 4), torch.randn(5, 2, 3)
    layer.weight_hh_l0 = nn.Parameter(layer.weight_hh_l0.to("meta"))
    with pytest.raises(ShapeError, match="on meta"):
        layer(x, lengths=[5, 3])
