"""The independently recurrent network as a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from throughtime.errors import UnknownNameError
from throughtime.kernels.reference.diagonal import IndRNNCell
from throughtime.layers.recurrent import Recurrent

__all__ = ["IndRNN"]


class IndRNN(Recurrent):
    """IndRNN: Elman's network whose units see their own past alone.

    .. code-block:: text

        h[t] = relu(W_ih x[t] + b_ih + u h[t-1])          (or tanh)

    Args:
        input_size: I, features of one step.
        hidden_size: H, or a list with one H per layer.
        *args: num_layers, bias, batch_first, dropout, bidirectional, as in ``torch.nn.GRU``; device, dtype.
        nonlinearity: "relu" (the paper's) or "tanh".
        **kwargs: those, and the options of :class:`throughtime.Recurrent`.

    Shapes: x (T, B, I); y (T, B, D*H); state h (L*D, B, H). See :meth:`throughtime.Recurrent.forward`.

    Raises:
        UsageError: an argument out of range, or one that the cell cannot honour.
        UnknownNameError: there is no such nonlinearity.

    Source: Li et al. 2018, "Independently recurrent neural network (IndRNN)"; the equations with their numbers are in
    :class:`throughtime.kernels.reference.diagonal.IndRNNCell`.

    Example:
        >>> import torch, throughtime as tt
        >>> y, h_n = tt.IndRNN(3, 4)(torch.randn(5, 2, 3))
        >>> y.shape
        torch.Size([5, 2, 4])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int | Sequence[int],
        *args: Any,
        nonlinearity: Literal["relu", "tanh"] = "relu",
        **kwargs: Any,
    ) -> None:
        if nonlinearity not in ("relu", "tanh"):
            raise UnknownNameError("nonlinearity", nonlinearity, ["relu", "tanh"])
        self.nonlinearity = nonlinearity
        super().__init__(IndRNNCell(nonlinearity), input_size, hidden_size, *args, **kwargs)
