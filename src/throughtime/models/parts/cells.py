"""The recurrent layers that whole nets are made of: a row for each cell, and one way to ask for a stack of them.

Loads no torch before a stack is made: the options of tasks ask the rows what suits a cell, and what it cannot.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from throughtime.layers import Recurrent

__all__ = ["CELLS", "CellRow", "stack"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CellRow:
    """A cell as tasks have it: its layer, how it starts, what it cannot, and what stands around it by default."""

    layer: str
    """Name of its layer in :mod:`throughtime.layers`."""
    init: str = "default"
    """How its weights start where nothing else is asked for."""
    inits: tuple[str, ...] = ("default", "orthogonal")
    """Ways in which they can start, values apart."""
    lacks: frozenset[str] = frozenset()
    """Options of a network that it cannot honour."""
    begins: tuple[str, ...] = ("h",)
    """Parts of its state that a sequence can be begun with; what the others hold follows from them, or scales them."""
    layers: int | None = None
    """Layers on top of each other; None: as many as the task has."""
    pre_norm: bool = False
    """Whether each layer reads a norm of its input."""
    residual: bool = False
    """Whether each layer after the first adds its input to its output."""
    feed_forward: float = 0.0
    """Inner width of the feed-forward part after each layer, in hidden sizes; 0: none."""


_RECURRENT = frozenset(["zoneout", "recurrent_dropout", "weight_dropout"])
"""What acts on a product with the past, or between steps; cells without such a product have none of it."""
_GATED, _FORGETTING = ("default", "chrono"), ("default", "forget_bias", "chrono")

CELLS: dict[str, CellRow] = {
    # Forget gate open at the start: Jozefowicz, Zaremba and Sutskever 2015, "An empirical exploration of recurrent
    # network architectures".
    "lstm": CellRow(
        layer="LSTM",
        init="forget_bias",
        inits=("default", "orthogonal", "forget_bias", "chrono"),
        begins=("h", "c"),
    ),
    "gru": CellRow(layer="GRU", inits=("default", "orthogonal", "chrono")),
    "rnn": CellRow(layer="RNN"),
    # Feng et al. 2024, "Were RNNs all we needed?", appendix C: layers in residual blocks, each with a multi-layer
    # perceptron behind it.
    "mingru": CellRow(
        layer="MinGRU", inits=_GATED, lacks=_RECURRENT, layers=2, feed_forward=2.0, pre_norm=True, residual=True
    ),
    "minlstm": CellRow(
        layer="MinLSTM", inits=_FORGETTING, lacks=_RECURRENT, layers=2, feed_forward=2.0, pre_norm=True, residual=True
    ),
    # Orvieto et al. 2023, "Resurrecting recurrent neural networks for long sequences", section 2: all that is not
    # linear stands behind the layers.
    "lru": CellRow(
        layer="LRU",
        inits=("default",),
        lacks=_RECURRENT | {"layer_norm"},
        begins=("re", "im"),
        layers=2,
        feed_forward=2.0,
        pre_norm=True,
        residual=True,
    ),
    # De et al. 2024, "Griffin: mixing gated linear recurrences with local attention for efficient language models",
    # section 2.2: the feed-forward part is three times as wide.
    "rglru": CellRow(
        layer="RGLRU", inits=("default",), lacks=_RECURRENT, layers=2, feed_forward=3.0, pre_norm=True, residual=True
    ),
    # Lei et al. 2018, "Simple recurrent units for highly parallelizable recurrence": the highway inside the cell takes
    # the place of residual sums.
    "sru": CellRow(layer="SRU", inits=_FORGETTING, lacks=_RECURRENT, begins=("c",), layers=2, pre_norm=True),
    # Li et al. 2018, "Independently recurrent neural network (IndRNN)", section 4: normalised and residual; units meet
    # in the next layer alone.
    "indrnn": CellRow(layer="IndRNN", inits=("default",), lacks=_RECURRENT, layers=2, pre_norm=True, residual=True),
    # Danieli et al. 2025, "ParaRNN: unlocking parallel training of nonlinear RNNs for large language models".
    "paragru": CellRow(
        layer="ParaGRU", inits=_GATED, lacks=_RECURRENT, layers=2, feed_forward=2.0, pre_norm=True, residual=True
    ),
    # Beck et al. 2024, "xLSTM: extended long short-term memory", section 2.4 and figure 10: a block of the scalar LSTM
    # is residual and pre-normed, with a feed-forward part 4/3 as wide.
    "slstm": CellRow(
        layer="SLSTM",
        inits=("default", "orthogonal", "forget_bias", "chrono"),
        lacks=frozenset(["zoneout", "layer_norm"]),
        begins=("h", "c"),
        layers=2,
        feed_forward=4 / 3,
        pre_norm=True,
        residual=True,
    ),
}
"""Recurrent cells by name."""


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
        cell: one of :data:`CELLS`.
        input_size: I, features of one step.
        hidden_size: H, units of each layer.
        num_layers: L, layers on top of each other.
        dropout: share of the units dropped between the layers, with one mask for all steps (Gal, Ghahramani 2016).
        init: how the weights start (:func:`~throughtime.layers.construction.initialisers.initialise`); None: as suits
            the cell.
        **options: other options of the layers, such as ``bidirectional``. What suits the cell is not among them unless
            it is given: a model is what it is asked to be.

    Returns:
        The layers.

    Raises:
        UsageError: an option of the layers that cannot be honoured.

    Example:
        >>> stack("gru", 8, 16, 2, bidirectional=True).hidden_size
        16
    """
    row = CELLS[cell]
    return getattr(import_module("throughtime.layers"), row.layer)(
        input_size,
        hidden_size,
        num_layers,
        batch_first=True,
        variational_dropout=dropout if num_layers > 1 else 0.0,  # with one layer there is no place between layers
        init=init or row.init,
        **options,
    )
