"""Layers of cells whose units see no other unit's past: what reads the input is done for all steps at once."""

from __future__ import annotations

from throughtime.layers.diagonal.indrnn import IndRNN
from throughtime.layers.diagonal.lru import LRU
from throughtime.layers.diagonal.mingru import MinGRU
from throughtime.layers.diagonal.minlstm import MinLSTM
from throughtime.layers.diagonal.paragru import ParaGRU
from throughtime.layers.diagonal.rglru import RGLRU
from throughtime.layers.diagonal.scan import linear_scan, newton
from throughtime.layers.diagonal.sru import SRU

__all__ = ["LRU", "RGLRU", "SRU", "IndRNN", "MinGRU", "MinLSTM", "ParaGRU", "linear_scan", "newton"]
