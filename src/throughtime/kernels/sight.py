"""Who looks on while a layer runs, and so which way its call may go: the one place where that is decided.

A kernel of its own works on addresses. A tracer, a mode or a transform sees nothing of that, and a tensor that is a
wrapper has no memory to work on. So a call takes one of three ways:

===========  =======================================================================================================
DIRECT       on memory: every tensor is plain and nothing looks on
OPAQUE       as the one op ``throughtime::sweep``: compilers, exporters, ``jit.trace``, ``make_fx``, fake tensors,
             functionalization and modes see a single node, and the kernel below it sees memory
REFERENCE    in ordinary PyTorch, for what looks inside: ``torch.func`` transforms, forward-mode derivatives, and
             subclasses of tensors, which know PyTorch's operators and not ours
===========  =======================================================================================================

:func:`throughtime.kernels.dispatch.run` acts on it; the doors of the layers ask :func:`unreadable`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor
from torch._subclasses.functional_tensor import FunctionalTensor
from torch.nn import Parameter
from torch.overrides import _get_current_function_mode_stack  # pyright: ignore[reportPrivateUsage]
from torch.utils._device import DeviceContext

__all__ = [
    "Way",
    "has_memory",
    "keys_of",
    "modes_are_on",
    "trace_is_on",
    "tracing",
    "transformed",
    "unreadable",
    "way",
]

_C: Any = torch._C  # pyright: ignore[reportPrivateUsage]
_forward_mode: Any = torch.autograd.forward_ad
_functorch_is_active, _function_modes = _C._are_functorch_transforms_active, _C._len_torch_function_stack
_keys = _C._dispatch_keys

trace_is_on: Callable[[], bool] = _C._is_tracing
"""True inside ``torch.jit.trace``; not to be asked while TorchDynamo compiles."""

modes_are_on: Callable[[], int] = _C._len_torch_dispatch_stack
"""How many modes see every operator (``TorchDispatchMode``: make_fx, fake tensors, counters of operations)."""

_PLAIN = frozenset({Tensor, Parameter})
"""Types of tensors that are no wrappers of others."""

_BACKENDS = frozenset({"CPU", "CUDA", "XPU", "MPS", "HIP", "HPU", "PrivateUse1"})
"""Dispatch keys of tensors with strided memory of their own."""

_HARMLESS = ("ADInplaceOrView", "Autograd", "Autocast")
"""Beginnings of the dispatch keys that such tensors have beside that."""


class Way(Enum):
    """How a call reaches the numbers."""

    DIRECT = "on memory"
    OPAQUE = "through the op"
    REFERENCE = "in ordinary PyTorch"


def transformed() -> bool:
    """True inside a torch.func transform or a forward-mode level: there an opaque op would lose tangents in silence.

    Functionalization by itself is none of them: it keeps every op as it is.
    """
    if _forward_mode._current_level >= 0:
        return True
    return _functorch_is_active() and (torch.compiler.is_compiling() or not _functionalized())


def _functionalized() -> bool:
    """Whether ``torch.func.functionalize`` is all that functorch does here."""
    kind = _C._functorch.TransformType.Functionalize
    return all(level.key() == kind for level in _C._functorch.get_interpreter_stack() or ())


def tracing() -> bool:
    """True inside ``torch.jit.trace`` and the exporter built on it."""
    return not torch.compiler.is_compiling() and trace_is_on()


def unreadable() -> bool:
    """True where a tensor's values are not there, or would be baked into a graph if they were read.

    That is while a call is compiled, exported, traced (``jit.trace``, ``make_fx``), run on fake tensors or
    functionalized.
    """
    if torch.compiler.is_compiling() or trace_is_on():
        return True
    if modes_are_on() and any(_C._get_dispatch_mode(key) is not None for key in _infra_modes()):
        return True
    return _functorch_is_active() and _functionalized()


def _infra_modes() -> tuple[Any, ...]:
    keys = _C._TorchDispatchModeKey
    return keys.FAKE, keys.PROXY, keys.FUNCTIONAL


def way(tensors: Iterable[Tensor | None]) -> Way:
    """The way that a call on these tensors takes here and now.

    Args:
        tensors: all that the call reads; None is passed over.
    """
    if transformed():
        return Way.REFERENCE
    if unreadable():
        return Way.OPAQUE
    found = Way.OPAQUE if modes_are_on() or (_function_modes() and _function_is_watched()) else Way.DIRECT
    for tensor in tensors:
        if tensor is None:
            continue
        if type(tensor) not in _PLAIN:
            return Way.OPAQUE if isinstance(tensor, FakeTensor | FunctionalTensor) else Way.REFERENCE
        if _has_address(tensor) and not tensor.is_neg():
            continue  # the quick answer, right wherever it is given
        kind = _way_of_keys(_keys(tensor).raw_repr())
        if kind is Way.REFERENCE:
            return kind
        if kind is Way.OPAQUE:
            found = kind
    return found


def _has_address(tensor: Tensor) -> bool:
    """Whether a tensor's numbers lie somewhere; wrappers have no address, or raise when they are asked for it."""
    try:
        return tensor.data_ptr() != 0
    except RuntimeError:
        return False


def has_memory(tensors: Iterable[Tensor]) -> bool:
    """Whether no tensor is a wrapper: all are plain and have memory of their own, or are shapes alone ("meta").

    Args:
        tensors: any tensors.
    """
    for tensor in tensors:
        if type(tensor) not in _PLAIN:
            return False
        quick = _has_address(tensor) and not tensor.is_neg()
        if not quick and _way_of_keys(_keys(tensor).raw_repr()) is Way.REFERENCE:
            return False
    return True


def _function_is_watched() -> bool:
    """Whether a ``__torch_function__`` mode is active that is more than a default device."""
    return any(type(mode) is not DeviceContext for mode in _get_current_function_mode_stack())


@cache
def _names(raw: int) -> frozenset[str]:
    """The dispatch keys of a set, by name: not all of them are known to Python otherwise."""
    keys = str(_C.DispatchKeySet.from_raw_repr(raw))
    return frozenset(keys.removeprefix("DispatchKeySet(").removesuffix(")").split(", "))


def keys_of(value: Any) -> frozenset[str]:
    """The names of a tensor's dispatch keys; of anything else, none.

    Args:
        value: anything.
    """
    return _names(_keys(value).raw_repr()) if isinstance(value, Tensor) else frozenset()


@cache
def _way_of_keys(raw: int) -> Way:
    """Memory of its own: DIRECT; shapes alone (``device="meta"``): OPAQUE.

    All else is REFERENCE: numbers whose sign is still to be changed, zeros that nobody stored, sparse and quantized
    layouts, wrappers of functorch and of functionalization that outlive their level.
    """
    telling = {name for name in _names(raw) if not name.startswith(_HARMLESS)}
    found = Way.OPAQUE if telling == {"Meta"} else Way.REFERENCE
    return Way.DIRECT if len(telling) == 1 and telling <= _BACKENDS else found
