"""Batched calls of an op, one sample after the other: for gradients of many outputs at once.

``torch.autograd.grad(..., is_grads_batched=True)``, ``jacobian(..., vectorize=True)`` and ``gradcheck`` run a backward
pass on tensors that stand for a batch of tensors. They are of one kind in autograd and of another in ``torch.func``;
both kinds meet the same loop here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from throughtime.errors import KernelError
from throughtime.kernels.sight import keys_of

__all__ = ["batched", "one_by_one", "register"]

_C: Any = torch._C  # pyright: ignore[reportPrivateUsage]
_torch: Any = torch

_BATCHED = frozenset({"Batched", "FuncTorchBatched"})
"""The dispatch keys of the two kinds."""

Function = Callable[..., Any]


def batched(tensors: Sequence[Tensor]) -> bool:
    """Whether one of these stands for a batch, autograd's or torch.func's.

    Args:
        tensors: gradients.
    """
    return any(not _BATCHED.isdisjoint(keys_of(tensor)) for tensor in tensors)


def one_by_one(function: Function, arguments: Sequence[Any]) -> Any:
    """``function(*arguments)``, for each sample of autograd's batched tensors by itself.

    Args:
        function: gives tensors, None, or tuples and lists of these.
        arguments: tensors, batched or not, anything else, or lists of these.

    Raises:
        KernelError: batched gradients inside batched gradients.
    """
    leaves, form = pytree.tree_flatten(tuple(arguments))
    dims = [0 if "Batched" in keys_of(leaf) else None for leaf in leaves]
    if 0 not in dims:
        return function(*arguments)
    level = _C._vmapmode_increment_nesting() - 1
    _C._vmapmode_decrement_nesting()
    if level != 1:
        raise KernelError("batched gradients inside batched gradients: use is_grads_batched (vectorize) once")
    opened = [
        leaf if dim is None else _torch._remove_batch_dim(leaf, level, -1, dim)
        for leaf, dim in zip(leaves, dims, strict=True)
    ]
    stacked = _looped(function, opened, dims, form)
    return pytree.tree_map_only(Tensor, lambda out: _torch._add_batch_dim(out, 0, level), stacked)


def _looped(function: Function, leaves: list[Any], dims: list[int | None], form: pytree.TreeSpec) -> Any:
    """Call ``function`` on every sample, and stack what it gives along a new first axis."""
    size = next(leaf.shape[dim] for leaf, dim in zip(leaves, dims, strict=True) if dim is not None)
    results: list[list[Any]] = []
    out_form = None
    for index in range(size):
        sample = [leaf if dim is None else leaf.select(dim, index) for leaf, dim in zip(leaves, dims, strict=True)]
        flat, out_form = pytree.tree_flatten(function(*pytree.tree_unflatten(sample, form)))
        results.append(flat)
    if out_form is None:
        raise KernelError("a batch of no sample at all: leave the call out")
    stacked = [None if parts[0] is None else torch.stack(parts) for parts in zip(*results, strict=True)]
    return pytree.tree_unflatten(stacked, out_form)


def register(library: torch.library.Library, names: Sequence[str]) -> None:
    """Give ops their rules for batched tensors, autograd's and torch.func's.

    Args:
        library: the library "throughtime", which defines them.
        names: names of the ops in it.
    """
    for name in names:
        op: Function = getattr(torch.ops.throughtime, name).default
        library.impl(name, _autograd_rule(op), "Batched")
        torch.library.register_vmap(f"throughtime::{name}", _functorch_rule(op), lib=library)


def _autograd_rule(op: Function) -> Function:
    return lambda *arguments: one_by_one(op, arguments)


def _functorch_rule(op: Function) -> Function:
    def rule(info: Any, in_dims: Any, *arguments: Any) -> tuple[Any, Any]:
        leaves, form = pytree.tree_flatten(arguments)
        out = _looped(op, leaves, pytree.tree_leaves(in_dims), form)
        leaves, form = pytree.tree_flatten(out)
        return out, pytree.tree_unflatten([0] * len(leaves), form)

    return rule
