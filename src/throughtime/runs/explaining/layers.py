"""Which layers of a network are looked at."""

from __future__ import annotations

from typing import Any

from torch import nn

from throughtime.layers import Recurrent
from throughtime.layers.multidimensional import ConvLSTM, GridLSTM

__all__ = ["layers_of"]


def layers_of(net: nn.Module) -> Recurrent | None:
    """Find the layers that read what a network reads.

    Args:
        net: the network.

    Returns:
        Its own layers, its encoder's, or the first there are; None without layers over vectors.

    Example:
        >>> import throughtime as tt
        >>> net = nn.ModuleDict({"head": nn.Linear(4, 2), "body": tt.LSTM(3, 4)})
        >>> layers_of(net) is net["body"], layers_of(net["head"])
        (True, None)
    """
    own: Any = getattr(net, "recurrent", None) or getattr(getattr(net, "encoder", None), "recurrent", None)
    layers = [own, *(module for module in net.modules() if isinstance(module, Recurrent))]
    return next((layer for layer in layers if layer is not None and not isinstance(layer, ConvLSTM | GridLSTM)), None)
