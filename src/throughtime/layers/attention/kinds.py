"""The kinds of attention: how queries, keys and values are made, and how well a key fits a query."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from throughtime.errors import UnknownNameError, UsageError
from throughtime.layers.construction.arguments import probability

__all__ = ["KINDS", "Kind"]

KINDS = ("additive", "dot", "general", "multihead")


class Kind(nn.Module):
    """The parameters of an attention and what it does with them before and after the weighted mean.

    Args:
        query_size: Q, features of a query.
        key_size: K, features of a key.
        kind: one of :data:`KINDS`.
        hidden_size: H; None: Q.
        value_size: V, features of a value; None: K.
        heads: number of heads.
        dropout: probability of dropping a weight in training.
        device: where the parameters live.
        dtype: their floating type.

    Raises:
        UnknownNameError: a kind that is none of these.
        UsageError: a size, number of heads or probability out of range, or one that the kind does not have.
    """

    def __init__(
        self,
        query_size: int,
        key_size: int,
        *,
        kind: str,
        hidden_size: int | None,
        value_size: int | None,
        heads: int,
        dropout: float,
        device: torch.device | str | None,
        dtype: torch.dtype | None,
    ) -> None:
        super().__init__()
        if kind not in KINDS:
            raise UnknownNameError("kind of attention", kind, KINDS)
        self.kind, self.query_size, self.key_size, self.heads = kind, query_size, key_size, heads
        self.value_size = key_size if value_size is None else value_size
        self.hidden_size = query_size if hidden_size is None else hidden_size
        self.dropout = probability("dropout", dropout)
        self._check_options(hidden_size)
        self._create({"device": device, "dtype": dtype})
        self.reset_parameters()

    @property
    def output_size(self) -> int:
        """Width of the context."""
        return self.hidden_size if self.kind == "multihead" else self.value_size

    def reset_parameters(self) -> None:
        """Draw all weights anew: Glorot uniform."""
        for weight in self.parameters():
            nn.init.xavier_uniform_(weight)

    def _check_options(self, hidden_size: int | None) -> None:
        sizes = (self.query_size, self.key_size, self.value_size, self.hidden_size, self.heads)
        if min(sizes) < 1:
            raise UsageError(f"query_size, key_size, value_size, hidden_size and heads must be 1 or more, got {sizes}")
        if self.kind in ("dot", "general") and hidden_size is not None:
            raise UsageError(
                f"kind={self.kind!r} has no hidden_size: leave it out, or use kind='additive' or 'multihead'"
            )
        if self.kind == "dot" and self.query_size != self.key_size:
            given = f"{self.query_size} and {self.key_size}"
            raise UsageError(f"kind='dot' needs query_size and key_size alike, got {given}: use kind='general'")
        if self.kind != "multihead" and self.heads != 1:
            raise UsageError(f"kind={self.kind!r} has one head, got heads={self.heads}: use kind='multihead'")
        if self.hidden_size % self.heads:
            raise UsageError(f"heads must divide hidden_size {self.hidden_size}, got {self.heads}")

    def _create(self, factory: dict[str, Any]) -> None:
        def linear(inputs: int, outputs: int) -> nn.Module:
            return nn.Linear(inputs, outputs, bias=False, **factory)

        none, multihead = nn.Identity(), self.kind == "multihead"
        self.query = none if self.kind in ("dot", "general") else linear(self.query_size, self.hidden_size)
        self.key = none if self.kind == "dot" else linear(self.key_size, self.hidden_size)
        self.value = linear(self.value_size, self.hidden_size) if multihead else none
        self.output = linear(self.hidden_size, self.hidden_size) if multihead else none
        self.energy = linear(self.hidden_size, 1) if self.kind == "additive" else none
