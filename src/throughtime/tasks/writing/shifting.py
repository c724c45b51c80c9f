"""Texts laid out to be learned: each token with the one before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

__all__ = ["shifted"]


def shifted(rows: Sequence[Any], mark: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Lay texts out to be learned: each token with the one before it.

    Args:
        rows: tokens of each text, (T,) of int64, its end among them.
        mark: what stands before the first.
        device: where they go.

    Returns:
        The token before each (B, T), the tokens (N,), and their number in each row (B,), which stays on the CPU.
    """
    lengths = torch.tensor([len(row) for row in rows])
    padded = pad_sequence([torch.from_numpy(row) for row in rows], batch_first=True)
    before = torch.cat([torch.full((len(rows), 1), mark), padded[:, :-1]], 1)
    there = torch.arange(padded.shape[1]) < lengths[:, None]
    return before.to(device), padded[there].to(device), lengths
