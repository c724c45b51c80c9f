"""Many to many in step: a sequence in, one answer out for each of its steps."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from throughtime.layers import Recurrent
from throughtime.layers.crf import CRF
from throughtime.models.parts.chunks import chunks, in_chunks
from throughtime.models.parts.row_states import State, enter, leave

__all__ = ["ManyToMany"]


class ManyToMany(nn.Module):
    """A net that reads a sequence and scores the labels of every step.

    .. code-block:: text

        x = input(sequence)    h = recurrent(x)    scores[t] = W dropout(h[t]) + b

    Args:
        read: turns a batch's arrays into (B, T, I); has ``output_size``.
        recurrent: recurrent layers over it, batch first.
        labels: number of labels.
        dropout: share of the features dropped before the scores.
        crf: conditional random field over the scores (Lample et al. 2016), or None where steps are told apart
            one by one.

    In evaluation a long sequence is read in pieces (see :mod:`throughtime.models.parts.chunks`).

    Source: Huang, Xu, Yu 2015, "Bidirectional LSTM-CRF models for sequence tagging".

    Example:
        >>> import torch
        >>> from throughtime.models.parts.cells import stack
        >>> from throughtime.models.parts.inputs import TokenInput
        >>> net = ManyToMany(TokenInput(50, 8), stack("lstm", 8, 16, bidirectional=True), 5)
        >>> net({"tokens": torch.tensor([[1, 2, 3]]), "lengths": torch.tensor([3])}).shape
        torch.Size([1, 3, 5])
    """

    def __init__(
        self, read: nn.Module, recurrent: Recurrent, labels: int, *, dropout: float = 0.0, crf: CRF | None = None
    ) -> None:
        super().__init__()
        self.read, self.recurrent, self.crf = read, recurrent, crf
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(recurrent.output_size, labels)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Score every step.

        Args:
            inputs: what ``read`` takes by name, and ``lengths`` (B,) int64. Where steps are parts of words, ``firsts``
                and ``lasts`` (B, W) int64 say where each word is, and words are scored in place of steps (as Akbik,
                Blythe, Vollgraf 2018, "Contextual string embeddings for sequence labeling", read a language model).

        Returns:
            (B, T, labels), or (B, W, labels); steps past a row's length hold nothing of meaning.
        """
        if in_chunks(self.read, self.recurrent, inputs):
            return self._in_chunks(inputs)
        return self.carried(inputs)[0]

    def carried(
        self, inputs: Mapping[str, Tensor], state: State = (), begins: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Score every step of parts of sequences, and give the state from which their next parts go on.

        Args:
            inputs: as for :meth:`forward`.
            state: what the call before returned, for the same rows; empty where every sequence begins.
            begins: (B,) bool: rows whose sequence begins here, whatever state is given; or None.

        Returns:
            (scores as of :meth:`forward`, state after the last step of each row).

        Source: truncated backpropagation through time: Williams and Peng 1990, "An efficient gradient-based algorithm
        for on-line training of recurrent network trajectories".
        """
        words = {name: inputs[name] for name in ("firsts", "lasts") if name in inputs}
        x = self.read(**{name: tensor for name, tensor in inputs.items() if name not in ("lengths", *words)})
        resets = None
        if state and begins is not None and begins.any():
            resets = torch.zeros(x.shape[:2], dtype=torch.bool, device=x.device)
            resets[:, 0] = begins.to(x.device)
        h, after = self.recurrent(x, enter(state), lengths=inputs["lengths"], resets=resets)
        return self.output(self.dropout(self._at_words(h, **words) if words else h)), leave(after)

    def _in_chunks(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Score a long sequence piece by piece: of all steps only the scores are kept."""
        scores = [self.output(self.dropout(piece.h)) for piece in chunks(self.read, self.recurrent, inputs)]
        return torch.cat(scores, 1)

    def _at_words(self, h: Tensor, firsts: Tensor, lasts: Tensor) -> Tensor:
        """Each direction's state where it has just read a word: (B, T, P) -> (B, W, P)."""
        ends = (lasts, firsts) if self.recurrent.bidirectional else (lasts,)
        halves = h.chunk(len(ends), -1)
        return torch.cat(
            [
                half.gather(1, end[:, :, None].expand(-1, -1, half.shape[2]))
                for half, end in zip(halves, ends, strict=True)
            ],
            -1,
        )
