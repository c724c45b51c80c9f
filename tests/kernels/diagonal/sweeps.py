"""Sweeps of diagonal cells: every cell of the core, drawn at random, run and differentiated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from throughtime.kernels.diagonal.units import States, Sweep
from throughtime.kernels.reference.cell import register_cell
from throughtime.kernels.reference.diagonal import (
    DiagonalCell,
    IndRNNCell,
    LinearCell,
    LRUCell,
    MinGRUCell,
    MinLSTMCell,
    ParaGRUCell,
    RGLRUCell,
    SRUCell,
)
from throughtime.kernels.reference.diagonal.given import GivenCell

CELLS: dict[str, DiagonalCell] = {
    cell.name: cell
    for cell in (
        GivenCell(), MinGRUCell(), MinGRUCell(log_space=True), MinLSTMCell(), MinLSTMCell(log_space=True), LRUCell(),
        RGLRUCell(), SRUCell(), IndRNNCell("relu"), IndRNNCell("tanh"), ParaGRUCell(),
    )
}  # fmt: skip
LINEAR = [name for name, cell in CELLS.items() if isinstance(cell, LinearCell)]
NONLINEAR = [name for name in CELLS if name not in LINEAR]

EXACT: dict[str, float] = {"rtol": 1e-11, "atol": 1e-11}
"""Float64 has 2.2e-16 per operation; a few hundred steps of a few, on states of about 1."""


def drawn_sweep(
    name: str,
    sizes: Sequence[int],
    hidden: int,
    *,
    batch: int | None = None,
    reverse: bool = False,
    resets: bool = False,
    restart: bool = False,
    tail: int = 0,
    dtype: torch.dtype = torch.float64,
) -> Sweep:
    """Tensors that all ask for a gradient; ``tail`` rows past the last token are NaN. States keep to about 1."""
    cell: Any = register_cell(CELLS[name])
    tokens, batch = sum(sizes), max(sizes, default=1) if batch is None else batch

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, dtype=torch.float64).to(dtype).requires_grad_()

    x = torch.cat(
        [torch.randn(tokens, cell.reads * hidden), torch.full((tail, cell.reads * hidden), torch.nan)]
    ).double()
    if name == "given":
        x[:, :hidden].clamp_(-0.98, 0.98)
    own = [torch.rand(hidden).double() * 0.65 for _ in range(numbers(cell))]  # |a + bi| under 1
    return Sweep(
        cell,
        [x.to(dtype).requires_grad_()],
        [each.to(dtype).requires_grad_() for each in own],
        torch.tensor(sizes, dtype=torch.int64),
        torch.rand(tokens + tail) < 0.3 if resets else None,
        [drawn(batch, hidden) for _ in cell.state],
        [drawn(hidden) for _ in cell.state] if restart else [],
        reverse,
    )


def numbers(cell: DiagonalCell) -> int:
    """How many numbers of its own a unit has, as the sweep takes them."""
    return len(cell.numbers({name: torch.zeros(1) for name in cell.own}))


def outcome(sweep: Sweep, run: Callable[[Sweep], States]) -> list[Tensor]:
    """States, final states, and the gradients of one fixed random functional of them all."""
    states, finals = run(sweep)
    results = [*states, *finals]
    generator = torch.Generator().manual_seed(5)
    cotangents = [torch.randn(each.shape, generator=generator, dtype=torch.float64).to(each) for each in results]
    pairs = [pair for pair in zip(results, cotangents, strict=True) if pair[0].requires_grad]
    grads = torch.autograd.grad(
        [each for each, _ in pairs], sweep.tensors(), [each for _, each in pairs], allow_unused=True,
        materialize_grads=True,
    )  # fmt: skip
    return [*results, *grads]


def same(ours: Sequence[Tensor], theirs: Sequence[Tensor], where: str, **tolerance: float) -> None:
    """All agree."""
    for k, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        torch.testing.assert_close(one, other, **(tolerance or EXACT), msg=lambda m, k=k: f"{where}: number {k}: {m}")
