"""The options that the tasks' networks share. Loads no torch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Literal

from throughtime.doors import named
from throughtime.errors import UsageError
from throughtime.training.options import TrainingOptions

__all__ = ["NetworkOptions", "check_vocabulary_size"]

INIT = re.compile(r"default|orthogonal|forget_bias(:-?\d+(\.\d+)?)?|chrono:([3-9]|[1-9]\d+)")
"""How the recurrent weights can start, with the values that the layers take."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkOptions(TrainingOptions):
    """Options of a network with recurrent layers; a task has its own defaults for some."""

    TRAINING_ONLY: ClassVar[frozenset[str]] = TrainingOptions.TRAINING_ONLY | {
        "dropout", "recurrent_dropout", "weight_dropout", "init",
    }  # fmt: skip
    """Options that mean nothing to a trained network; zoneout is not among them, for it mixes states ever after."""

    cell: Literal["lstm", "gru", "rnn"] = "lstm"
    """Recurrent cell: long short-term memory, gated recurrent unit, or Elman's network."""
    hidden: int = 128
    """Units of each direction of each recurrent layer."""
    layers: int = 1
    """Recurrent layers on top of each other."""
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

    def _check_values(self) -> None:
        TrainingOptions._check_values(self)
        self._at_least(1, "hidden", "layers", "embedding")
        self._shares("dropout", "zoneout", "recurrent_dropout", "weight_dropout")
        if self.init is not None and not INIT.fullmatch(self.init):
            raise UsageError(
                f"{named('init')} must be default, orthogonal, forget_bias:VALUE or chrono:STEPS, such as chrono:100, "
                f"not {self.init!r}"
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
