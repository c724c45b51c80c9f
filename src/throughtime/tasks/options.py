"""The options that the tasks' networks share. Loads no torch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from throughtime.doors import named, option
from throughtime.errors import UsageError
from throughtime.models.parts.cells import CELLS
from throughtime.training.options import TrainingOptions

__all__ = ["STACK", "Cell", "NetworkOptions", "check_vocabulary_size"]

Cell = Literal["lstm", "gru", "rnn", "mingru", "minlstm", "lru", "rglru", "sru", "indrnn", "paragru", "slstm"]
"""Names of recurrent cells; :data:`~throughtime.models.parts.cells.CELLS` has what goes with each."""
_AROUND = ("pre_norm", "residual", "feed_forward")
STACK = frozenset(["cell", "hidden", "layers", "embedding", "layer_norm", *_AROUND])
"""Options that the weights of recurrent layers depend on, whatever the task."""
_LEAST = 3
"""Numbers that a norm leaves something of."""

INIT = re.compile(r"default|orthogonal|forget_bias(:-?\d+(\.\d+)?)?|chrono:([3-9]|[1-9]\d+)")
"""How the recurrent weights can start, with the values that the layers take."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkOptions(TrainingOptions):
    """Options of a network with recurrent layers; a task has its own defaults for some."""

    TRAINING_ONLY: ClassVar[frozenset[str]] = TrainingOptions.TRAINING_ONLY | {
        "dropout", "recurrent_dropout", "weight_dropout", "init",
    }  # fmt: skip
    """Options that mean nothing to a trained network; zoneout is not among them, for it mixes states ever after."""

    DEPTH: ClassVar[int] = 1
    """Recurrent layers of a cell that suits no other number of them."""

    cell: Cell = "lstm"
    """Recurrent cell: lstm, gru, Elman's rnn; slstm with exponential gates; or one whose units do not see each other's
    past: mingru, minlstm, lru, rglru (linear in their state), sru, indrnn, paragru."""
    hidden: int = 128
    """Units of each direction of each recurrent layer."""
    layers: int | None = None
    """Recurrent layers on top of each other; if not given, as suits the cell."""
    embedding: int = 100
    """Size of the vector that stands for a word or token; of the layer over frames."""
    dropout: float = 0.5
    """Share of the features dropped before and after the recurrent layers, and between them."""
    layer_norm: bool = False
    """Normalise inside the cell (Ba, Kiros, Hinton 2016)."""
    zoneout: float = 0.0
    """Share of the state kept from the step before (Krueger et al. 2017)."""
    recurrent_dropout: float = 0.0
    """Share of the state dropped, with one mask for a whole sequence (Gal, Ghahramani 2016)."""
    weight_dropout: float = 0.0
    """Share of the recurrent weights dropped (Merity et al. 2018)."""
    init: str | None = None
    """How the recurrent weights start: default, orthogonal, forget_bias:VALUE, or chrono:STEPS, with gates that keep
    what they hold for up to STEPS steps (Tallec, Ollivier 2018); if not given, as suits the cell."""

    pre_norm: bool | None = None
    """Let each recurrent layer read a layer norm of its input, and normalise what the last one gives (Xiong et al.
    2020); if not given, as suits the cell."""
    residual: bool | None = None
    """Add the input of each recurrent layer after the first to its output; if not given, as suits the cell."""
    feed_forward: int | None = None
    """Units of a feed-forward part after each recurrent layer, which is added to what it reads (Orvieto et al. 2023); 0
    makes none; if not given, as suits the cell."""

    def recurrent(self) -> dict[str, Any]:
        """Give what recurrent layers are asked for by name, their sizes apart."""
        names = ("cell", "dropout", "layer_norm", "zoneout", "recurrent_dropout", "weight_dropout", "init", *_AROUND)
        return {"num_layers": self.layers, **{name: getattr(self, name) for name in names}}

    def around(self) -> dict[str, object]:
        """Give by name what stands around the recurrent layers, and around which; nothing where nothing does."""
        there = {name: getattr(self, name) for name in _AROUND if getattr(self, name)}
        return {"cell": self.cell, "layers": self.layers, **there} if there else {}

    def _settle(self) -> None:
        """What suits the cell stands in the place of what was not given."""
        row, layers = CELLS[self.cell], self.layers
        layers = (row.layers or self.DEPTH) if layers is None else layers
        suits = {
            "layers": layers,
            "pre_norm": row.pre_norm,
            "residual": row.residual and layers > 1,
            "feed_forward": round(row.feed_forward * self.hidden),
        }
        for name, value in suits.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)

    def _check_values(self) -> None:
        TrainingOptions._check_values(self)
        self._at_least(1, "hidden", "layers", "embedding")
        self._at_least(0, "feed_forward")
        self._shares("dropout", "zoneout", "recurrent_dropout", "weight_dropout")
        self._check_around()
        self._check_cell("cell")
        if self.init is not None and not INIT.fullmatch(self.init):
            raise UsageError(
                f"{named('init')} must be default, orthogonal, forget_bias:VALUE or chrono:STEPS, such as chrono:100, "
                f"not {self.init!r}"
            )

    def _check_around(self) -> None:
        """Raise where something cannot stand around layers like these."""
        if self.residual and self.layers == 1:
            raise UsageError(
                f"{option('residual', True)} is for layers after the first: give {option('layers', 2)}, or leave it out"
            )
        narrow = next((name for name in ("hidden", "embedding") if getattr(self, name) < _LEAST), None)
        if (self.pre_norm or self.feed_forward) and narrow:
            asked = "pre_norm" if self.pre_norm else "feed_forward"
            raise UsageError(
                f"{named(asked)} normalises, which leaves nothing of {getattr(self, narrow)} numbers: give "
                f"{option(narrow, _LEAST)} or more"
            )

    def _check_cell(self, chosen: str) -> None:
        """Raise where a cell cannot do what is asked for.

        Args:
            chosen: the option that names it.
        """
        cell: str = getattr(self, chosen)
        row = CELLS[cell]
        for name in sorted(row.lacks):
            if getattr(self, name, None):
                able = ", ".join(other for other, its in CELLS.items() if name not in its.lacks)
                raise UsageError(
                    f"{option(chosen, cell)} has no {named(name)}: leave it out, or take one of the cells {able}"
                )
        if self.init is not None and self.init.partition(":")[0] not in row.inits:
            raise UsageError(
                f"{option('init', self.init)} is not for {option(chosen, cell)}, which takes {', '.join(row.inits)}"
            )


def check_vocabulary_size(unit: str | None, size: int | None) -> None:
    """See that a size was asked for where a vocabulary can have one.

    Args:
        unit: what a token is, or None where the data tells.
        size: how many tokens to know, or None.

    Raises:
        UsageError: characters and bytes are all known.
    """
    if size is None:
        return
    if size < 1:
        raise UsageError(f"{named('vocabulary_size')} must be at least 1, not {size}")
    if unit in ("characters", "bytes"):
        raise UsageError(f"{named('vocabulary_size')} is for the units words and bpe; the {named('unit')} is {unit}")
