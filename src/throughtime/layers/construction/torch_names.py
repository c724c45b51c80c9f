"""What ``torch.nn``'s layers have besides the call, under the same names, for libraries that ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from throughtime.errors import ArgumentTypeError, ShapeError, UsageError
from throughtime.layers.construction.arguments import alike
from throughtime.layers.construction.stack import Stack

__all__ = ["TorchNames"]

_MODES = {
    "lstm": "LSTM",
    "lstm_peephole": "LSTM",
    "gru": "GRU",
    "gru_reset_before": "GRU",
    "rnn_tanh": "RNN_TANH",
    "rnn_relu": "RNN_RELU",
}


class TorchNames(Stack):
    """``torch.nn.RNNBase``'s attributes and checks on a stack of ours."""

    @property
    def mode(self) -> str:
        """``torch.nn``'s name of the cell, such as "LSTM" or "RNN_TANH"; a cell that it has not goes by its own."""
        return _MODES.get(self.cell.name, self.cell.name)

    @property
    def _all_weights(self) -> list[list[str]]:
        return [[name + each.suffix for name in each.shapes] for sets in self._sets for each in sets]

    @property
    def _flat_weights_names(self) -> list[str]:
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self) -> tuple[Tensor, ...]:
        """The weights as they are now; a tuple, for what is written to a list here would change nothing."""
        return tuple(weight for weights in self.all_weights for weight in weights)

    @_flat_weights.setter
    def _flat_weights(self, value: Iterable[Tensor]) -> None:
        given, own = list(value), self._flat_weights
        if len(given) != len(own) or any(a is not b for a, b in zip(given, own, strict=True)):
            raise UsageError("_flat_weights follows the parameters: set those by name, such as layer.weight_hh_l0")

    def check(self, input: Tensor | PackedSequence) -> None:
        """Raise where the input does not fit the layer (type, layout, width, device, dtype)."""
        data = input.data if isinstance(input, PackedSequence) else input
        if not isinstance(data, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]
            given = type(data).__name__
            raise ArgumentTypeError(f"input must be a tensor or PackedSequence, got a {given}: see torch.as_tensor()")
        if data.is_nested and data.layout != torch.jagged:
            raise UsageError("a nested tensor must have layout=torch.jagged")
        if data.dim() == 0 or data.shape[-1] != self.input_size:
            raise ShapeError(
                f"the input's last axis must be input_size {self.input_size}, got shape {tuple(data.shape)}"
            )
        weight = self._sets[0][0].first(self)
        if data.dtype != weight.dtype or data.device != weight.device:
            alike("input", data, "layer", weight)

    def check_input(self, input: Tensor, batch_sizes: Tensor | None) -> None:
        """Raise where padded data (``batch_sizes`` is None), or the rows of a PackedSequence, do not fit.

        Args:
            input: (T, B, I), (B, T, I) when ``batch_first``, or packed (N, I).
            batch_sizes: (T,) of a PackedSequence, or None.
        """
        axes = 3 if batch_sizes is None else 2
        if input.dim() != axes:
            raise ShapeError(f"input must have {axes} dimensions, got shape {tuple(input.shape)}")
        self.check(input)

    def get_expected_hidden_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        """(L*D, B, P): shape of the state h for this input.

        Args:
            input: as for :meth:`check_input`.
            batch_sizes: as for :meth:`check_input`.
        """
        return self._expected_size(0, input, batch_sizes)

    def check_hidden_size(
        self, hx: Tensor, expected_hidden_size: tuple[int, int, int], msg: str = "Expected hidden size {}, got {}"
    ) -> None:
        """Raise where a part of the state has another shape.

        Args:
            hx: the part.
            expected_hidden_size: the shape that it is to have.
            msg: what is said, with a place for each shape.
        """
        if hx.size() != expected_hidden_size:
            raise ShapeError(msg.format(expected_hidden_size, list(hx.size())))

    def check_forward_args(self, input: Tensor, hidden: Any, batch_sizes: Tensor | None) -> None:
        """Raise where the input or the state does not fit.

        Args:
            input: as for :meth:`check_input`.
            hidden: the state, h or (h, c).
            batch_sizes: as for :meth:`check_input`.
        """
        self.check_input(input, batch_sizes)
        parts = [hidden] if isinstance(hidden, Tensor) else list(cast("Sequence[Tensor]", hidden))
        if len(parts) != len(self._widths[0]):
            raise ShapeError(f"this layer's state has {len(self._widths[0])} parts, got {len(parts)}")
        for k, part in enumerate(parts):
            self.check_hidden_size(
                part, self._expected_size(k, input, batch_sizes), f"Expected hidden[{k}] size {{}}, got {{}}"
            )

    def permute_hidden(self, hx: Any, permutation: Tensor | None) -> Any:
        """The state with its rows in another order.

        Args:
            hx: the state, h or (h, c), parts of (L*D, B, width).
            permutation: (B,) which row comes where; None: as they are.
        """
        if permutation is None:
            return hx
        if isinstance(hx, Tensor):
            return hx.index_select(1, permutation)
        return tuple(part.index_select(1, permutation) for part in cast("Sequence[Tensor]", hx))

    def _expected_size(self, part: int, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        if any(widths != self._widths[0] for widths in self._widths):
            raise UsageError(f"layers of different widths {self.hidden_sizes} have no one size of the state")
        batch = input.size(0 if self.batch_first else 1) if batch_sizes is None else int(batch_sizes[0])
        return (self.num_layers * self.directions, batch, self._widths[0][part])
