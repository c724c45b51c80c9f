"""The recurrent layers that whole nets are made of, by name; and one way to ask for a stack of them."""

from __future__ import annotations

from collections.abc import Callable

from throughtime.layers import GRU, LSTM, RNN, Recurrent

__all__ = ["CELLS", "stack"]

CELLS: dict[str, Callable[..., Recurrent]] = {"lstm": LSTM, "gru": GRU, "rnn": RNN}
"""Recurrent layers by name."""


def stack(
    cell: str,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    *,
    dropout: float = 0.0,
    init: str | None = None,
    **options: object,
) -> Recurrent:
    """Make recurrent layers the way all models here have them: batch first, one dropout mask for all steps.

    Args:
        cell: "lstm", "gru" or "rnn".
        input_size: I, features of one step.
        hidden_size: H, units of each layer.
        num_layers: L, layers on top of each other.
        dropout: share of the units dropped between the layers, with one mask for all steps (Gal, Ghahramani 2016).
        init: how the weights start (:func:`~throughtime.layers.construction.initialisers.initialise`); None: as suits
            the cell.
        **options: other options of the layers, such as ``bidirectional``.

    Returns:
        The layers. Where nothing else is asked for, the LSTM's forget gate starts open, as in Jozefowicz, Zaremba,
        Sutskever 2015, "An empirical exploration of recurrent network architectures".

    Raises:
        UsageError: an option of the layers that cannot be honoured.

    Example:
        >>> stack("gru", 8, 16, 2, bidirectional=True).hidden_size
        16
    """
    return CELLS[cell](
        input_size,
        hidden_size,
        num_layers,
        batch_first=True,
        variational_dropout=dropout if num_layers > 1 else 0.0,  # with one layer there is no place between layers
        init=init or ("forget_bias" if cell == "lstm" else "default"),
        **options,
    )
