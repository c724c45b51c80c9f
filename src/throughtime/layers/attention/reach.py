"""Which steps each step may attend to: those from a first one to a last one."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Reach"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """The steps that S queries may attend to; step 0 is that of the first query, each may attend to its own."""

    first: Tensor
    """(B or 1, S) int32: the first step of each, never before ``-before``."""
    last: Tensor
    """(B or 1, S) int32: the last step of each, its own where ``causal``."""
    before: int
    """Steps before the first query that are among the keys."""
    window: int | None
    """W: no step is W or more away from its query; None: any may be."""
    causal: bool
    """No step is after its query."""
    bounded: bool
    """Whether more bounds the steps than window and ``causal``: a reset, or an end that a query would see."""

    @property
    def free(self) -> bool:
        """Whether nothing but ``causal`` bounds the steps."""
        narrow = self.window is not None and self.window < self.before + self.first.shape[1]
        return not (narrow or self.bounded or self.before)

    @staticmethod
    def of_rows(
        steps: int,
        *,
        window: int | None,
        causal: bool,
        lengths: Tensor | None = None,
        resets: Tensor | None = None,
        device: torch.device | None = None,
    ) -> Reach:
        """The reach inside whole sequences.

        Args:
            steps: S = T.
            window: W, or None.
            causal: whether no step is after its query.
            lengths: (B,) steps of each row; those past them see themselves and what is before. None: all T.
            resets: (B, T) bool: no query before that step sees any from it on, nor the other way round.
            device: where the queries are.
        """
        at = torch.arange(steps, dtype=torch.int32, device=device)[None]
        first, last = torch.zeros_like(at), at if causal else torch.full_like(at, steps - 1)
        if window is not None:
            reach = min(window, steps) - 1
            first, last = (at - reach).clamp(min=0), last if causal else (at + reach).clamp(max=steps - 1)
        if resets is not None:
            first = torch.maximum(first, torch.where(resets, at, 0).cummax(1).values)
        if not causal:
            last = torch.minimum(last, _ends(at, lengths, resets))
        bounded = resets is not None or (lengths is not None and not causal)
        return Reach(first=first, last=last, before=0, window=window, causal=causal, bounded=bounded)

    @staticmethod
    def of_chunk(seen: Tensor, steps: int, window: int) -> Reach:
        """The causal reach of a chunk that goes on from W - 1 steps.

        Args:
            seen: (B,) int64: how many of the steps before are there to be seen.
            steps: S, of the chunk.
            window: W.
        """
        at = torch.arange(steps, dtype=torch.int32, device=seen.device)[None]
        first = torch.maximum(at - (window - 1), -seen.to(torch.int32)[:, None])
        return Reach(first=first, last=at, before=window - 1, window=window, causal=True, bounded=True)


def _ends(at: Tensor, lengths: Tensor | None, resets: Tensor | None) -> Tensor:
    """(B or 1, T): the last step of the part, between two resets, in which each step is."""
    steps = at.shape[1]
    ends = torch.full_like(at, steps - 1)
    if resets is not None:
        after = torch.where(resets, at, steps).flip(1).cummin(1).values.flip(1)[:, 1:]  # the first reset after a step
        ends = torch.cat([after - 1, ends[:, :1].expand(after.shape[0], 1)], 1)
    if lengths is not None:
        ends = torch.maximum(torch.minimum(ends, lengths.to(at.dtype)[:, None] - 1), at)
    return ends
