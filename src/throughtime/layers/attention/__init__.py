"""Attention: to the steps of a memory, and of each step to its own history."""

from __future__ import annotations

from throughtime.layers.attention.history import HistoryAttention
from throughtime.layers.attention.history_stream import HistoryStream
from throughtime.layers.attention.memory import Attention, Memory

__all__ = ["Attention", "HistoryAttention", "HistoryStream", "Memory"]
