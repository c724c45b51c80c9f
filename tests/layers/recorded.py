"""A graph of work on fixed memory, without a GPU: operators are taken down with their tensors, and done again there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


def tensors(value: Any) -> Iterator[Tensor]:
    return (leaf for leaf in tree_leaves(value) if isinstance(leaf, Tensor))


class RecordedGraph(TorchDispatchMode):
    """As a graph of a GPU: nothing is as it was after recording, and a replay knows addresses alone, no Python."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[tuple[Any, Any, Any, list[Tensor]]] = []
        self.replays = 0

    def record(self, work: Callable[[], None]) -> None:
        with self:
            work()
        for _, args, kwargs, results in self.done:
            given = {each.untyped_storage().data_ptr() for each in tensors((args, kwargs))}
            for result in results:
                if result.is_floating_point() and result.untyped_storage().data_ptr() not in given:
                    result.fill_(torch.nan)  # what was not done is not there

    def replay(self) -> None:
        self.replays += 1
        for func, args, kwargs, results in self.done:
            again = list(tensors(func(*args, **kwargs)))
            for place, result in zip(results, again, strict=True):
                if place.data_ptr() != result.data_ptr():  # a view, and what is done in place, is there already
                    place.copy_(result)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in (torch.ops.aten._local_scalar_dense.default,):
            raise RuntimeError("operation not permitted when stream is capturing\nand more")
        result = func(*args, **kwargs)
        self.done.append((func, args, kwargs, list(tensors(result))))
        return result
