"""The op ``throughtime::diagonal`` and its backward: opaque to whatever looks on, run by the C++ core.

The derivative of the backward op (double backward) is that of the plain loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from throughtime.errors import KernelError
from throughtime.kernels import batching
from throughtime.kernels.derivative import apart
from throughtime.kernels.diagonal import native
from throughtime.kernels.diagonal.units import States, Sweep, step_by_step
from throughtime.kernels.reference.cell import cell_named

__all__ = ["sweep_through_op"]

_forward_mode: Any = torch.autograd.forward_ad

_CALL = (
    "Tensor[] x, Tensor[] own, Tensor batch_sizes, Tensor? resets, Tensor[] initial, Tensor[] restart, str cell, "
    "bool reverse"
)
_library = torch.library.Library("throughtime", "FRAGMENT")
_library.define(f"diagonal({_CALL}) -> (Tensor[] states, Tensor[] finals)")
_library.define(
    f"diagonal_backward(Tensor[] states, Tensor?[] grad_states, Tensor?[] grad_finals, {_CALL}) "
    "-> (Tensor[] x, Tensor[] own, Tensor[] initial, Tensor[] restart)"
)


def sweep_through_op(sweep: Sweep) -> States:
    """Sweep one direction in the C++ core.

    Args:
        sweep: what to sweep.
    """
    states, finals = torch.ops.throughtime.diagonal(*_flat(sweep))
    return states, finals


def _flat(sweep: Sweep) -> tuple[Any, ...]:
    s = sweep
    return s.x, s.own, s.batch_sizes, s.resets, s.initial, s.restart, s.cell.name, s.reverse


def _sweep(arguments: Sequence[Any]) -> Sweep:
    x, own, batch_sizes, resets, initial, restart, cell, reverse = arguments
    body: Any = cell_named(cell)
    return Sweep(body, list(x), list(own), batch_sizes, resets, list(initial), list(restart), reverse)


def _no_tangents() -> None:
    if _forward_mode._current_level >= 0:
        raise KernelError("throughtime::diagonal has no forward-mode derivative: call the layer, outside of a graph")


def _forward(*arguments: Any) -> States:
    _no_tangents()
    return native.forward(_sweep(arguments))


def _forward_fake(*arguments: Any) -> States:
    sweep = _sweep(arguments)
    rows = sweep.x[0].shape[0]
    return [part.new_empty(rows, part.shape[1]) for part in sweep.initial], [torch.empty_like(p) for p in sweep.initial]


def _backward(
    states: list[Tensor], grad_states: list[Any], grad_finals: list[Any], *arguments: Any
) -> list[list[Tensor]]:
    _no_tangents()
    sweep = _sweep(arguments)
    return sweep.parted(native.backward(sweep, states, grad_states, grad_finals))


def _backward_fake(states: list[Tensor], grad_states: Any, grad_finals: Any, *arguments: Any) -> list[list[Tensor]]:
    sweep = _sweep(arguments)
    return sweep.parted([torch.empty(t.shape, dtype=t.dtype, device=t.device) for t in sweep.tensors()])


def _save(ctx: Any, sweep: Sweep, states: Sequence[Tensor], grads: Sequence[Tensor | None] = ()) -> None:
    ctx.save_for_backward(*sweep.tensors(), *states, *grads, sweep.batch_sizes, sweep.resets)
    ctx.shell = sweep._replace(batch_sizes=None, resets=None).with_tensors([None] * len(sweep.tensors()))  # type: ignore
    ctx.states = len(states)


def _loaded(ctx: Any) -> tuple[Sweep, list[Tensor], list[Tensor | None]]:
    *rest, batch_sizes, resets = ctx.saved_tensors
    count = len(ctx.shell.tensors())
    sweep = ctx.shell.with_tensors(rest[:count])._replace(batch_sizes=batch_sizes, resets=resets)
    return sweep, rest[count : count + ctx.states], rest[count + ctx.states :]


def _arguments(sweep: Sweep, grads: Sequence[Tensor | None]) -> tuple[Any, ...]:
    """One gradient for each argument of the op."""
    x, own, initial, restart = sweep.parted(grads)
    return x, own, None, None, initial, restart, None, None


def _forward_setup(ctx: Any, inputs: tuple[Any, ...], output: States) -> None:
    _save(ctx, _sweep(inputs), output[0])


def _forward_derivative(ctx: Any, grad_states: list[Any], grad_finals: list[Any]) -> tuple[Any, ...]:
    sweep, states, _ = _loaded(ctx)
    parts = torch.ops.throughtime.diagonal_backward(states, grad_states, grad_finals, *_flat(sweep))
    return _arguments(sweep, [grad for part in parts for grad in part])


def _backward_setup(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    states, grad_states, grad_finals, *arguments = inputs
    _save(ctx, _sweep(arguments), states, [*grad_states, *grad_finals])


def _backward_derivative(ctx: Any, *grads: list[Tensor | None]) -> tuple[Any, ...]:
    """Double backward, by differentiating the plain loop's gradient; differentiable where gradients are on."""
    sweep, states, given = _loaded(ctx)
    again = torch.is_grad_enabled()
    with torch.enable_grad():
        inner = sweep.with_tensors(apart(sweep.tensors(), again))
        outer = [None if grad is None else apart([grad], again)[0] for grad in given]
        outputs, finals = step_by_step(inner)
        pairs = [(o, g) for o, g in zip([*outputs, *finals], outer, strict=True) if g is not None and o.requires_grad]
        first = torch.autograd.grad(
            [o for o, _ in pairs], inner.tensors(), [g for _, g in pairs], create_graph=True, allow_unused=True,
            materialize_grads=True,
        )  # fmt: skip
        flat = [grad for part in grads for grad in part]
        cotangents = [torch.zeros_like(t) if grad is None else grad for grad, t in zip(flat, first, strict=True)]
        wanted = [*(grad for grad in outer if grad is not None), *inner.tensors()]
        found = list(
            torch.autograd.grad(
                first, wanted, cotangents, create_graph=again, allow_unused=True, materialize_grads=True
            )
        )
    of_given = [None if grad is None else found.pop(0) for grad in outer]
    n = len(states)
    return [None] * n, of_given[:n], of_given[n:], *_arguments(sweep, found)


_library.impl("diagonal", _forward, "CompositeExplicitAutograd")
_library.impl("diagonal_backward", _backward, "CompositeExplicitAutograd")
torch.library.register_fake("throughtime::diagonal", _forward_fake, lib=_library)
torch.library.register_fake("throughtime::diagonal_backward", _backward_fake, lib=_library)
torch.library.register_autograd(
    "throughtime::diagonal", _forward_derivative, setup_context=_forward_setup, lib=_library
)
torch.library.register_autograd(
    "throughtime::diagonal_backward", _backward_derivative, setup_context=_backward_setup, lib=_library
)
batching.register(_library, ("diagonal", "diagonal_backward"))
