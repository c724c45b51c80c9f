"""Kernels for GPUs, written in Triton; without it the ways in PyTorch's operators run."""

from __future__ import annotations
