"""Attention: a weighted mean of a memory's values, the weights drawn from how well its keys fit a query."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from throughtime.errors import ShapeError, UsageError
from throughtime.layers.attention.kinds import Kind
from throughtime.layers.rows import Lengths, checked_lengths

__all__ = ["Attention", "Memory"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """Keys and values made ready once for many queries, as :meth:`Attention.prepare` gives them; M is the heads."""

    keys: Tensor
    """(B, M, T, width of a head), projected."""
    values: Tensor
    """(B, M, T, width of a head), projected where the kind does so."""
    mask: Tensor | None
    """(B, 1, 1 or S, T) bool: true where a query may attend to a step; None: everywhere."""

    def select(self, rows: Tensor) -> Memory:
        """The memory of some rows, in any order and number, such as those that a beam search goes on with.

        Args:
            rows: (B',) int64.
        """
        mask = None if self.mask is None else self.mask.index_select(0, rows)
        return Memory(keys=self.keys.index_select(0, rows), values=self.values.index_select(0, rows), mask=mask)


class Attention(Kind):
    """Attend to the steps of a memory: additive, dot-product, general or multi-head attention.

    For each step of a sequence over its own history, with a window and as a stream, see
    :class:`throughtime.HistoryAttention`.

    .. code-block:: text

        weights = softmax_t score(q, k[t])                        over the steps that may be attended to
        context = sum_t weights[t] v[t]

        additive    score(q, k) = u . tanh(W_q q + W_k k)
        dot         score(q, k) = q . k / sqrt(Q)
        general     score(q, k) = q . W_k k
        multihead   score(q, k) = W_q q . W_k k / sqrt(H / heads)   for each head, v projected by W_v;
                    context = W_o [context of head 1, ..., context of the last]

    Nothing has a bias, as in the papers: so where there is nothing to attend to, the context is zero.

    Args:
        query_size: Q, features of a query.
        key_size: K, features of a key; for "dot" the same as Q.
        kind: "additive", "dot", "general" or "multihead".
        hidden_size: H, width in which queries and keys meet, and width of the context of "multihead"; None: Q. "dot"
            and "general" have none.
        value_size: V, features of a value; None: K.
        heads: number of heads of "multihead", a divisor of H.
        dropout: probability of dropping a weight in training. The weights that are returned are those before.
        device: where the parameters live.
        dtype: their floating type.

    Shapes: query (B, Q) or (B, S, Q) for S queries at once; keys (B, T, K); values (B, T, V); context (B, S, V), for
    "multihead" (B, S, H); weights (B, S, T). Without S in the query there is none in context and weights.

    Raises:
        UnknownNameError: a kind that is none of these.
        UsageError: a size, number of heads or probability out of range, or one that the kind does not have.

    Source: additive: Bahdanau, Cho and Bengio 2015, "Neural machine translation by jointly learning to align and
    translate", appendix A.1.2; general and dot: Luong, Pham and Manning 2015, "Effective approaches to attention-based
    neural machine translation", equation 8, dot scaled as in Vaswani et al. 2017, "Attention is all you need", equation
    1, so that wide queries do not saturate the softmax; multihead: the same, section 3.2.2.

    Example:
        >>> attention = Attention(query_size=4, key_size=6)
        >>> query, keys = torch.randn(2, 4), torch.randn(2, 5, 6)
        >>> context, weights = attention(query, keys, lengths=[5, 3])
        >>> context.shape, weights.shape, weights[1, 3:].tolist()
        (torch.Size([2, 6]), torch.Size([2, 5]), [0.0, 0.0])
        >>> memory = attention.prepare(keys, lengths=[5, 3])  # once, for a decoder that asks step by step
        >>> attention(query, memory)[0].equal(context)
        True
    """

    def __init__(
        self,
        query_size: int,
        key_size: int,
        *,
        kind: str = "additive",
        hidden_size: int | None = None,
        value_size: int | None = None,
        heads: int = 1,
        dropout: float = 0.0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(
            query_size,
            key_size,
            kind=kind,
            hidden_size=hidden_size,
            value_size=value_size,
            heads=heads,
            dropout=dropout,
            device=device,
            dtype=dtype,
        )

    def prepare(
        self, keys: Tensor, values: Tensor | None = None, *, lengths: Lengths | None = None, mask: Tensor | None = None
    ) -> Memory:
        """Project keys and values once, for any number of calls.

        Args:
            keys: (B, T, K).
            values: (B, T, V); None: the keys.
            lengths: (B,) steps of each row that may be attended to; None: all T. Zero is allowed.
            mask: (B, T), or (B, S, T) for each of S queries, bool: true where a step may be attended to. Beside
                ``lengths``, both must allow it. What no query may attend to is not read, be it NaN.

        Raises:
            ShapeError: a tensor that does not fit.
        """
        values = keys if values is None else values
        self._check("keys", keys, self.key_size)
        self._check("values", values, self.value_size)
        if keys.dim() != 3 or values.shape[:-1] != keys.shape[:-1]:
            given = f"{tuple(keys.shape)} and {tuple(values.shape)}"
            raise ShapeError(
                f"keys and values must be (batch, steps, features) with the same batch and steps, got {given}"
            )
        allowed = _mask(keys, lengths, mask)
        if allowed is not None:
            unread = ~allowed.any(1)[:, :, None]
            same, keys = values is keys, keys.masked_fill(unread, 0.0)
            values = keys if same else values.masked_fill(unread, 0.0)
        return Memory(
            keys=self._split(self.key(keys)),
            values=self._split(self.value(values)),
            mask=None if allowed is None else allowed[:, None],
        )

    def forward(
        self,
        query: Tensor,
        keys: Tensor | Memory,
        values: Tensor | None = None,
        *,
        lengths: Lengths | None = None,
        mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Attend.

        Args:
            query: (B, Q) or (B, S, Q).
            keys: (B, T, K), or what :meth:`prepare` made of them and of all that follows.
            values: (B, T, V); None: the keys.
            lengths: as in :meth:`prepare`.
            mask: as in :meth:`prepare`.

        Returns:
            ``(context, weights)``: (B, S, V) and (B, S, T), without S where the query has none. Weights are 0 where a
            query may not attend and sum to 1; those of several heads are averaged. A query that may attend to nothing
            has a context of zeros and weights of zeros.

        Raises:
            ShapeError: a tensor that does not fit.
            UsageError: values, lengths or a mask beside a :class:`Memory`, which has its own.
        """
        if not isinstance(keys, Memory):
            memory = self.prepare(keys, values, lengths=lengths, mask=mask)
        elif values is None and lengths is None and mask is None:
            memory = keys
        else:
            raise UsageError("a memory has its own values, lengths and mask: give them to prepare()")
        self._check("query", query, self.query_size)
        queries = query[:, None] if query.dim() == 2 else query
        _check_queries(queries, memory)
        weights = self._weights(self._split(self.query(queries)), memory)
        context = functional.dropout(weights, self.dropout, self.training) @ memory.values
        context = self.output(context.transpose(1, 2).flatten(2))
        mean = weights[:, 0] if self.heads == 1 else weights.mean(1)
        return (context[:, 0], mean[:, 0]) if query.dim() == 2 else (context, mean)

    def extra_repr(self) -> str:
        return f"{self.query_size}, {self.key_size}, kind={self.kind!r}, heads={self.heads}, dropout={self.dropout}"

    def _check(self, name: str, x: Tensor, size: int) -> None:
        if x.dim() not in (2, 3) or x.shape[-1] != size:
            raise ShapeError(f"{name} must have {size} features ({name}_size), got shape {tuple(x.shape)}")
        like = next(self.parameters(), x)
        if x.device != like.device:
            raise ShapeError(f"{name} on {x.device}, attention on {like.device}: move one with .to()")
        if x.dtype != like.dtype and not torch.is_autocast_enabled(x.device.type):
            raise ShapeError(f"{name} of {x.dtype}, attention of {like.dtype}: convert one with .to()")

    def _split(self, x: Tensor) -> Tensor:
        """(B, T, heads * width) -> (B, heads, T, width)."""
        return x.reshape(*x.shape[:2], self.heads, x.shape[2] // self.heads).transpose(1, 2)

    def _weights(self, queries: Tensor, memory: Memory) -> Tensor:
        """(B, heads, S, T), from projected queries (B, heads, S, width)."""
        if self.kind == "additive":
            scores = self.energy(torch.tanh(queries[:, :, :, None] + memory.keys[:, :, None]))[..., 0]
        else:
            scores = queries @ memory.keys.transpose(2, 3)
            scores = scores if self.kind == "general" else scores / math.sqrt(queries.shape[-1])
        if memory.mask is None:
            return scores.softmax(-1)
        # The least number and not -inf, whose softmax is NaN where nothing is allowed.
        weights = scores.masked_fill(~memory.mask, torch.finfo(scores.dtype).min).softmax(-1)
        return weights.masked_fill(~memory.mask, 0.0)


def _check_queries(queries: Tensor, memory: Memory) -> None:
    batch, steps = queries.shape[:2]
    if batch != memory.keys.shape[0]:
        raise ShapeError(f"the query has {batch} rows, the keys {memory.keys.shape[0]}: give one for each")
    if memory.mask is not None and memory.mask.shape[2] not in (1, steps):
        raise ShapeError(f"the mask is for {memory.mask.shape[2]} queries, got {steps}: give (batch, queries, steps)")


def _mask(keys: Tensor, lengths: Lengths | None, mask: Tensor | None) -> Tensor | None:
    """(B, 1 or S, T) bool, of either or both."""
    batch, steps = keys.shape[:2]
    allowed = None
    if lengths is not None:
        counts = checked_lengths(lengths, batch, steps).to(keys.device)
        allowed = (torch.arange(steps, device=keys.device) < counts[:, None])[:, None]
    if mask is None:
        return allowed
    if mask.dtype != torch.bool or mask.dim() not in (2, 3) or (mask.shape[0], mask.shape[-1]) != (batch, steps):
        given = f"{mask.dtype} of shape {tuple(mask.shape)}"
        raise ShapeError(f"mask must be bool of shape {(batch, steps)} or {(batch, 'queries', steps)}, got {given}")
    mask = mask[:, None] if mask.dim() == 2 else mask
    return mask if allowed is None else mask & allowed
