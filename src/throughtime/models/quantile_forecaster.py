"""The forecaster that says all steps ahead at once: quantiles of each, which never cross."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from throughtime.models.forecaster import QUIET, Encoder

__all__ = ["QuantileForecaster", "pinball"]

CONTEXT = 16
"""Numbers that the encoder's output becomes for each step ahead, and once for all of them."""


class QuantileForecaster(nn.Module):
    """A recurrent network that reads up to a step, and gives quantiles of the next J values in one go.

    .. code-block:: text

        h[t] = cells(W x[t], h[t-1])          c[1..J], c[a] = relu(G h[t])
        q[j, .5] = base[j] + o[.5]            o = V relu(U [c[j], c[a], f[j]])
        q[j, l]  = q[j, l'] + softplus(o[l])  for each level l above its neighbour l', and minus it below the median

    f[j] is what is known beforehand of step j. So quantiles are in order whatever the weights are.

    Args:
        inputs: D, numbers that are read at a step.
        known: numbers that are known beforehand of a step ahead.
        outputs: K, values of a step.
        horizon: J, steps ahead.
        levels: the L levels of the quantiles, growing; 0.5 is among them.
        dropout: share of the units dropped between the layers and before the steps ahead.
        **encoder: the other options of :class:`Encoder`.

    Source: Wen, Torkkola, Narayanaswamy, Madeka 2017, "A multi-horizon quantile recurrent forecaster", section 3: the
    global and the local network, and all steps of a sequence as origins (forking sequences). That quantiles are sums of
    positive steps, and the base, are ours.

    Example:
        >>> net = QuantileForecaster(5, 3, 1, 4, (0.1, 0.5, 0.9), hidden_size=8)
        >>> h, _ = net.encoder(torch.zeros(2, 7, 5))
        >>> net.ahead(h[:, -1], torch.zeros(2, 4, 3), torch.zeros(2, 4, 1)).shape
        torch.Size([2, 4, 1, 3])
    """

    def __init__(
        self,
        inputs: int,
        known: int,
        outputs: int,
        horizon: int,
        levels: Sequence[float],
        *,
        hidden_size: int = 96,
        dropout: float = 0.0,
        **encoder: object,
    ) -> None:
        super().__init__()
        self.encoder = Encoder(inputs, hidden_size=hidden_size, dropout=dropout, **encoder)  # pyright: ignore[reportArgumentType]
        self.horizon, self.outputs, self.middle = horizon, outputs, list(levels).index(0.5)
        self.contexts = nn.Linear(hidden_size, (horizon + 1) * CONTEXT)
        self.local = nn.Linear(2 * CONTEXT + known, hidden_size)
        self.head = nn.Linear(hidden_size, outputs * len(levels))
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("levels", torch.tensor(levels, dtype=torch.float32))
        self.register_buffer("spread", torch.ones(()))
        with torch.no_grad():
            self.head.weight.mul_(QUIET)
            self.head.bias.zero_()

    levels: Tensor
    """The levels, (L,)."""
    spread: Tensor
    """By what the distance of quantiles from the median is multiplied; see the task that sets it."""

    def ahead(self, h: Tensor, known: Tensor, base: Tensor) -> Tensor:
        """Give quantiles of the steps ahead.

        Args:
            h: (N, H), what was read.
            known: (N, J', F), what is known of each step ahead; J' may be below J.
            base: (N, J', K), what the values are changes against.

        Returns:
            (N, J', K, L), growing along the levels.
        """
        steps = known.shape[1]
        contexts = functional.relu(self.contexts(self.dropout(h))).view(len(h), self.horizon + 1, CONTEXT)
        own, shared = contexts[:, :steps], contexts[:, -1:].expand(-1, steps, -1)
        raw = self.head(functional.relu(self.local(torch.cat([own, shared, known], -1))))
        raw = raw.unflatten(-1, (self.outputs, -1))
        median = base + raw[..., self.middle]
        apart = functional.softplus(raw - 2.0)  # the widths start small
        above = apart[..., self.middle + 1 :].cumsum(-1)
        below = apart[..., : self.middle].flip(-1).cumsum(-1).flip(-1)
        return torch.cat([median[..., None] - below, median[..., None], median[..., None] + above], -1)


def pinball(z: Tensor, quantiles: Tensor, levels: Tensor) -> Tensor:
    """Give the quantile loss, twice, so that its mean over many levels is the CRPS.

    .. code-block:: text

        2 (z - q) (l - [z < q])

    Args:
        z: (...), the values.
        quantiles: (..., L), what was said of them.
        levels: (L,), between 0 and 1.

    Returns:
        (..., L), not below 0.

    Source: Koenker, Bassett 1978, "Regression quantiles"; Gneiting, Ranjan 2011, equation 17: the CRPS is its integral.

    Example:
        >>> pinball(torch.tensor(3.0), torch.tensor([1.0, 5.0]), torch.tensor([0.1, 0.9]))
        tensor([0.4000, 0.4000])
    """
    error = z[..., None] - quantiles
    return 2 * torch.maximum(levels * error, (levels - 1) * error)
