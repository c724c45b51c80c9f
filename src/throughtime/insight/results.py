"""What looking into a network gives: arrays under documented names, all on the CPU, and nothing of torch.

A *track* is one gate or one part of the carry of one layer and direction. Its name is that of ``layer(x, trace=True)``:
``f_l0`` is the forget gate of the first layer, ``c_l1_reverse`` the memory of the second layer's backward direction. A
*lane* is one layer and direction, ``l0`` or ``l1_reverse``. Steps count from 0, as the sequence has them, whichever
way a direction reads. NumPy alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Activity",
    "Change",
    "Flow",
    "FoundUnits",
    "Gates",
    "Horizon",
    "Place",
    "Quantity",
    "Saliency",
    "Spectrum",
    "Walk",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Tracks = Mapping[str, Floats]
"""Name of a track or of a lane -> its array."""


@dataclass(frozen=True, kw_only=True)
class Flow:
    """How much a score at one step says to each step before: the vanishing, or the exploding, gradient."""

    at: int
    """The step whose score was followed back."""
    score: float
    """That score."""
    towards: str
    """Which score: its label, or its number; "sum of outputs" for layers by themselves."""
    steps: Integers
    """(S,) the steps that were looked at, growing."""
    norms: Tracks
    """Part of the carry, such as h_l0 or c_l0 -> (S,) ||d score / d part[t]||, all that follows from it included."""
    inputs: Floats
    """(S,) ||d score / d x[t]||, x being what the first layer reads."""
    texts: tuple[str, ...]
    """(S,) what was read at each step; empty where there are no texts."""
    note: str = ""
    """What was left out, in a sentence; empty where nothing was."""

    def decay(self, track: str) -> float:
        """By what the norm is multiplied for each step further away from the score, over all steps that have one.

        Args:
            track: such as "h_l0".

        Returns:
            The slope of a line through the logarithms, as a factor: 1 keeps, 0.9 forgets; 0 where all is gone at once.
        """
        norms, far = self.norms[track], np.abs(self.steps - self.at)
        there = norms > 0
        if there.sum() < 2:
            return 0.0
        return float(np.exp(np.polyfit(far[there], np.log(norms[there]), 1)[0]))


@dataclass(frozen=True, kw_only=True)
class Spectrum:
    """By what the most lasting change of a state is multiplied over a distance."""

    at: int
    """The step up to which the change was followed; of a backward direction it is the first of all."""
    distances: Integers
    """(S,) steps d that a change has to travel, growing."""
    log_largest: Tracks
    """Lane -> (S,) natural logarithm of the largest singular value of d state[at] / d state[at - d]; -inf for none."""
    converged: Mapping[str, NDArray[np.bool_]]
    """Lane -> (S,) whether the iteration came to rest within its tolerance."""
    rounds: Mapping[str, int]
    """Lane -> rounds of the power iteration, one way back and one forward each."""
    note: str = ""
    """What was left out, in a sentence."""

    def largest(self, lane: str) -> Floats:
        """The singular values themselves, (S,): below 1 a change fades, above 1 it grows.

        Args:
            lane: such as "l0".
        """
        with np.errstate(over="ignore"):
            return np.exp(self.log_largest[lane])

    def per_step(self, lane: str) -> Floats:
        """The same for one step of the distance, (S,): the d-th root.

        Args:
            lane: such as "l0".
        """
        return np.exp(self.log_largest[lane] / self.distances)


@dataclass(frozen=True, kw_only=True)
class Horizon:
    """How far back an input still changes what is said."""

    at: int
    """The step at which something is said."""
    steps: Integers
    """(T,) the steps that have a gradient, growing."""
    towards: str
    """Which score: its label, or its number; "sum of outputs" for layers by themselves."""
    by_gradient: Floats
    """(T,) ||d score / d x[t]||: how much a small change of x[t] changes the score."""
    positions: Integers
    """(S,) the steps whose input was replaced, one at a time, growing."""
    distances: Integers
    """(S,) |at - position|."""
    by_substitution: Floats
    """(S,) |change of the score|, where the input of that step is replaced by that of another step; root of the mean
    square over the replacements. Of layers by themselves the norm of the change of their outputs."""
    units: Tracks
    """Part of the carry, such as h_l0 -> (S, H) how much each unit's last state changes, in the same way."""
    threshold: float
    """Share of the largest effect below which nothing is said to be left."""
    texts: tuple[str, ...]
    """(T,) what was read at each step; empty where there are no texts."""
    note: str = ""
    """What was left out, in a sentence."""

    @property
    def reach_by_gradient(self) -> int:
        """Largest distance at which the gradient is still above the threshold."""
        return _reach(self.by_gradient, np.abs(self.steps - self.at), self.threshold)

    @property
    def reach_by_substitution(self) -> int:
        """Largest distance at which another input still changes the scores by more than the threshold."""
        return _reach(self.by_substitution, self.distances, self.threshold)

    def unit_reach(self, part: str) -> Integers:
        """The same of each unit, (H,), against the largest effect on that unit.

        Args:
            part: such as "h_l0".
        """
        effects = self.units[part].T
        return np.array([_reach(effect, self.distances, self.threshold) for effect in effects], dtype=np.int64)


def _reach(effect: Floats, distances: Integers, threshold: float) -> int:
    largest = float(effect.max(initial=0.0))
    there = effect >= threshold * largest
    return int(distances[there].max(initial=0)) if largest > 0 else 0


