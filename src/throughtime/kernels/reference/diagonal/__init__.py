"""Cells whose recurrence is unit by unit: no unit's next state needs another unit's."""

from __future__ import annotations

from throughtime.kernels.reference.diagonal.cell import DiagonalCell, LinearCell
from throughtime.kernels.reference.diagonal.indrnn import IndRNNCell
from throughtime.kernels.reference.diagonal.lru import LRUCell
from throughtime.kernels.reference.diagonal.mingru import MinGRUCell
from throughtime.kernels.reference.diagonal.minlstm import MinLSTMCell
from throughtime.kernels.reference.diagonal.paragru import ParaGRUCell
from throughtime.kernels.reference.diagonal.rglru import RGLRUCell
from throughtime.kernels.reference.diagonal.sru import SRUCell

__all__ = [
    "DiagonalCell",
    "IndRNNCell",
    "LRUCell",
    "LinearCell",
    "MinGRUCell",
    "MinLSTMCell",
    "ParaGRUCell",
    "RGLRUCell",
    "SRUCell",
]
