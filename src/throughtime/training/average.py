"""A moving average of the weights, which validates better than the last step's weights do."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from throughtime.errors import CheckpointError

__all__ = ["WeightAverage"]

PREFIX = "average/"


class WeightAverage:
    """The exponential moving average of a network's trained weights.

    .. code-block:: text

        a[n] = d a[n-1] + (1 - d) w[n]        d = min(decay, (1 + n) / (10 + n))

    Args:
        module: whose weights.
        decay: share of the old average that each step keeps; 0 keeps none, so the average is the weights.

    Source: Polyak, Juditsky 1992, "Acceleration of stochastic approximation by averaging"; exponential, with a shorter
    memory in the first steps, as in Tarvainen, Valpola 2017, "Mean teachers are better role models".

    Example:
        >>> net = nn.Linear(1, 1)
        >>> average = WeightAverage(net, decay=0.9)
        >>> average.update(1)
        >>> with average.in_place():
        ...     y = net(torch.ones(1))
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._names = [name for name, parameter in module.named_parameters() if parameter.requires_grad]
        self._weights = [parameter for parameter in module.parameters() if parameter.requires_grad]
        self._decay = decay
        self._average = [weight.detach().clone() for weight in self._weights] if decay else []

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after step number ``step``, from 1."""
        if self._average:
            keep = min(self._decay, (1 + step) / (10 + step))
            for average, weight in zip(self._average, self._weights, strict=True):
                average.lerp_(weight.detach(), 1 - keep)

    @contextmanager
    def in_place(self) -> Generator[None]:
        """Put the average where the weights are, for as long as the context lasts."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for weight, average in zip(self._weights, self._average, strict=False):
            kept = weight.detach().clone()
            weight.copy_(average)
            average.copy_(kept)

    def tensors(self) -> dict[str, Tensor]:
        """Give what a checkpoint must hold, by name."""
        return {PREFIX + name: tensor for name, tensor in zip(self._names, self._average, strict=False)}

    def restore(self, path: Path, tensors: Mapping[str, Tensor]) -> None:
        """Put back what a checkpoint held.

        Args:
            path: where it comes from, for messages.
            tensors: the checkpoint's tensors.

        Raises:
            CheckpointError: there is no average in it, or one of another network.
        """
        saved = {name: tensors.get(PREFIX + name) for name, _ in zip(self._names, self._average, strict=False)}
        for (name, tensor), average in zip(saved.items(), self._average, strict=True):
            if tensor is None or tensor.shape != average.shape:
                raise CheckpointError(f"{path} has no average of {name} of this shape; nothing was changed")
        for tensor, average in zip(saved.values(), self._average, strict=True):
            average.copy_(cast(Tensor, tensor))
