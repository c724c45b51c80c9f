"""Layers over more dimensions than time: depth (Grid LSTM), height and width (ConvLSTM)."""

from __future__ import annotations

from throughtime.layers.multidimensional.conv_lstm import ConvLSTM
from throughtime.layers.multidimensional.grid_lstm import GridLSTM

__all__ = ["ConvLSTM", "GridLSTM"]
