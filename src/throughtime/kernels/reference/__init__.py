"""The truth: each cell as its paper writes it, one plain loop over time, one noise function.

Everything here is ordinary PyTorch: any floating dtype, any device, differentiable as often as asked, visible to
``torch.func``. Every other kernel is compared with it.
"""

from __future__ import annotations

from throughtime.kernels.reference.cell import Cell, CellStep, cell_named, register_cell
from throughtime.kernels.reference.diagonal import (
    IndRNNCell,
    LRUCell,
    MinGRUCell,
    MinLSTMCell,
    ParaGRUCell,
    RGLRUCell,
    SRUCell,
)
from throughtime.kernels.reference.diagonal.given import GivenCell
from throughtime.kernels.reference.elman import ElmanCell
from throughtime.kernels.reference.gru import GRUCell
from throughtime.kernels.reference.loop import run
from throughtime.kernels.reference.lstm import LSTMCell

__all__ = ["Cell", "CellStep", "cell_named", "register_cell", "run"]

for _cell in (
    *(ElmanCell("tanh"), ElmanCell("relu")),
    *(LSTMCell(), LSTMCell(peepholes=True)),
    *(GRUCell(), GRUCell(reset_after=False)),
    *(MinGRUCell(), MinGRUCell(log_space=True), MinLSTMCell(), MinLSTMCell(log_space=True)),
    *(LRUCell(), RGLRUCell(), SRUCell(), IndRNNCell("relu"), IndRNNCell("tanh"), ParaGRUCell(), GivenCell()),
):
    register_cell(_cell)
