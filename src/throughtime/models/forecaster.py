"""The forecaster that goes on step by step: a distribution of each value given all before it, and draws from it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from throughtime.layers import Recurrent
from throughtime.models.parts.cells import stack
from throughtime.models.parts.likelihoods import make_likelihood

__all__ = ["Encoder", "Forecaster"]

QUIET = 0.1
"""By what the first weights of an output are multiplied, so that a forecast starts as its base."""


class Encoder(nn.Module):
    """The half of a forecaster that reads: a linear map of what is known at a step, and recurrent layers over it.

    Args:
        inputs: D, numbers that are read at a step.
        cell: one of :data:`~throughtime.models.parts.cells.CELLS`.
        embedding_size: E, numbers that the layers read; 0 lets them read the D as they are.
        hidden_size: H, units of each layer.
        num_layers: L, layers.
        dropout: share of the units dropped between the layers, the same at all steps.
        **options: other options of the layers.

    Example:
        >>> encoder = Encoder(5, hidden_size=8)
        >>> encoder(torch.zeros(2, 7, 5), torch.tensor([7, 3]))[0].shape
        torch.Size([2, 7, 8])
    """

    def __init__(
        self,
        inputs: int,
        *,
        cell: str = "lstm",
        embedding_size: int = 32,
        hidden_size: int = 96,
        num_layers: int = 2,
        dropout: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__()
        self.read = nn.Linear(inputs, embedding_size)
        self.recurrent: Recurrent = stack(cell, embedding_size, hidden_size, num_layers, dropout=dropout, **options)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Any]:
        """Read sequences (B, T, D) of some lengths; gives (outputs (B, T, H), the state after the last step)."""
        return self.recurrent(self.read(x), lengths=lengths)


class Forecaster(nn.Module):
    """A recurrent network that gives the distribution of each step's values, given all before.

    .. code-block:: text

        h[t] = cells(W x[t], h[t-1])     z[t] ~ p( . | base[t], V h[t] + b)

    x[t] holds what is known before z[t]: earlier values, and what the time itself tells. To forecast, z[t] is drawn and
    becomes a part of x[t+1]; many such paths make the distribution of any step ahead.

    Args:
        inputs: D, numbers that are read at a step.
        outputs: K, values of a step.
        likelihood: name of their distribution, one of ``models.parts.likelihoods.LIKELIHOODS``.
        dropout: share of the units dropped between the layers and before the output.
        **encoder: the other options of :class:`Encoder`.

    Source: Salinas, Flunkert, Gasthaus, Januschowski 2020, "DeepAR: Probabilistic forecasting with autoregressive
    recurrent networks", International Journal of Forecasting 36, equations 1 to 3; the base, what a value is a change
    against, is ours.

    Example:
        >>> net = Forecaster(5, 1, likelihood="laplace", hidden_size=8)
        >>> h, state = net.encoder(torch.zeros(2, 7, 5))
        >>> net.output(h).shape
        torch.Size([2, 7, 1, 2])
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        likelihood: str,
        hidden_size: int = 96,
        dropout: float = 0.0,
        **encoder: object,
    ) -> None:
        super().__init__()
        self.encoder = Encoder(inputs, hidden_size=hidden_size, dropout=dropout, **encoder)  # pyright: ignore[reportArgumentType]
        self.likelihood = make_likelihood(likelihood, outputs)
        self.dropout = nn.Dropout(dropout)
        self.outputs = outputs
        self.head = nn.Linear(hidden_size, outputs * self.likelihood.parameters_of_each)
        with torch.no_grad():
            self.head.weight.mul_(QUIET)
            self.head.bias.zero_()
        self.register_buffer("spread", torch.ones(()))

    spread: Tensor
    """By what the distance of draws from their median is multiplied; see the task that sets it."""

    def output(self, h: Tensor) -> Tensor:
        """Give the parameters of the distributions, (..., K, parameters), of outputs (..., H)."""
        raw = self.head(self.dropout(h))
        return raw.unflatten(-1, (self.outputs, self.likelihood.parameters_of_each))

    def loss(self, x: Tensor, base: Tensor, z: Tensor, scale: Tensor, lengths: Tensor) -> Tensor:
        """Give what the network is surprised by each value.

        Args:
            x: (B, T, D), what is known at each step.
            base: (B, T, K), what the values are changes against.
            z: (B, T, K), the values.
            scale: (B, 1, K), the size of a unit.
            lengths: (B,) int64, steps of each row.

        Returns:
            (B, T, K), in nats; beyond a row's length without meaning.
        """
        return self.likelihood.loss(self.output(self.encoder(x, lengths)[0]), base, z, scale)
