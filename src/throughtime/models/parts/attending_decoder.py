"""The decoder that attends: each token in and what it looks back at, the next token out; and how it writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from throughtime.decoding.decoder import Attended, Best, Scores, Tokens
from throughtime.layers.attention import Attention, Memory
from throughtime.layers.stream import Stream
from throughtime.models.parts.cells import stack
from throughtime.models.parts.packed_linear import PackedLinear
from throughtime.models.parts.row_states import enter

__all__ = ["AttendingDecoder", "AttendingWriter", "Source"]


class Source(NamedTuple):
    """What is looked back at, of B rows."""

    memory: Memory | None
    """Keys and values of its steps; None where nothing is attended to."""
    lengths: Tensor
    """(B,) its steps, on the CPU."""
    state: tuple[Tensor, ...]
    """What the decoder starts from: each part (L, B, H), h first."""

    def select(self, rows: Tensor) -> Source:
        """The same of some rows (B',), in any order and number."""
        memory = None if self.memory is None else self.memory.select(rows.to(self.memory.keys.device))
        state = tuple(part.index_select(1, rows.to(part.device)) for part in self.state)
        return Source(memory, self.lengths[rows.cpu()], state)


class Packed(NamedTuple):
    """The weights of a decoder, laid out for writing."""

    stream: Stream
    """The recurrent layers."""
    combine: PackedLinear
    """W_c."""
    output: PackedLinear
    """W and b."""


class AttendingDecoder(nn.Module):
    """Score each next token of a sequence, given those before it and a source that is attended to.

    .. code-block:: text

        h[t] = cell(E y[t-1], h[t-1])                   with input feeding cell([E y[t-1]; a[t-1]], h[t-1])
        c[t] = attention(h[t], source)
        a[t] = tanh(W_c [c[t]; h[t]])                   without attention tanh(W_c h[t])
        logits[t] = W a[t] + b

    As attention comes after the recurrent layers, all steps of a known sequence are one sweep; input feeding goes step
    by step, and each step then draws dropout masks of its own.

    Args:
        tokens: V, number of token ids.
        key_size: K, features of a step of the source.
        cell: one of :data:`~throughtime.models.parts.cells.CELLS`.
        embedding_size: E, size of a token's vector and of a[t].
        hidden_size: H, units of each recurrent layer.
        num_layers: recurrent layers.
        attention: "additive", "dot", "general" or "none".
        tied: W is the embedding matrix (Press, Wolf 2017).
        feeding: what was attended to goes into the next step.
        dropout: share of the features dropped before and after the recurrent layers, and between them.
        **options: other options of the layers.

    Raises:
        UsageError: an option of the layers or of attention that cannot be honoured.

    Source: Luong, Pham and Manning 2015, "Effective approaches to attention-based neural machine translation",
    equations 5 and 6, input feeding section 3.3.

    Example:
        >>> decoder = AttendingDecoder(10, 6, embedding_size=4, hidden_size=6)
        >>> source = decoder.look_back(torch.randn(2, 5, 6), torch.tensor([5, 3]), (torch.zeros(1, 2, 6),))
        >>> decoder(torch.tensor([[0, 4, 7], [0, 5, 0]]), torch.tensor([3, 2]), source).shape
        torch.Size([5, 10])
    """

    def __init__(
        self,
        tokens: int,
        key_size: int,
        *,
        cell: str = "gru",
        embedding_size: int = 256,
        hidden_size: int = 512,
        num_layers: int = 1,
        attention: str = "general",
        tied: bool = True,
        feeding: bool = False,
        dropout: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__()
        self.feeding, self.attends = feeding, attention != "none"
        self.embedding = nn.Embedding(tokens, embedding_size)
        nn.init.normal_(self.embedding.weight, std=embedding_size**-0.5)  # the scale that an output layer needs too
        width = embedding_size * (2 if feeding else 1)
        self.recurrent = stack(cell, width, hidden_size, num_layers, dropout=dropout, **options)
        if self.attends:
            self.attention = Attention(hidden_size, key_size, kind=attention)
        self.combine = nn.Linear(hidden_size + (key_size if self.attends else 0), embedding_size, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(embedding_size, tokens)
        if tied:
            self.output.weight = self.embedding.weight

    def look_back(self, keys: Tensor, lengths: Tensor, state: tuple[Tensor, ...]) -> Source:
        """Make a source ready, once for all steps.

        Args:
            keys: (B, S, K), the steps of the source.
            lengths: (B,) of each row, on the CPU.
            state: what the decoder starts from, each part (L, B, H).
        """
        memory = self.attention.prepare(keys, lengths=lengths) if self.attends else None
        return Source(memory, lengths, state)

    def forward(self, before: Tensor, lengths: Tensor, source: Source) -> Tensor:
        """Score the next token at every place of known sequences.

        Args:
            before: (B, T) int64, the token before each.
            lengths: (B,) of each row, on the CPU.
            source: what is looked back at.

        Returns:
            (N, V) logits of the N places that there are, row after row.
        """
        x = self.dropout(self.embedding(before))
        a = self._fed(x, source) if self.feeding else self.combined(self._swept(x, lengths, source.state), source)[0]
        there = torch.arange(before.shape[1]) < lengths[:, None]
        return self.output(self.dropout(a[there.to(a.device)]))

    def _swept(self, x: Tensor, lengths: Tensor, state: tuple[Tensor, ...]) -> Tensor:
        return self.recurrent(x, enter(state), lengths=lengths)[0]

    def _fed(self, x: Tensor, source: Source) -> Tensor:
        """Step by step, what was attended to beside each token: (B, T, E) -> (B, T, E)."""
        state, fed, steps = enter(source.state), x.new_zeros(x.shape[0], x.shape[2]), list[Tensor]()
        for step in x.unbind(1):
            h, state = self.recurrent(torch.cat([step, fed], 1)[:, None], state)
            fed = self.combined(h, source)[0][:, 0]
            steps.append(fed)
            fed = self.dropout(fed)
        return torch.stack(steps, 1)

    def combined(
        self, h: Tensor, source: Source, combine: Callable[[Tensor], Tensor] | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Look back, and put together what was seen and the state.

        Args:
            h: (B, T, H), queries of all rows at once.
            source: what is looked back at.
            combine: what stands for the layer W_c; None: itself.

        Returns:
            a[t] (B, T, E), and how much each step of the source was looked at (B, T, S), or None.
        """
        combine = combine or self.combine
        if source.memory is None:
            return torch.tanh(combine(h)), None
        context, weights = self.attention(h, source.memory)
        return torch.tanh(combine(torch.cat([context, h], 2))), weights

    def pack(self) -> Packed:
        """Lay the weights out for writing, as they are now: once for any number of writers, one after the other."""
        return Packed(self.recurrent.stream(), PackedLinear(self.combine), PackedLinear(self.output))

    def writer(self, source: Source, *, banned: Sequence[int] = (), packed: Packed | None = None) -> AttendingWriter:
        """Make ready to write, with dropout off.

        Args:
            source: what is looked back at, a row for each text.
            banned: tokens that are never written.
            packed: what :meth:`pack` gave, and no other writer uses any more; None packs the weights anew.

        Returns:
            What :mod:`throughtime.decoding` writes with.
        """
        return AttendingWriter(self, source, banned, packed or self.pack())


def begin(stream: Stream, rows: int) -> None:
    """Make a stream one of so many rows; what state they have is still to be set.

    Args:
        stream: the stream, of any number of rows.
        rows: their new number.
    """
    if stream.batch_size != rows:
        stream.select([0] * rows)


class AttendingWriter:
    """Writes many rows side by side, on packed weights: a :class:`throughtime.decoding.decoder.Decoder`.

    The memory of a source is held once, however many rows look back at it, and is laid out anew only when a source has
    no row any more.

    Args:
        model: the network, in evaluation.
        source: what is looked back at, a row for each text.
        banned: tokens that are never written.
        packed: its weights, laid out for writing.
    """

    @torch.no_grad()
    def __init__(self, model: AttendingDecoder, source: Source, banned: Sequence[int], packed: Packed) -> None:
        self._model, self._source, self._banned = model, source, list(banned)
        self._device = model.embedding.weight.device
        rows = len(source.lengths)
        self._stream, self._combine, self._output = packed
        begin(self._stream, rows)
        self._stream.state = enter(source.state)
        self._fed = model.embedding.weight.new_zeros(rows, model.embedding.embedding_dim)
        self._owner = np.arange(rows)
        self._weights: Tensor | None = None
        self._lay_out()

    def _lay_out(self) -> None:
        """Find each row's place in a grid of (sources, most rows of one)."""
        counts = np.bincount(self._owner)
        order = np.argsort(self._owner, kind="stable")
        places = np.empty(len(order), np.int64)
        places[order] = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
        self._shape = (len(counts), int(counts.max()))
        grid = self._owner * self._shape[1] + places
        whole = len(grid) == self._shape[0] * self._shape[1] and bool((grid == np.arange(len(grid))).all())
        self._grid = None if whole else torch.from_numpy(grid).to(self._device)

    @torch.no_grad()
    def _scores(self, tokens: Tokens) -> Tensor:
        """(R, V) log-probabilities, -inf for banned tokens; the others are no likelier without them."""
        model = self._model
        x = model.embedding(torch.from_numpy(tokens).to(self._device))
        h = self._stream.step(torch.cat([x, self._fed], 1) if model.feeding else x)
        a, weights = model.combined(self._in_grid(h), self._source, self._combine)
        self._weights = None if weights is None else self._in_rows(weights)
        self._fed = self._in_rows(a)
        scores = functional.log_softmax(self._output(self._fed).float(), 1)
        if self._banned:
            scores[:, self._banned] = -torch.inf
        return scores

    def _in_grid(self, rows: Tensor) -> Tensor:
        """(R, ...) -> (sources, most rows of one, ...)."""
        if self._grid is not None:
            flat = rows.new_zeros(self._shape[0] * self._shape[1], rows.shape[1])
            rows = flat.index_copy_(0, self._grid, rows)
        return rows.reshape(*self._shape, -1)

    def _in_rows(self, grid: Tensor) -> Tensor:
        """And back."""
        flat = grid.flatten(0, 1)
        return flat if self._grid is None else flat[self._grid]

    def step(self, tokens: Tokens) -> Scores:
        """Read a token (R,) of each row, and score each next one, (R, V)."""
        return self._scores(tokens).cpu().numpy()

    def best(self, tokens: Tokens, count: int) -> Best:
        """Read a token (R,) of each row, and give the likeliest next ones, (R, k) of both."""
        scores = self._scores(tokens)
        top, found = scores.max(1, True) if count == 1 else scores.topk(min(count, scores.shape[1]), 1)
        return Best(found.cpu().numpy(), top.cpu().numpy())

    def select(self, rows: Tokens) -> None:
        """Go on with some rows, in any order and number."""
        chosen = torch.from_numpy(rows)
        self._stream.select(chosen)
        self._fed = self._fed[chosen.to(self._device)]
        self._weights = None if self._weights is None else self._weights[chosen.to(self._device)]
        owner = self._owner[rows]
        left, self._owner = np.unique(owner, return_inverse=True)
        if len(left) < len(self._source.lengths):
            self._source = self._source.select(torch.from_numpy(left))
        self._lay_out()

    @property
    def attended(self) -> Attended | None:
        """What the next tokens that were last scored look back at; None where nothing is attended to."""
        if self._weights is None:
            return None
        return Attended(self._weights.float().cpu().numpy(), self._source.lengths.numpy()[self._owner])
