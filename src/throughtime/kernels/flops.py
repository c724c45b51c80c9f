"""What a call of the ops costs, for PyTorch's FlopCounterMode: it knows no formula of an op that is not its own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from throughtime.kernels.reference.cell import cell_named

__all__ = ["KEEPING", "count_flops"]

KEEPING = ("native", "triton")
"""Kernels that keep what backward needs; the others are run once more there."""

_COUNTER = "torch.utils.flop_counter"


def count_flops(fields: Sequence[str]) -> None:
    """Register the formulas of ``throughtime::sweep`` and ``sweep_backward``, once the counter is loaded.

    Not before: it loads Triton where that is installed, which takes as long as PyTorch itself.

    Products with weight matrices and kernels count, two operations for each weight, token and use (how often it is
    used a cell says), as FlopCounterMode counts ``mm``; what is done unit by unit does not. Backward makes two products
    for each of forward, and forward's once more where its kernel keeps nothing, or was asked not to.

    Args:
        fields: the arguments of ``sweep`` before the kernel's name, in their order.
    """
    rows, weights, names, cell, recompute = map(fields.index, ("rows", "weights", "names", "cell", "recompute"))
    only_backward = 4  # grad_y, grad_final, y, reserve

    def forward(*arguments: Any, **_: Any) -> int:
        body, told = cell_named(arguments[cell]), arguments[names].split(",")
        return _products(arguments[rows], arguments[weights], [body.uses(name) for name in told])

    def backward(*arguments: Any, **_: Any) -> int:
        call, kernel = arguments[only_backward:-1], arguments[-1]
        passes = 3 if call[recompute] or kernel not in KEEPING else 2
        return passes * forward(*call)

    def register() -> None:
        ops: Any = torch.ops.throughtime
        counter: Any = sys.modules[_COUNTER]
        counter.register_flop_formula(ops.sweep, get_raw=True)(forward)
        counter.register_flop_formula(ops.sweep_backward, get_raw=True)(backward)

    if _COUNTER in sys.modules:
        register()
    else:
        sys.meta_path.insert(0, _AfterLoading(register))


class _AfterLoading(MetaPathFinder):
    """Does something once the counter has been loaded by whoever wants it."""

    def __init__(self, then: Callable[[], None]) -> None:
        self._then = then

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname != _COUNTER:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            run = loader.exec_module

            def run_and_then(module: Any) -> None:
                run(module)
                self._then()

            loader.exec_module = run_and_then
        return spec


def _products(rows: Tensor, weights: Sequence[Tensor], uses: Sequence[int]) -> int:
    """Uses are those of one direction's weights."""
    used = sum(each.numel() * uses[k % len(uses)] for k, each in enumerate(weights) if each.dim() > 1)
    return 2 * rows.shape[0] * used