@dataclass(frozen=True, kw_only=True)
class Gates:
    """What each gate did, and what the states are like."""

    values: Tracks
    """Gate -> (T, H) its values; for f_l0 and its like between 0 and 1."""
    states: Tracks
    """Part of the carry -> (T, width) its values after each step."""
    low: Tracks
    """Gate of the values 0 to 1 -> (H,) share of the steps at which it is shut (below ``margin``)."""
    high: Tracks
    """The same -> (H,) share at which it is open (above 1 - ``margin``). Of candidates between -1 and 1: near the
    ends."""
    margin: float
    """What counts as shut or open."""
    keeps: Tracks
    """Lane -> (T, H) what a unit keeps of its memory at a step: f of an LSTM, z of a GRU, 1 - z of a minGRU, |lambda|
    of an LRU. Lanes of cells that have no such number are missing."""
    half_life: Tracks
    """Lane -> (H,) steps after which half of a unit's memory is left, ln 0.5 / mean ln keep; inf: it keeps all."""
    spectral_radius: Mapping[str, float]
    """Gate -> largest |eigenvalue| of its block of W_hh; empty for cells without such blocks."""
    effective_rank: Mapping[str, float]
    """Part of the carry -> in how many directions its states differ: exp of the entropy of the singular values."""
    texts: tuple[str, ...]
    """(T,) what was read at each step."""
    note: str = ""
    """How it was read, where not in one piece."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A step at which a unit is strong."""

    step: int
    """Which one."""
    value: float
    """The unit's value there."""
    texts: tuple[str, ...]
    """What was read around it."""
    centre: int
    """Which of the texts is that step's."""


@dataclass(frozen=True, kw_only=True)
class Activity:
    """One unit over time."""

    track: str
    """Part of the carry or gate, such as "c_l0"."""
    unit: int
    """Its number."""
    values: Floats
    """(T,) its value after each step."""
    texts: tuple[str, ...]
    """(T,) what was read at each step."""
    strongest: tuple[Place, ...]
    """Where its absolute value is largest, strongest first."""


@dataclass(frozen=True, kw_only=True)
class FoundUnits:
    """Units that follow something, best first."""

    what: str
    """What they were asked to follow."""
    measure: str
    """"auc" (area under the ROC curve, 0.5 is chance), "correlation", or "overlap" (intersection over union)."""
    tracks: tuple[str, ...]
    """(K,) part of the carry of each."""
    units: Integers
    """(K,) number of each in its track."""
    scores: Floats
    """(K,) how well each follows: 1 is always, whatever the sign."""
    signs: Integers
    """(K,) 1 where the unit goes up with what is followed, -1 where it goes down."""
    values: Floats
    """(K, T) the values of each."""
    thresholds: Floats
    """(K,) value beyond which a unit counts as on; of correlations nan."""
    wanted: Floats
    """(T,) what was to be followed, as numbers."""
    texts: tuple[str, ...]
    """(T,) what was read at each step."""


@dataclass(frozen=True, kw_only=True)
class Saliency:
    """What each step has contributed to a score."""

    method: str
    """"gradient_x_input", "integrated_gradients" or "gradient"."""
    at: int
    """The step at which something is said."""
    towards: str
    """Which score."""
    score: float
    """That score."""
    baseline_score: float
    """The score of the baseline; nan where a method has none."""
    contributions: Floats
    """(T,) summed over the features of x[t]: above 0 speaks for, below 0 against; of "gradient" the norm."""
    features: Floats
    """(T, I) the same feature by feature."""
    missing: float
    """score - baseline_score - the sum of contributions: 0 where integrated gradients are complete; nan for others."""
    texts: tuple[str, ...]
    """(T,) what was read at each step."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """What an intervention changed."""

    edits: tuple[str, ...]
    """What was done, each in words."""
    labels: tuple[str, ...]
    """(S,) names of the scores; their numbers where they have none."""
    before: Floats
    """(S,) the scores as they were."""
    after: Floats
    """(S,) the scores with the edits."""
    states_before: Tracks
    """Part of the carry -> (T, width) as it was."""
    states_after: Tracks
    """The same with the edits."""
    texts: tuple[str, ...]
    """(T,) what was read at each step."""

    @property
    def difference(self) -> Floats:
        """(S,) after - before."""
        return self.after - self.before


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """One number of a step for each unit: a gate, a product, a sum."""

    name: str
    """Such as "f", "kept" or "c"."""
    kind: str
    """"input", "preactivation", "gate", "candidate", "product", "sum", "state" or "output"."""
    formula: str
    """Such as "c = f * c_before + i * g", in the names of the quantities."""
    parents: tuple[str, ...]
    """Names of what it is made of, all of them quantities of the same walk."""
    values: Floats
    """(H,) forward."""
    gradients: Floats
    """(H,) d score / d quantity, by way of this step: where the way back shrinks."""
    words: str
    """What it does at the unit that was looked at, in a sentence."""


@dataclass(frozen=True, kw_only=True)
class Walk:
    """One step of a cell, taken apart."""

    cell: str
    """Name of the cell."""
    lane: str
    """Such as "l0"."""
    step: int
    """Which step of the sequence."""
    unit: int
    """Whose numbers are in the words."""
    text: str
    """What was read there; empty where there are no texts."""
    quantities: tuple[Quantity, ...]
    """In the order in which they are computed; the last is the output h."""
    error: float
    """Largest difference between this and what the cell itself gives, of all parts of the carry."""
    words: tuple[str, ...]
    """The whole step in sentences, forward, then back."""

    def __getitem__(self, name: str) -> Quantity:
        for quantity in self.quantities:
            if quantity.name == name:
                return quantity
        raise KeyError(name)
