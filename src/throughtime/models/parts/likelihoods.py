"""What a forecaster says of the next value: a distribution, whose parameters it gives at each step."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from throughtime.errors import UnknownNameError

__all__ = ["LIKELIHOODS", "Likelihood", "make_likelihood"]

SMALLEST = 1e-4
"""The smallest width of a distribution, in units of the series' scale: a constant series must not divide by zero."""


class Likelihood(nn.Module, ABC):
    """The distribution of a value z, in units of the series' scale, around a base that is known before it.

    Args:
        outputs: K, values of a step.
    """

    parameters_of_each: ClassVar[int] = 2
    """Numbers that the network gives for each value."""
    counts: ClassVar[bool] = False
    """Whether the values are counts: whole and not negative, and the scale is their size."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.outputs = outputs

    @abstractmethod
    def loss(self, raw: Tensor, base: Tensor, z: Tensor, scale: Tensor) -> Tensor:
        """Give the negative logarithm of the density of each value, up to a constant of its scale.

        Args:
            raw: (..., K, parameters), what the network gives.
            base: (..., K), what the value is a change against.
            z: (..., K), the value.
            scale: (..., K) or to be broadcast, the size of a unit.

        Returns:
            (..., K), in nats.
        """

    @abstractmethod
    def noise(self, generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Draw what :meth:`draw` turns into values; the last axis is one value's numbers."""

    def mirrored(self, noise: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn noise into its opposite, which is as likely: what makes a large value makes as small a one."""
        return -noise

    @abstractmethod
    def draw(self, raw: Tensor, base: Tensor, scale: Tensor, noise: Tensor) -> Tensor:
        """Turn noise (..., K, n) into values (..., K)."""


class _Located(Likelihood):
    """A distribution with a place and a width: z = base + m + s e."""

    def _place_and_width(self, raw: Tensor, base: Tensor) -> tuple[Tensor, Tensor]:
        return base + raw[..., 0], functional.softplus(raw[..., 1] - 1.0) + SMALLEST

    def loss(self, raw: Tensor, base: Tensor, z: Tensor, scale: Tensor) -> Tensor:
        place, width = self._place_and_width(raw, base)
        return self.standard_loss((z - place) / width) + width.log()

    def draw(self, raw: Tensor, base: Tensor, scale: Tensor, noise: Tensor) -> Tensor:
        place, width = self._place_and_width(raw, base)
        return place + width * self.standard_draw(noise)

    def standard_loss(self, e: Tensor) -> Tensor:
        """Give the negative log density of e, place 0 and width 1."""
        raise NotImplementedError

    def standard_draw(self, noise: Tensor) -> Tensor:
        """Turn noise into e."""
        return noise[..., 0]


class Gaussian(_Located):
    """N(m, s): what DeepAR uses for real values.

    Source: Salinas, Flunkert, Gasthaus, Januschowski 2020, "DeepAR", section 3.1.
    """

    def standard_loss(self, e: Tensor) -> Tensor:
        return 0.5 * e.square() + 0.5 * math.log(2 * math.pi)

    def noise(self, generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
        return generator.standard_normal((*shape, 1), np.float32)


class Laplace(_Located):
    """exp(-|e|) / 2: its best place is the median, so large errors weigh no more than small ones."""

    def standard_loss(self, e: Tensor) -> Tensor:
        return e.abs() + math.log(2)

    def noise(self, generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
        e = generator.standard_exponential((*shape, 1), np.float32)
        return np.where(generator.random((*shape, 1), np.float32) < 0.5, -e, e)


class StudentT(_Located):
    """Student's t with nu = 2 + softplus(v) degrees of freedom, v learned for each of the K values: heavy tails.

    .. code-block:: text

        -log p(e) = log(B(1/2, nu/2) sqrt(nu)) + (nu + 1)/2 log(1 + e^2 / nu)
    """

    def __init__(self, outputs: int) -> None:
        super().__init__(outputs)
        self.freedom = nn.Parameter(torch.full((outputs,), 3.0))

    def _nu(self) -> Tensor:
        return 2.0 + functional.softplus(self.freedom)

    def standard_loss(self, e: Tensor) -> Tensor:
        nu = self._nu()
        constant = torch.lgamma(nu / 2) - torch.lgamma((nu + 1) / 2) + 0.5 * torch.log(math.pi * nu)
        return constant + (nu + 1) / 2 * torch.log1p(e.square() / nu)

    def noise(self, generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
        nu = self._nu().detach().cpu().numpy()
        normal = generator.standard_normal(shape, np.float32)
        gamma = generator.standard_gamma(np.broadcast_to(nu / 2, shape)).astype(np.float32)
        return (normal / np.sqrt(2 * gamma / nu)).astype(np.float32)[..., None]


class NegativeBinomial(Likelihood):
    """Counts: mean m = s softplus(o1), shape a = softplus(o2) / s with the scale s; variance m + a m^2.

    Source: Salinas, Flunkert, Gasthaus, Januschowski 2020, "DeepAR", section 3.1; the base is not used, as there.
    """

    counts = True

    def _mean_and_shape(self, raw: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
        mean = scale * (functional.softplus(raw[..., 0] + 0.5) + SMALLEST)
        return mean, functional.softplus(raw[..., 1]) / scale.sqrt() + SMALLEST

    def loss(self, raw: Tensor, base: Tensor, z: Tensor, scale: Tensor) -> Tensor:
        mean, shape = self._mean_and_shape(raw, scale)
        count, inverse, grown = z * scale, 1 / shape, torch.log1p(shape * mean)
        chosen = torch.lgamma(count + inverse) - torch.lgamma(count + 1) - torch.lgamma(inverse)
        return inverse * grown - count * (torch.log(shape * mean) - grown) - chosen

    def noise(self, generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
        return generator.random((*shape, 2), np.float32)

    def mirrored(self, noise: NDArray[np.float32]) -> NDArray[np.float32]:
        return 1 - noise

    def draw(self, raw: Tensor, base: Tensor, scale: Tensor, noise: Tensor) -> Tensor:
        from scipy.special import gammaincinv, pdtrik  # takes half a second to load

        mean, shape = (each.double().cpu().numpy() for each in self._mean_and_shape(raw, scale))
        uniform = noise.double().cpu().numpy().clip(1e-9, 1 - 1e-7)
        rate = gammaincinv(1 / shape, uniform[..., 0]) * shape * mean
        below = np.maximum(pdtrik(uniform[..., 1], np.maximum(rate, 1e-9)), 0.0)
        count = torch.from_numpy(np.ceil(np.where(uniform[..., 1] <= np.exp(-rate), 0.0, below)))
        return (count.to(raw) / scale).to(raw.dtype)


LIKELIHOODS: dict[str, type[Likelihood]] = {
    "student": StudentT,
    "gaussian": Gaussian,
    "laplace": Laplace,
    "negative-binomial": NegativeBinomial,
}
"""Distributions by name."""


def make_likelihood(name: str, outputs: int) -> Likelihood:
    """Make a distribution by its name.

    Args:
        name: one of ``LIKELIHOODS``.
        outputs: K, values of a step.

    Returns:
        The distribution.

    Raises:
        UnknownNameError: there is no such distribution.

    Example:
        >>> laplace = make_likelihood("laplace", 1)
        >>> laplace.loss(torch.zeros(1, 2), torch.zeros(1), torch.zeros(1), torch.ones(1)).shape
        torch.Size([1])
    """
    if name not in LIKELIHOODS:
        raise UnknownNameError("likelihood", name, LIKELIHOODS)
    return LIKELIHOODS[name](outputs)
