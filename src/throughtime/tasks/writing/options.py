"""What a network that writes can be asked for. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from throughtime.doors import named, option
from throughtime.errors import UsageError
from throughtime.training.options import CheckedOptions

__all__ = ["Predicting", "Writing"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Writing(CheckedOptions):
    """How a trained network writes."""

    beam: int = 5
    """Texts that are followed side by side for each source; 1 is greedy."""
    length_penalty: float = 1.0
    """Longer texts are preferred the more, the larger it is (Wu et al. 2016, equation 14); 0 prefers short ones."""
    coverage_penalty: float = 0.0
    """Above 0 prefers texts that have looked at all of the source (the same)."""
    ensemble: tuple[str, ...] = ()
    """Other runs that vote at each step: the mean of the probabilities."""

    def _check_values(self) -> None:
        self._at_least(1, "beam")
        self._at_least(0, "length_penalty", "coverage_penalty")


@dataclass(frozen=True, kw_only=True, slots=True)
class Predicting(Writing):
    """What ``predict`` can be asked for."""

    n_best: int = 1
    """Texts that are given for each source, the best first."""
    plot: str | None = None
    """Folder for a picture of each text and where it has looked in its source."""
    plot_format: Literal["svg", "png"] = "svg"
    """What these pictures are."""

    def _check_values(self) -> None:
        Writing._check_values(self)
        if self.plot_format != "svg" and self.plot is None:
            raise UsageError(f"{named('plot_format')} is for pictures; say where they go with {option('plot')}")
        if not 1 <= self.n_best <= self.beam:
            raise UsageError(f"{named('n_best')} must be from 1 to {named('beam')}, {self.beam}, not {self.n_best}")
