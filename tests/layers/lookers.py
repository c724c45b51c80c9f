"""Everything that may look on while a layer runs: modes, tracers, transforms, and tensors that wrap others.

A *looker* takes a function of tensors and runs it on the given ones under its eyes; what it gives is what was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed
from torch import Tensor, nn
from torch._subclasses import FakeTensorMode
from torch.distributed.tensor import DTensor, Replicate, distribute_tensor, init_device_mesh
from torch.func import functional_call, functionalize
from torch.fx.experimental.proxy_tensor import make_fx
from torch.overrides import TorchFunctionMode
from torch.testing._internal.distributed.fake_pg import FakeStore
from torch.testing._internal.logging_tensor import LoggingTensor
from torch.testing._internal.two_tensor import TwoTensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_leaves, tree_map_only, tree_unflatten

Function = Callable[..., list[Tensor]]


@dataclass(frozen=True)
class Program:
    """The call of a layer as a function of all its tensors."""

    layer: nn.Module
    options: dict[str, Any]
    """Keyword arguments that are no tensors."""

    def __call__(self, parameters: dict[str, Tensor], x: Any, hx: Any, tensors: dict[str, Tensor]) -> list[Tensor]:
        """Output and final state as a flat list."""
        torch.manual_seed(11)
        return flat(functional_call(self.layer, parameters, (x, hx), {**self.options, **tensors}))


class Traceable(nn.Module):
    """The same as a module of all its tensors but the parameters, whose values ``jit.trace`` keeps."""

    def __init__(self, program: Program, args: tuple[Any, ...]) -> None:
        super().__init__()
        self.layer, self.program = program.layer, program
        self.leaves, self.form = tree_flatten(args)

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        rest = iter(given)
        leaves = [next(rest) if isinstance(leaf, Tensor) else leaf for leaf in self.leaves]
        x, hx, tensors = tree_unflatten(leaves, self.form)
        return tuple(flat(self.layer(x, hx, **self.program.options, **tensors)))


def flat(results: Any) -> list[Tensor]:
    """All tensors in what a layer gives; of nested ones the values, for two are never of one shape."""
    return [each.values() if each.is_nested else each for each in tree_leaves(results) if isinstance(each, Tensor)]


class Watching(TorchDispatchMode):
    """Sees every operator, and lets it pass."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.seen.append(str(func))
        return func(*args, **(kwargs or {}))


class Overseeing(TorchFunctionMode):
    """Sees every function of torch, and lets it pass."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*args, **(kwargs or {}))


class Named(Tensor):
    """A subclass that changes nothing."""


def floats_of(args: Any, wrap: Callable[[Tensor], Tensor]) -> Any:
    """The arguments with every tensor of floats wrapped, as data and weights are."""
    return tree_map_only(Tensor, lambda t: wrap(t) if t.is_floating_point() else t, args)


def under_mode(mode: Callable[[], Any]) -> Callable[..., list[Tensor]]:
    def look(function: Function, args: Any, others: Any) -> list[Tensor]:
        with mode():
            return function(*args)

    return look


def wrapped(wrap: Callable[[Tensor], Tensor], unwrap: Callable[[Any], Tensor]) -> Callable[..., list[Tensor]]:
    def look(function: Function, args: Any, others: Any) -> list[Tensor]:
        seen = function(*floats_of(args, wrap))
        assert {type(each) for each in seen} == {type(wrap(torch.zeros(1)))}
        return [unwrap(each) for each in seen]

    return look


def fx_traced(mode: str) -> Callable[..., list[Tensor]]:
    """``make_fx`` on other values, then run on these."""

    def look(function: Function, args: Any, others: Any) -> list[Tensor]:
        graph = make_fx(function, tracing_mode=mode)(*others)
        torch.manual_seed(11)
        return graph(*args)

    return look


def jit_traced(program: Program, args: Any, others: Any) -> list[Tensor]:
    """``jit.trace`` on other values, then run on these."""
    module = Traceable(program, args[1:])
    traced = torch.jit.trace(module, tuple(flat(others[1:])), check_trace=False)
    torch.manual_seed(11)
    return list(traced(*flat(args[1:])))


def faked(function: Function, args: Any, others: Any) -> list[Tensor]:
    mode = FakeTensorMode()
    fakes = tree_map_only(Tensor, mode.from_tensor, args)
    with mode:
        return function(*fakes)


def on_meta(function: Function, args: Any, others: Any) -> list[Tensor]:
    return function(*floats_of(args, lambda t: t.to("meta")))


def compiled(program: Program, args: Any, others: Any) -> list[Tensor]:
    torch._dynamo.reset()
    return list(torch.compile(Traceable(program, args[1:]), fullgraph=True, backend="aot_eager")(*flat(args[1:])))


VALUES: dict[str, Callable[[Function, Any, Any], list[Tensor]]] = {
    "dispatch mode": under_mode(Watching),
    "function mode": under_mode(Overseeing),
    "default device": under_mode(lambda: torch.device("meta")),
    "functionalize": lambda function, args, others: functionalize(function)(*args),
    "logging tensor": wrapped(LoggingTensor, lambda t: t.elem),
    "two tensor": wrapped(lambda t: TwoTensor(t, t.clone()), lambda t: t.b),
    "subclass": wrapped(lambda t: t.as_subclass(Named), lambda t: t.as_subclass(Tensor)),
    "make_fx": fx_traced("real"),
    "jit.trace": jit_traced,
}
"""Name -> a looker that leaves the values."""

SHAPES: dict[str, Callable[[Function, Any, Any], list[Tensor]]] = {"fake": faked, "meta": on_meta}
"""Name -> a looker that leaves shapes, types and strides alone."""

COMPILERS: dict[str, Callable[[Function, Any, Any], list[Tensor]]] = {
    "make_fx symbolic": fx_traced("symbolic"),
    "compile": compiled,
}
"""Name -> a looker that compiles: values, in seconds."""

PASSING = ("dispatch mode", "function mode", "default device")
"""Lookers that take batches of every form."""

UNREADING = ("functionalize", "fake")
"""Lookers under which a packed batch is refused (``make_fx`` takes none, ``jit.trace`` a plain layer's)."""


@contextmanager
def mesh_of_two() -> Iterator[Callable[[Tensor], DTensor]]:
    """Places tensors on two devices that are imagined, whole on each."""
    torch.distributed.init_process_group("fake", store=FakeStore(), rank=0, world_size=2)
    try:
        mesh = init_device_mesh("cpu", (2,))
        yield lambda tensor: distribute_tensor(tensor, mesh, [Replicate()])
    finally:
        torch.distributed.destroy_process_group()
