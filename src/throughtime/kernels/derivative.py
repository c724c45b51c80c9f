"""Gradients of the sweep in differentiable PyTorch: for kernels that keep nothing, and for what looks inside."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from throughtime.kernels import reference
from throughtime.kernels.call import Call, Swept

__all__ = ["apart", "autograd_inside_op", "gradients", "open_gradients"]

_C: Any = torch._C  # pyright: ignore[reportPrivateUsage]


@contextmanager
def autograd_inside_op() -> Generator[None]:
    """Make autograd record inside an op's implementation, where the dispatcher has switched it off."""
    keys, key = _C.DispatchKeySet, _C.DispatchKey
    autograd = keys(key.AutogradCPU) | keys(key.AutogradCUDA) | keys(key.AutogradOther) | keys(key.ADInplaceOrView)
    included = _C._dispatch_tls_local_include_set()
    excluded = _C._dispatch_tls_local_exclude_set() - autograd
    with _C._ForceDispatchKeyGuard(included, excluded), torch.enable_grad():
        yield


def gradients(
    run: Callable[[Call], Swept], call: Call, grad_y: Tensor, grad_final: Sequence[Tensor], create_graph: bool = False
) -> list[Tensor]:
    """Gradients of <y, grad_y> + <final, grad_final> with respect to ``call.tensors()``, as a list.

    Args:
        run: a kernel in differentiable PyTorch.
        call: the call, of tensors that ask for gradients.
        grad_y: (N', D*P) gradient of y.
        grad_final: gradients of the final carry, parts of (D, B, width).
        create_graph: make them differentiable themselves.
    """
    y, final = run(call)
    pairs = zip([y, *final], [grad_y, *grad_final], strict=True)
    outputs, cotangents = zip(*(pair for pair in pairs if pair[0].requires_grad), strict=True)  # y of no token does not
    grads = torch.autograd.grad(
        outputs, call.tensors(), cotangents, create_graph=create_graph, allow_unused=True, materialize_grads=True
    )
    return list(grads)


def apart(tensors: Sequence[Tensor], differentiable: bool) -> list[Tensor]:
    """The tensors as inputs of their own, none made of another.

    Args:
        tensors: any of floats.
        differentiable: those with a history keep it.
    """
    return [
        tensor.view_as(tensor) if differentiable and tensor.requires_grad else tensor.detach().requires_grad_()
        for tensor in tensors
    ]


def open_gradients(call: Call, grad_y: Tensor, grad_final: Sequence[Tensor]) -> list[Tensor]:
    """Gradients in ordinary PyTorch, for what looks inside; differentiable where gradients are on.

    Args:
        call: the call.
        grad_y: (N', D*P) gradient of y.
        grad_final: gradients of the final carry, parts of (D, B, width).

    Returns:
        gradients of ``call.tensors()``.
    """
    again = torch.is_grad_enabled()
    with torch.enable_grad():
        inputs = call.with_tensors(apart(call.tensors(), again))
        return gradients(reference.run, inputs, grad_y, grad_final, create_graph=again)
