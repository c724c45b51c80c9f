"""The language model: each token in, the next token out; and how it writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from throughtime.decoding.decoder import Best, Scores, Tokens, best_of
from throughtime.errors import UsageError
from throughtime.models.parts.cells import stack
from throughtime.models.parts.packed_linear import PackedLinear
from throughtime.models.parts.row_states import State, enter, leave

__all__ = ["LanguageDecoder", "LanguageModel"]


class LanguageModel(nn.Module):
    """A recurrent language model: the probability of each token given all before it.

    .. code-block:: text

        h[t] = cell(E x[t], h[t-1])        logits[t] = W dropout(h[t]) + b

    With conditions, what is written depends on one of them, k, whose vector is added to the input at every step:
    h[t] = cell(E x[t] + C k, h[t-1]).

    Args:
        vocabulary_size: V, number of token ids.
        cell: one of :data:`~throughtime.models.parts.cells.CELLS`.
        embedding_size: E, size of a token's vector.
        hidden_size: H, units of each recurrent layer.
        num_layers: L, recurrent layers.
        tied: W is the embedding matrix (Press, Wolf 2017); where E is not H, a linear map without bias takes h from
            H to E first.
        dropout: share of the units dropped between layers and before the output, with one mask for all steps of a
            call (variational dropout).
        conditions: number of conditions; 0 makes a model of text alone.
        **options: other options of the layers.

    Raises:
        UsageError: an option of the layers that cannot be honoured.

    Source: Mikolov et al. 2010, "Recurrent neural network based language model"; dropout as in Gal, Ghahramani
    2016, "A theoretically grounded application of dropout in recurrent neural networks"; a vector that is there at
    every step as in Mikolov, Zweig 2012, "Context dependent recurrent neural network language model".

    Example:
        >>> model = LanguageModel(10, hidden_size=8, embedding_size=4)
        >>> logits, state = model(torch.tensor([[1, 2, 3]]))
        >>> logits.shape
        torch.Size([1, 3, 10])
    """

    def __init__(
        self,
        vocabulary_size: int,
        *,
        cell: str = "lstm",
        embedding_size: int = 128,
        hidden_size: int = 512,
        num_layers: int = 1,
        tied: bool = False,
        dropout: float = 0.0,
        conditions: int = 0,
        **options: Any,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size)
        self.recurrent = stack(cell, embedding_size, hidden_size, num_layers, dropout=dropout, **options)
        self.dropout = dropout
        narrow = tied and embedding_size != hidden_size
        self.projection = nn.Linear(hidden_size, embedding_size, bias=False) if narrow else nn.Identity()
        self.output = nn.Linear(embedding_size if tied else hidden_size, vocabulary_size)
        if tied:
            # An embedding's own scale (1) would make the first logits huge.
            nn.init.normal_(self.embedding.weight, std=embedding_size**-0.5)
            self.output.weight = self.embedding.weight
        # Drawn last, so that all else starts as it does without conditions.
        self.condition = nn.Embedding(conditions, embedding_size) if conditions else None
        if self.condition is not None and tied:
            nn.init.normal_(self.condition.weight, std=embedding_size**-0.5)

    def forward(
        self,
        tokens: Tensor,
        state: State | None = None,
        *,
        resets: Tensor | None = None,
        conditions: Tensor | None = None,
    ) -> tuple[Tensor, State]:
        """Score the next token at every place.

        Args:
            tokens: (B, T) int64, token ids.
            state: what an earlier call returned, or None for the start of a text.
            resets: (B, T) bool: the state is cleared before that token; or None.
            conditions: (B, T) int64, the condition of each token, for a model that has them; else None.

        Returns:
            (logits (B, T, V), state after the last token).
        """
        h, after = self.recurrent(self.read(tokens, conditions), enter(state), resets=resets)
        return self.output(self.projection(self._dropped(h))), leave(after)

    def read(self, tokens: Tensor, conditions: Tensor | None) -> Tensor:
        """Give the vectors that the recurrent layers read.

        Args:
            tokens: (...) int64, token ids.
            conditions: of the same shape, for a model that has them; else None.

        Returns:
            (..., E).

        Raises:
            UsageError: conditions are missing, or the model has none.
        """
        if (self.condition is None) != (conditions is None):
            raise UsageError("a language model with conditions needs one for each token, and one without takes none")
        vectors = self.embedding(tokens)
        return vectors if self.condition is None else vectors + self.condition(conditions)

    def _dropped(self, h: Tensor) -> Tensor:
        """Variational dropout: (B, T, H) times one mask (B, 1, H)."""
        if not self.training or self.dropout == 0.0:
            return h
        return h * functional.dropout(h.new_ones(h.shape[0], 1, h.shape[2]), self.dropout)

    def decoder(
        self,
        prompts: Sequence[Sequence[int]],
        *,
        restart: int | None = None,
        banned: Sequence[int] = (),
        conditions: Sequence[int] | None = None,
    ) -> LanguageDecoder:
        """Make ready to write on after prompts.

        Args:
            prompts: the tokens that come before, one at least each.
            restart: token at which the state is cleared, as it is where a document starts; or None.
            banned: tokens that are never written.
            conditions: the condition of each row, for a model that has them; else None.

        Returns:
            What :mod:`throughtime.decoding` writes with; it has read all but the last token of each prompt.
        """
        return LanguageDecoder(self, prompts, restart, banned, conditions)


class LanguageDecoder:
    """Writes with a language model, many rows side by side, on packed weights: a :class:`throughtime.decoding.Decoder`.

    Args:
        model: the network, in evaluation.
        prompts: the tokens that come before, one at least each.
        restart: token at which the state is cleared, or None.
        banned: tokens that are never written.
        conditions: the condition of each row, for a model that has them; else None.
    """

    attended = None
    """Nothing is looked back at."""

    @torch.no_grad()
    def __init__(
        self,
        model: LanguageModel,
        prompts: Sequence[Sequence[int]],
        restart: int | None,
        banned: Sequence[int],
        conditions: Sequence[int] | None = None,
    ) -> None:
        self._model, self._restart, self._banned = model, restart, list(banned)
        self._device = model.embedding.weight.device
        self._conditions = None if conditions is None else torch.tensor(conditions, device=self._device)
        self._stream = model.recurrent.stream(batch_size=len(prompts))
        self._output = PackedLinear(model.output)
        lengths = [len(prompt) - 1 for prompt in prompts]
        if any(lengths):
            before = torch.zeros(len(prompts), max(lengths), dtype=torch.int64)
            for row, prompt in enumerate(prompts):
                before[row, : lengths[row]] = torch.tensor(prompt[:-1])
            self._stream.state = self._read(before.to(self._device), lengths)

    def _read(self, tokens: Tensor, lengths: list[int]) -> Tensor | State:
        """The state after tokens (R, T) of these lengths, read without dropout whatever the model's mode."""
        recurrent, training = self._model.recurrent, self._model.recurrent.training
        conditions = None if self._conditions is None else self._conditions[:, None].expand_as(tokens)
        try:
            return recurrent.eval()(self._model.read(tokens, conditions), lengths=lengths)[1]
        finally:
            recurrent.train(training)

    @torch.no_grad()
    def step(self, tokens: Tokens) -> Scores:
        """Read a token (R,) of each row, and score each next one, (R, V)."""
        if self._restart is not None and (tokens == self._restart).any():
            self._stream.reset(torch.from_numpy(tokens == self._restart))
        h = self._stream.step(self._model.read(torch.from_numpy(tokens).to(self._device), self._conditions))
        scores = functional.log_softmax(self._output(self._model.projection(h)).float(), 1).cpu().numpy()
        if self._banned:
            scores[:, self._banned] = -np.inf
        return scores

    @property
    def state(self) -> State:
        """What is known after the tokens that were read; setting it goes on from there. Both copy."""
        return leave(self._stream.state)

    @state.setter
    def state(self, value: State) -> None:
        self._stream.state = enter(value)

    def best(self, tokens: Tokens, count: int) -> Best:
        """Read a token (R,) of each row, and give the likeliest next ones, (R, k) of both."""
        return best_of(self.step(tokens), count)

    def select(self, rows: Tokens) -> None:
        """Go on with some rows, in any order and number."""
        self._stream.select(torch.from_numpy(rows))
        if self._conditions is not None:
            self._conditions = self._conditions[torch.from_numpy(rows).to(self._device)]
