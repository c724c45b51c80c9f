"""Weights in the layout of the C++ core, kept as long as nobody writes to them."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Hashable
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

import torch
from torch import Tensor

from throughtime.errors import ShapeError, UsageError

__all__ = ["address", "core", "dtype_name", "packed", "target"]


def _loaded() -> ModuleType | None:
    try:
        return import_module("throughtime._native")
    except ModuleNotFoundError:
        return None


_module = _loaded()  # here and not at the first call, for torch.compile traces that and cannot trace an import


def core() -> Any:
    """The compiled module, or None where this installation has none."""
    return _module


@cache
def target() -> str:
    """Name of the CPU target that runs: the best of this machine, or the one that THROUGHTIME_CPU names.

    Raises:
        UsageError: THROUGHTIME_CPU names a target that this machine does not run.
    """
    known: list[str] = core().targets()
    forced = os.environ.get("THROUGHTIME_CPU")
    if forced and forced not in known:
        raise UsageError(f"THROUGHTIME_CPU={forced}: this machine runs {', '.join(known)}")
    return forced or known[0]


def dtype_name(dtype: torch.dtype) -> str:
    """A floating type by the name that the core knows it by, such as "float32".

    Args:
        dtype: float32, float64 or bfloat16.
    """
    return str(dtype).removeprefix("torch.")


def address(tensor: Tensor | None) -> int:
    """Where a tensor's numbers are; 0 for None.

    Raises:
        ShapeError: its memory was given back (``untyped_storage().resize_(0)``).
    """
    return 0 if tensor is None else tensor.data_ptr() or _nowhere(tensor)


def _nowhere(tensor: Tensor) -> int:
    """The address of a tensor that has none."""
    if tensor.numel():
        raise ShapeError(f"a tensor of shape {tuple(tensor.shape)} has no memory: its storage has been freed")
    return 0


_KEPT_BYTES = 1 << 28
"""Packed weights that are kept, at most; the longest unused go first."""


class _Kept(NamedTuple):
    digest: int
    packed: Tensor


_kept: OrderedDict[Hashable, _Kept] = OrderedDict()
_lock = threading.Lock()


def packed(weight: Tensor, sums: int, *, transposed: bool = False, fresh: bool, part: slice | None = None) -> Tensor:
    """A weight matrix in panels that hold all gates of the same units.

    Args:
        weight: (sums * units, depth).
        sums: gates whose rows lie one below the other.
        transposed: for products with the transposed matrix, as backward needs them.
        fresh: pack without asking whether the weight has changed: in training it changes at every step. Otherwise the
            packed form is kept as long as the weight's content, read anew each time, stays the same: a version counter
            would miss writes through ``.data``, NumPy and shared memory.
        part: the rows to pack, or None for all.

    Returns:
        A flat tensor for the core.
    """
    weight = (weight if part is None else weight[part]).detach()
    if fresh or not weight.is_contiguous():
        return _pack(weight, sums, transposed)
    place = address(weight)
    digest: int = core().digest(target(), place, weight.nbytes)
    key = (place, weight.shape, weight.dtype, sums, transposed)
    with _lock:
        known = _kept.pop(key, None)
        if known is None or known.digest != digest:
            known = _Kept(digest, _pack(weight, sums, transposed))
        _kept[key] = known
        while sum(each.packed.nbytes for each in _kept.values()) > _KEPT_BYTES and len(_kept) > 1:
            _kept.popitem(last=False)
    return known.packed


def _pack(weight: Tensor, sums: int, transposed: bool) -> Tensor:
    weight = weight.contiguous()
    units, depth = weight.shape[0] // sums, weight.shape[1]
    size: int = core().packed_size(target(), sums, units, depth, transposed, weight.element_size())
    out = weight.new_empty(size)
    places, threads = (address(weight), out.data_ptr()), torch.get_num_threads()
    core().pack(target(), dtype_name(weight.dtype), sums, places[0], units, depth, transposed, places[1], threads)
    return out


def _start_alone() -> None:
    """A fork copies neither OpenMP's threads, which a child would await for ever, nor the one that holds the lock."""
    global _lock
    _lock = threading.Lock()
    torch.set_num_threads(1)


if _module is not None and hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_alone)
