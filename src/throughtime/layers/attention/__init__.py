"""Attention: to the steps of a memory."""

from __future__ import annotations

from throughtime.layers.attention.memory import Attention, Memory

__all__ = ["Attention", "Memory"]
