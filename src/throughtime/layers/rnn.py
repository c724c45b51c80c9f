"""The simple recurrent network as a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from throughtime.errors import UnknownNameError
from throughtime.kernels.reference.elman import ElmanCell
from throughtime.layers.recurrent import Recurrent

__all__ = ["RNN"]


class RNN(Recurrent):
    """Elman network; takes the place of ``torch.nn.RNN``.

    .. code-block:: text

        h[t] = tanh(W_ih x[t] + b_ih + W_hh h[t-1] + b_hh)          (or relu)

    Args:
        input_size: I, features of one step.
        hidden_size: H, or a list with one H per layer.
        num_layers: L.
        nonlinearity: "tanh" or "relu".
        *args: bias, batch_first, dropout, bidirectional, as in ``torch.nn.RNN``.
        **kwargs: those, device, dtype, and the options of :class:`throughtime.Recurrent`.

    Shapes: x (T, B, I); y (T, B, D*H); state (L*D, B, H). See :meth:`throughtime.Recurrent.forward`.

    Raises:
        UsageError: an argument out of range, or ``proj_size`` (this cell has no projection).

    Source: Elman 1990, "Finding structure in time"; see :class:`throughtime.kernels.reference.elman.ElmanCell`.

    Example:
        >>> import torch, throughtime as tt
        >>> y, h_n = tt.RNN(3, 4, nonlinearity="relu")(torch.randn(5, 2, 3))
        >>> y.shape, h_n.shape
        (torch.Size([5, 2, 4]), torch.Size([1, 2, 4]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int | Sequence[int],
        num_layers: int = 1,
        nonlinearity: Literal["tanh", "relu"] = "tanh",
        *args: Any,
        **kwargs: Any,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise UnknownNameError("nonlinearity", nonlinearity, ["tanh", "relu"])
        self.nonlinearity = nonlinearity
        super().__init__(ElmanCell(nonlinearity), input_size, hidden_size, num_layers, *args, **kwargs)
