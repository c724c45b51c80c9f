"""Attention of each step to the steps that it can reach, in blocks of queries: nothing is as large as steps x steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.checkpoint import checkpoint  # pyright: ignore[reportUnknownVariableType]

from throughtime.kernels.sight import transformed
from throughtime.layers.attention.reach import Reach

__all__ = ["Look", "attend"]

AT_ONCE = 1 << 19
"""Numbers of an additive score that are there at once: 2 MB of float32, which stay in the cache."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """How a query looks at keys: products, or a sum through tanh. M heads of width d."""

    scale: float
    """What a product is multiplied by."""
    dropout: float
    """Probability of dropping a weight, here and now."""
    energy: Tensor | None
    """(1, d): u of the additive score, for one head; None: the score is a product."""

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, allowed: Tensor | None, causal: bool = False) -> Tensor:
        """Attend.

        Args:
            q: (N, M, S, d).
            k: (N, M, T, d).
            v: (N, M, T, width).
            allowed: (N or 1, 1, S, T) bool, one at least for each query; None: all.
            causal: where ``allowed`` is None and S is T: each query may attend to its own step and those before.

        Returns:
            (N, M, S, width).
        """
        if self.energy is not None:
            return self._additive(q, k, v, allowed, self.energy)
        # The fused kernels have no rule for transforms of their derivative.
        with sdpa_kernel(SDPBackend.MATH) if transformed() else nullcontext():
            return functional.scaled_dot_product_attention(q, k, v, allowed, self.dropout, causal, scale=self.scale)

    def block(self, window: int) -> int:
        """How many queries share their keys: more of them look in vain at more, fewer copy the keys more often."""
        most, part = (32, 2) if self.energy is None else (8, 8)
        return max(most, 8 * -(-window // (8 * part)))

    def _additive(self, q: Tensor, k: Tensor, v: Tensor, allowed: Tensor | None, energy: Tensor) -> Tensor:
        if allowed is None:
            allowed = q.new_ones((), dtype=torch.bool).expand(1, 1, q.shape[2], k.shape[2])
        queries = max(1, AT_ONCE // (k.shape[2] * k.shape[3]))
        parts = list(_parts((q, k, v, allowed.expand(q.shape[0], -1, -1, -1)), queries))
        whole = len(parts) == 1 and len(parts[0]) == 1
        # Each part's tanh is made again in the backward pass: kept, they would take W d numbers for each step.
        again = torch.is_grad_enabled() and not whole and not transformed()
        part: Callable[..., Tensor] = self._again if again else self._part
        return torch.cat([torch.cat([part(*given, energy) for given in of_rows], 2) for of_rows in parts])

    def _again(self, *given: Tensor) -> Tensor:
        random = self.dropout > 0
        return cast(Tensor, checkpoint(self._part, *given, use_reentrant=False, preserve_rng_state=random))

    def _part(self, q: Tensor, k: Tensor, v: Tensor, allowed: Tensor, energy: Tensor) -> Tensor:
        scores = functional.linear(torch.tanh(q[:, :, :, None] + k[:, :, None]), energy)[..., 0]
        weights = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min).softmax(-1)
        return functional.dropout(weights, self.dropout) @ v


def _parts(given: tuple[Tensor, ...], queries: int) -> Iterator[list[tuple[Tensor, ...]]]:
    """Parts of about so many queries: whole rows if they are short, parts of one if they are not."""
    rows = max(1, queries // max(1, given[0].shape[2]))
    for q, k, v, allowed in zip(*(torch.split(x, rows) for x in given), strict=True):
        cut = zip(torch.split(q, queries, 2), torch.split(allowed, queries, 2), strict=True)
        yield [(some, k, v, theirs) for some, theirs in cut]


def attend(look: Look, q: Tensor, k: Tensor, v: Tensor, reach: Reach) -> Tensor:
    """Attend from each step to those that it can reach.

    Args:
        look: how.
        q: (B, S, M, d).
        k: (B, before + S, M, d).
        v: (B, before + S, M, width); where it is ``k`` itself, it is cut once.
        reach: which steps.

    Returns:
        (B, S, M, width).
    """
    if reach.free and look.energy is None:
        return look(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), None, reach.causal).transpose(1, 2)
    if reach.window is not None:
        size = look.block(reach.window)
        back = -(-(reach.window - 1) // size)
        if (1 + back * (1 if reach.causal else 2)) * size < k.shape[1]:
            return _banded(look, q, k, v, reach, size, back)
    return _by_queries(look, q, k, v, reach, 512 if look.energy is None else 128)


def _banded(look: Look, q: Tensor, k: Tensor, v: Tensor, reach: Reach, size: int, back: int) -> Tensor:
    """Each block of queries with its own keys and those of some blocks around it (Longformer's sliding chunks)."""
    batch, steps = q.shape[:2]
    count, wide = -(-steps // size), 1 + back * (1 if reach.causal else 2)
    lead = back * size - reach.before
    queries, keys = _blocks(q, size, 0, count, 1), _blocks(k, size, lead, count, wide)
    values = keys if v is k else _blocks(v, size, lead, count, wide)
    at = torch.arange(count * size, dtype=torch.int32, device=q.device)
    key = at[::size, None, None] + torch.arange(-back * size, (wide - back) * size, dtype=torch.int32, device=q.device)
    # Queries that only fill the last block see themselves.
    first, last = (
        torch.cat([bound, at[steps:].expand(bound.shape[0], -1)], 1).reshape(-1, count, size, 1)
        for bound in (reach.first, reach.last)
    )
    allowed = ((key >= first) & (key <= last)).expand(batch, -1, -1, -1).flatten(0, 1)[:, None]
    context = look(queries, keys, values, allowed).transpose(1, 2)
    return context.reshape(batch, count * size, *context.shape[2:])[:, :steps]


def _blocks(x: Tensor, size: int, lead: int, count: int, wide: int) -> Tensor:
    """(B, T, M, d) after so many steps of zeros -> (B * blocks, M, wide * size, d): each block and those after it."""
    behind = (count + wide - 1) * size - lead - x.shape[1]
    padded = functional.pad(x, (0, 0, 0, 0, lead, behind))
    cut = padded.reshape(x.shape[0], count + wide - 1, size, *x.shape[2:])
    return torch.cat([cut[:, k : k + count] for k in range(wide)], 2).flatten(0, 1).transpose(1, 2)


def _by_queries(look: Look, q: Tensor, k: Tensor, v: Tensor, reach: Reach, size: int) -> Tensor:
    """Some queries after the others, each with all keys that there are, or all up to its own step."""
    pieces: list[Tensor] = []
    for part, first, last in zip(*(torch.split(x, size, 1) for x in (q, reach.first, reach.last)), strict=True):
        end = reach.before + len(pieces) * size + part.shape[1] if reach.causal else k.shape[1]
        key = torch.arange(-reach.before, end - reach.before, dtype=torch.int32, device=q.device)
        allowed = ((key >= first[..., None]) & (key <= last[..., None]))[:, None]
        keys, values = k[:, :end].transpose(1, 2), v[:, :end].transpose(1, 2)
        pieces.append(look(part.transpose(1, 2), keys, values, allowed).transpose(1, 2))
    return torch.cat(pieces, 1)
