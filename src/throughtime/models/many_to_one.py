"""Many to one: a sequence in, one answer out (classes, or numbers)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import torch
from torch import Tensor, nn

from throughtime.errors import UnknownNameError
from throughtime.layers import Recurrent
from throughtime.layers.attention import Attention
from throughtime.models.parts.carries import last_output
from throughtime.models.parts.chunks import chunks, in_chunks

__all__ = ["POOLINGS", "ManyToOne", "Pooling"]

POOLINGS = ("last", "mean", "max", "attention")


class Pooling(nn.Module):
    """All steps of a sequence become one vector.

    .. code-block:: text

        last       [h of the last step; of a backward direction, of the first]
        mean, max  over the steps, feature by feature
        attention  sum_t a[t] h[t], a = softmax of additive attention to a learned query (Yang et al. 2016)

    Args:
        kind: "last", "mean", "max" or "attention".
        size: P, width of a step.

    Raises:
        UnknownNameError: there is no such kind.

    Source: Yang et al. 2016, "Hierarchical attention networks for document classification", equations 5 to 7.
    """

    def __init__(self, kind: str, size: int) -> None:
        super().__init__()
        if kind not in POOLINGS:
            raise UnknownNameError("pooling", kind, POOLINGS)
        self.kind = kind
        if kind == "attention":
            self.query = nn.Parameter(torch.zeros(size))
            self.attention = Attention(size, size, kind="additive", hidden_size=min(size, 128))

    def forward(self, h: Tensor, last: Tensor, lengths: Tensor) -> Tensor:
        """Pool rows.

        Args:
            h: (B, T, P) all steps; padding may hold anything finite.
            last: (B, P) the last state of each direction.
            lengths: (B,) int64, steps of each row, at least 1.

        Returns:
            (B, P).
        """
        if self.kind == "last":
            return last
        if self.kind == "attention":
            context, _ = self.attention(self.query.expand(len(h), -1), h, lengths=lengths)
            return context
        pooled = self._part(h, lengths)
        return pooled if self.kind == "max" else pooled / lengths.to(h)[:, None]

    def over(self, pieces: Iterable[tuple[Tensor, Tensor, Tensor]], lengths: Tensor) -> Tensor:
        """Pool rows that come in pieces, which attention cannot: its shares depend on all steps.

        Args:
            pieces: for each piece, one at least: what :meth:`forward` takes, lengths being the steps in it.
            lengths: (B,) int64, steps of each row in all, at least 1.

        Returns:
            (B, P).
        """
        pooled: Tensor | None = None
        for h, last, here in pieces:
            if self.kind == "last" or pooled is None:
                pooled = last if self.kind == "last" else self._part(h, here)
            elif self.kind == "max":
                pooled = torch.maximum(pooled, self._part(h, here))
            else:
                pooled = pooled + self._part(h, here)
        assert pooled is not None
        return pooled / lengths.to(pooled)[:, None] if self.kind == "mean" else pooled

    def _part(self, h: Tensor, lengths: Tensor) -> Tensor:
        """The largest value of each feature, or for their mean the sum: (B, P)."""
        there = (torch.arange(h.shape[1], device=h.device) < lengths.to(h.device)[:, None])[:, :, None]
        return h.masked_fill(~there, -torch.inf).amax(1) if self.kind == "max" else (h * there).sum(1)


class ManyToOne(nn.Module):
    """A net that reads a sequence and gives one vector of scores.

    .. code-block:: text

        x = input(sequence)    h = recurrent(x)    scores = W dropout(pool(h)) + b

    Args:
        read: turns a batch's arrays into (B, T, I); has ``output_size``.
        recurrent: recurrent layers over it, batch first.
        outputs: scores to give.
        pooling: see :class:`Pooling`.
        dropout: share of the pooled features dropped.

    Example:
        >>> from throughtime.models.parts.cells import stack
        >>> from throughtime.models.parts.inputs import TokenInput
        >>> net = ManyToOne(TokenInput(50, 8), stack("gru", 8, 16, bidirectional=True), 3, pooling="max")
        >>> net({"tokens": torch.tensor([[1, 2, 3], [4, 0, 0]]), "lengths": torch.tensor([3, 1])}).shape
        torch.Size([2, 3])
    """

    def __init__(
        self, read: nn.Module, recurrent: Recurrent, outputs: int, *, pooling: str = "max", dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.read, self.recurrent = read, recurrent
        size = recurrent.output_size
        self.pooling = Pooling(pooling, size)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(size, outputs)
        self.register_buffer("temperature", torch.ones(()))

    temperature: Tensor
    """By what the scores are divided before they become probabilities; see the task that sets it."""

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Score sequences.

        Args:
            inputs: what ``read`` takes by name, and ``lengths`` (B,) int64.

        Returns:
            (B, outputs).
        """
        lengths = inputs["lengths"]
        if self.pooling.kind != "attention" and in_chunks(self.read, self.recurrent, inputs):
            return self.output(self.dropout(self.pooling.over(self._pieces(inputs), lengths)))
        x = self.read(**{name: tensor for name, tensor in inputs.items() if name != "lengths"})
        h, state = self.recurrent(x, lengths=lengths)
        return self.output(self.dropout(self.pooling(h, last_output(self.recurrent, h, state, lengths), lengths)))

    def _pieces(self, inputs: Mapping[str, Tensor]) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """What is pooled of each piece of long sequences."""
        last: Tensor | None = None
        for h, here, state in chunks(self.read, self.recurrent, inputs):
            last = last_output(self.recurrent, h, state, here, last)
            yield h, last, here
