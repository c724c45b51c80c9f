"""The model of frames: which of many things sound, or are there, at each step, each a probability of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from throughtime.errors import UsageError
from throughtime.models.parts.cells import stack
from throughtime.models.parts.packed_linear import PackedLinear
from throughtime.models.parts.row_states import State, enter, leave

__all__ = ["FrameDecoder", "FrameModel"]


class FrameModel(nn.Module):
    """A recurrent model of binary frames: the probability of each key at each step, given all steps before it.

    .. code-block:: text

        h[t] = cell(W_in [v[t-1], start[t]] + b_in, h[t-1])
        p(v[t] | before) = prod_i s_i^v_i (1 - s_i)^(1 - v_i)        s = sigmoid(W dropout(h[t]) + b)

    The first step of a tune reads no keys, and that it is the first. Given the past, the keys of one step do not see
    each other. With conditions the vector of one of them is added to the input at every step.

    Args:
        keys: P, how many things can be there.
        cell: one of :data:`~throughtime.models.parts.cells.CELLS`.
        embedding_size: E, size of what the recurrent layers read.
        hidden_size: H, units of each recurrent layer.
        num_layers: L, recurrent layers.
        dropout: share of the units dropped before and between layers and before the output, with one mask for all
            steps of a call (variational dropout).
        conditions: number of conditions; 0 makes a model without.
        **options: other options of the layers.

    Raises:
        UsageError: an option of the layers that cannot be honoured.

    Source: the RNN of Boulanger-Lewandowski, Bengio, Vincent 2012, "Modeling temporal dependencies in high-dimensional
    sequences: application to polyphonic music generation and transcription", with gates in the place of its units.

    Example:
        >>> model = FrameModel(88, hidden_size=8, embedding_size=4)
        >>> logits, state = model(torch.zeros(2, 5, 89))
        >>> logits.shape
        torch.Size([2, 5, 88])
    """

    def __init__(
        self,
        keys: int,
        *,
        cell: str = "lstm",
        embedding_size: int = 64,
        hidden_size: int = 256,
        num_layers: int = 1,
        dropout: float = 0.0,
        conditions: int = 0,
        **options: Any,
    ) -> None:
        super().__init__()
        self.input = nn.Linear(keys + 1, embedding_size)
        self.recurrent = stack(cell, embedding_size, hidden_size, num_layers, dropout=dropout, **options)
        self.output = nn.Linear(hidden_size, keys)
        self.dropout = dropout
        self.condition = nn.Embedding(conditions, embedding_size) if conditions else None

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.input.weight.device

    @torch.no_grad()
    def expect(self, shares: NDArray[np.floating]) -> None:
        """Let the output begin with how often each key is there.

        Args:
            shares: (P,), each above 0 and below 1.
        """
        odds = torch.from_numpy(np.log(shares / (1 - shares)))
        self.output.bias.copy_(odds)

    def forward(
        self,
        inputs: Tensor,
        state: State | None = None,
        *,
        resets: Tensor | None = None,
        conditions: Tensor | None = None,
        lengths: Tensor | None = None,
    ) -> tuple[Tensor, State]:
        """Score the keys of every step.

        Args:
            inputs: (B, T, P + 1), the keys of the step before, and 1 where a tune starts.
            state: what an earlier call returned, or None for the start.
            resets: (B, T) bool: the state is cleared before that step; or None.
            conditions: (B, T) int64, the condition of each step, for a model that has them; else None.
            lengths: (B,) steps of each row, or None where all are whole.

        Returns:
            (log-odds (B, T, P), state after the last step).
        """
        x = self._dropped(self.read(inputs, conditions))
        h, after = self.recurrent(x, enter(state), resets=resets, lengths=lengths)
        return self.output(self._dropped(h)), leave(after)

    def read(self, inputs: Tensor, conditions: Tensor | None) -> Tensor:
        """Give the vectors that the recurrent layers read.

        Args:
            inputs: (..., P + 1), as :meth:`forward` takes them.
            conditions: (...) int64, for a model that has them; else None.

        Returns:
            (..., E).

        Raises:
            UsageError: conditions are missing, or the model has none.
        """
        if (self.condition is None) != (conditions is None):
            raise UsageError("a model of frames with conditions needs one for each step, and one without takes none")
        vectors = self.input(inputs)
        return vectors if self.condition is None else vectors + self.condition(conditions)

    def _dropped(self, h: Tensor) -> Tensor:
        """Variational dropout: (B, T, F) times one mask (B, 1, F)."""
        if not self.training or self.dropout == 0.0:
            return h
        return h * functional.dropout(h.new_ones(h.shape[0], 1, h.shape[2]), self.dropout)

    def decoder(self, before: Sequence[NDArray[np.floating]], conditions: Sequence[int] | None = None) -> FrameDecoder:
        """Make ready to write on.

        Args:
            before: of each row (T, P + 1) inputs, one at least, of which all but the last are read.
            conditions: the condition of each row, for a model that has them; else None.

        Returns:
            What is asked for the next keys step by step.
        """
        return FrameDecoder(self, before, conditions)


class FrameDecoder:
    """Says step by step which keys may come next, for many rows side by side, on packed weights.

    Args:
        model: the network, in evaluation.
        before: of each row (T, P + 1) inputs, one at least, of which all but the last are read.
        conditions: the condition of each row, for a model that has them; else None.
    """

    @torch.no_grad()
    def __init__(
        self, model: FrameModel, before: Sequence[NDArray[np.floating]], conditions: Sequence[int] | None = None
    ) -> None:
        self._model, self._device = model, model.device
        self._conditions = None if conditions is None else torch.tensor(conditions, device=self._device)
        self._stream = model.recurrent.stream(batch_size=len(before))
        self._output = PackedLinear(model.output)
        lengths = [len(each) - 1 for each in before]
        if any(lengths):
            read = np.zeros((len(before), max(lengths), before[0].shape[1]), np.float32)
            for row, each in enumerate(before):
                read[row, : lengths[row]] = each[:-1]
            self._stream.state = self._after(torch.from_numpy(read).to(self._device), lengths)

    def _after(self, inputs: Tensor, lengths: list[int]) -> Any:
        """The state after inputs (R, T, P + 1) of these lengths, read without dropout whatever the model's mode."""
        recurrent, training = self._model.recurrent, self._model.recurrent.training
        conditions = None if self._conditions is None else self._conditions[:, None].expand(inputs.shape[:2])
        try:
            return recurrent.eval()(self._model.read(inputs, conditions), lengths=lengths)[1]
        finally:
            recurrent.train(training)

    @torch.no_grad()
    def step(self, inputs: NDArray[np.floating]) -> NDArray[np.float32]:
        """Read the last input (R, P + 1) of each row, and give the log-odds (R, P) of the keys after it."""
        read = self._model.read(torch.from_numpy(inputs.astype(np.float32)).to(self._device), self._conditions)
        return self._output(self._stream.step(read)).float().cpu().numpy()
