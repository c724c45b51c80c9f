"""Memory for large results, used again once nobody holds it.

The C library hands blocks of more than 32 MB back to the system as soon as they are free, and takes fresh pages at the
next call: to fault those in takes three times as long as the sweep that fills them. So the last such blocks are kept
here. A block is given out again only where no tensor holds it any more.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

import torch
from torch import Tensor

__all__ = ["like_rows"]

_LARGE = 1 << 25
"""Bytes from which a result is large: smaller ones stay with the C library's allocator, which keeps them by itself."""

_KEPT = 1 << 31
"""Bytes that are kept for all results together; what does not fit is left to the allocator."""

_PARTS = 16
"""A block is larger than what is asked for by at most one in so many: batches of ragged sequences differ in size, and
whatever writes a tensor's whole storage down writes the rest as well."""

_ALONE = 1
"""How often a block is held where the list below alone holds it."""


def _references(blocks: list[torch.UntypedStorage]) -> list[int]:
    """How often each block is held in Python: a tensor gives out the very object that the list below holds."""
    return [sys.getrefcount(block) for block in blocks]


_IN_THE_LIST = _references([torch.UntypedStorage(0)])[0]

_blocks: list[torch.UntypedStorage] = []
_lock = threading.Lock()
_use_count: Any = getattr(torch._C, "_storage_Use_Count", None)  # pyright: ignore[reportPrivateUsage]


def like_rows(rows: Tensor, width: int) -> Tensor:
    """An unfilled tensor (N, width) of the type of some rows (N, ...).

    Args:
        rows: plain, on the CPU.
        width: its columns.
    """
    size = rows.shape[0] * width * rows.element_size()
    if size < _LARGE or _rounded(size) > _KEPT or _use_count is None:
        return rows.new_empty(rows.shape[0], width)
    with _lock:
        return torch.empty(0, dtype=rows.dtype).set_(_block(size), 0, (rows.shape[0], width), (width, 1))


def _block(size: int) -> torch.UntypedStorage:
    """A block of hardly more bytes, that nobody holds: one that there is, or a new one."""
    size = _rounded(size)
    held = _references(_blocks)
    free = [block for block, count in zip(_blocks, held, strict=True) if count == _IN_THE_LIST and _is_free(block)]
    fitting = [block for block in free if block.nbytes() == size]
    if fitting:
        return fitting[0]
    made = torch.UntypedStorage(size)
    _blocks.append(made)
    for block in free:  # the oldest go first
        if sum(each.nbytes() for each in _blocks) <= _KEPT:
            break
        _blocks.remove(block)
    return made


def _rounded(size: int) -> int:
    """The next multiple of a part of the power of two below: some sizes for all there are."""
    part = max(1, (1 << size.bit_length() - 1) // _PARTS)
    return -(-size // part) * part


def _is_free(block: torch.UntypedStorage) -> bool:
    return _use_count(block._cdata) <= _ALONE and not block.is_shared()  # pyright: ignore[reportPrivateUsage]


def _start_alone() -> None:
    """A fork does not copy the thread that may hold the lock."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_alone)
