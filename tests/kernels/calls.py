"""Calls of the sweep for the tests of the kernels: every cell, every variant, tiny."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from throughtime.kernels.call import Call
from throughtime.kernels.reference.cell import Cell, register_cell
from throughtime.kernels.reference.diagonal import (
    IndRNNCell,
    LRUCell,
    MinGRUCell,
    MinLSTMCell,
    ParaGRUCell,
    RGLRUCell,
    SRUCell,
)
from throughtime.kernels.reference.elman import ElmanCell
from throughtime.kernels.reference.gru import GRUCell
from throughtime.kernels.reference.lstm import LSTMCell
from throughtime.kernels.reference.slstm import SLSTMCell


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A cell with its optional parameters."""

    cell: Cell
    proj: int = 0
    bias: bool = True
    layer_norm: bool = False

    def __str__(self) -> str:
        extra = {"proj": self.proj, "no_bias": not self.bias, "layer_norm": self.layer_norm}
        peep = ["peepholes"] if getattr(self.cell, "peepholes", False) else []
        return "-".join([self.cell.name, *peep, *(name for name, on in extra.items() if on)])


DENSE = [
    Variant(cell=ElmanCell("tanh")),
    Variant(cell=ElmanCell("tanh"), layer_norm=True),
    Variant(cell=ElmanCell("relu"), bias=False),
    Variant(cell=LSTMCell()),
    Variant(cell=LSTMCell(), proj=2, bias=False),
    Variant(cell=LSTMCell(peepholes=True), proj=2),
    Variant(cell=LSTMCell(), layer_norm=True),
    Variant(cell=LSTMCell(peepholes=True), proj=2, layer_norm=True),
    Variant(cell=GRUCell()),
    Variant(cell=GRUCell(), proj=2, layer_norm=True),
    Variant(cell=GRUCell(), layer_norm=True),
    Variant(cell=GRUCell(reset_after=False)),
    Variant(cell=GRUCell(reset_after=False), layer_norm=True, bias=False),
    Variant(cell=LSTMCell(peepholes=True), bias=False),
]
"""Those that the core sweeps with their product of h."""

DIAGONAL = [
    Variant(cell=MinGRUCell()),
    Variant(cell=MinGRUCell(log_space=True), layer_norm=True),
    Variant(cell=MinLSTMCell(), bias=False),
    Variant(cell=MinLSTMCell(log_space=True)),
    Variant(cell=LRUCell()),
    Variant(cell=RGLRUCell()),
    Variant(cell=RGLRUCell(), layer_norm=True, bias=False),
    Variant(cell=SRUCell()),
    Variant(cell=SRUCell(), layer_norm=True),
    Variant(cell=IndRNNCell("relu")),
    Variant(cell=IndRNNCell("tanh"), layer_norm=True),
    Variant(cell=ParaGRUCell()),
]
"""Those whose units see their own past alone."""

VARIANTS = [
    *DENSE, *DIAGONAL, Variant(cell=SLSTMCell()), Variant(cell=SLSTMCell(2), bias=False),
    Variant(cell=SLSTMCell(exponential_forget=True)),
]  # fmt: skip


def call(
    variant: Variant,
    *,
    sizes: tuple[int, ...] = (2, 2, 1),
    batch: int | None = None,
    inputs: int = 2,
    hidden: int = 3,
    directions: int = 1,
    resets: bool = False,
    restart: bool = False,
    noise: bool = False,
    tail: int = 0,
    dtype: torch.dtype = torch.float64,
    **changes: Any,
) -> Call:
    """A call with random tensors that all ask for a gradient; ``tail`` rows past the last token are NaN."""
    cell, tokens = register_cell(variant.cell), sum(sizes)
    batch = sizes[0] if batch is None else batch
    shapes = dict(cell.shapes(inputs, hidden, variant.proj, variant.bias))
    if variant.layer_norm:
        for norm, width in cell.norms(hidden).items():
            shapes |= {f"{norm}.weight": (width,), f"{norm}.bias": (width,)}
    parts = dict(zip(cell.carry(variant.proj > 0), cell.carry_sizes(hidden, variant.proj), strict=True))
    widths = list(parts.values())

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, dtype=torch.float64).mul(0.7).to(dtype).requires_grad_()

    def carried(*sizes: int) -> list[Tensor]:
        """A carry; the part that others are divided by (sLSTM's n) is not near zero."""
        drawns = {name: drawn(*sizes, width) for name, width in parts.items()}
        if "n" in drawns:
            drawns["n"].data.abs_().add_(0.5)
        return list(drawns.values())

    rows = drawn(tokens, inputs).detach()
    if tail:
        rows = torch.cat([rows, rows.new_full((tail, inputs), torch.nan)])
    defaults: dict[str, Any] = {
        "rows": rows.requires_grad_(),
        "batch_sizes": torch.tensor(sizes, dtype=torch.int64),
        "resets": torch.rand(tokens + tail) < 0.4 if resets else None,
        "row_ids": torch.randperm(batch) if noise else None,
        "seed": torch.tensor(1234567890123456789) if noise else None,
        "state": carried(directions, batch),
        "restart": carried(directions) if restart else [],
        "weights": [drawn(*shape) for _ in range(directions) for shape in shapes.values()],
        "names": list(shapes),
        "cell": cell.name,
        "directions": directions,
        "layer": 1,
        "zoneout": [0.3] + [0.2] * (len(widths) - 1) if noise else [0.0] * len(widths),
        "recurrent_dropout": 0.3 if noise else 0.0,
        "training": noise,
        "keep": True,
        "recompute": False,
    }
    return Call(**{**defaults, **changes})
