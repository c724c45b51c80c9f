"""Single units: what one does over time, which ones follow a given property, which are on exactly where a span is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.errors import ShapeError, UnknownNameError, UsageError
from throughtime.insight.gates import traced
from throughtime.insight.measures import Measure, auc, correlation, overlap, scored
from throughtime.insight.results import Activity, Floats, FoundUnits, Place
from throughtime.insight.subject import Subject
from throughtime.insight.unrolled import lanes, parts

__all__ = ["find_units", "matching_units", "unit_activity"]


def unit_activity(subject: Subject, track: str, unit: int, *, strongest: int = 10, around: int = 10) -> Activity:
    """Follow one unit over time.

    Args:
        subject: what is looked at.
        track: part of the carry or gate, such as "c_l0" or "f_l1".
        unit: its number.
        strongest: how many places to give at which the unit is strongest.
        around: how many texts before and after each of them to give with it.

    Returns:
        Its value at every step, and where its absolute value is largest.

    Raises:
        UnknownNameError: a track that is not there.
        UsageError: a unit that is not there, or a number below 0.

    Source: Karpathy, Johnson and Li 2016, "Visualizing and understanding recurrent networks", section 4.1.

    Example:
        >>> import torch, throughtime as tt
        >>> from throughtime.insight import subject, unit_activity
        >>> found = unit_activity(subject(tt.LSTM(3, 4), torch.randn(6, 3), texts=list("abcdef")), "c_l0", 2)
        >>> found.values.shape, len(found.strongest)
        ((6,), 6)
    """
    if strongest < 0 or around < 0:
        raise UsageError(f"strongest and around must be 0 or more, got {strongest} and {around}")
    tracks, _ = traced(subject)
    values = _values(tracks, track)
    if not 0 <= unit < values.shape[1]:
        raise UsageError(f"there is no unit {unit} in {track}: it has the units 0 to {values.shape[1] - 1}")
    own, texts = values[:, unit], subject.texts
    places: list[Place] = []
    for step in cast("list[int]", np.argsort(-np.abs(own), kind="stable")[:strongest].tolist()):
        first = max(0, step - around)
        near = texts[first : step + around + 1]
        places.append(Place(step=step, value=float(own[step]), texts=near, centre=step - first))
    return Activity(track=track, unit=unit, values=own, texts=texts, strongest=tuple(places))


def find_units(
    subject: Subject,
    wanted: Sequence[bool] | Sequence[float] | NDArray[Any],
    *,
    what: str = "",
    count: int = 10,
    tracks: Sequence[str] | None = None,
) -> FoundUnits:
    """Find the units that follow a property of each step.

    .. code-block:: text

        yes or no   auc = P(value where yes > value where no), ties half     score = max(auc, 1 - auc)
        numbers     r = correlation of value and number (Pearson)            score = |r|

    Args:
        subject: what is looked at.
        wanted: (T,) the property at each step: True and False, or numbers. Of a label, which steps have it. Those of
            texts are in :mod:`throughtime.insight.properties`.
        what: what it is called.
        count: how many units to give, the best ones.
        tracks: where to look, such as ["c_l0"]; None: all parts of the carry.

    Returns:
        The units, best first.

    Raises:
        ShapeError: another number of values than of steps.
        UnknownNameError: a track that is not there.
        UsageError: a property that is the same at every step, or not finite, or a count below 1.

    Source: Karpathy, Johnson and Li 2016, "Visualizing and understanding recurrent networks", section 4.1, there by
    eye; the area under the curve: Hanley and McNeil 1982, "The meaning and use of the area under a receiver operating
    characteristic (ROC) curve".

    Example:
        >>> import torch, throughtime as tt
        >>> from throughtime.insight import find_units, subject
        >>> layer, x = tt.RNN(1, 8), torch.randn(100, 1)
        >>> found = find_units(subject(layer, x), x[:, 0] > 0, what="above 0", count=3)
        >>> found.measure, found.units.shape, bool(found.scores[0] > 0.8)
        ('auc', (3,), True)
    """
    target = _property(wanted, len(subject.x))
    marked = target.dtype == np.bool_
    measure = "auc" if marked else "correlation"
    return _best(subject, tracks, auc if marked else correlation, target, count=count, what=what, measure=measure)


def matching_units(
    subject: Subject,
    span: tuple[int, int] | Sequence[tuple[int, int]],
    *,
    threshold: float | None = None,
    what: str = "",
    count: int = 10,
    tracks: Sequence[str] | None = None,
) -> FoundUnits:
    """Find the units that are on exactly where a span is, and off elsewhere.

    .. code-block:: text

        on = value > threshold, or -value > threshold           score = |on and span| / |on or span|

    Args:
        subject: what is looked at.
        span: (start, stop), steps start to stop - 1; or several of them.
        threshold: value beyond which a unit is on, the same for all; None: of each unit the one that serves it best.
        what: what it is called; empty: the span itself.
        count: how many units to give, the best ones.
        tracks: where to look; None: all parts of the carry.

    Returns:
        The units, best first; a score of 1 is on there, and nowhere else.

    Raises:
        UnknownNameError: a track that is not there.
        UsageError: a span that is not inside the sequence, or is all of it, or a count below 1.

    Source: Strobelt, Gehrmann, Pfister and Rush 2018, "LSTMVis: a tool for visual analysis of hidden state dynamics in
    recurrent neural networks", section 5.1, there with one threshold for all; the score: Bau et al. 2017, "Network
    dissection: quantifying interpretability of deep visual representations", eq. 1.

    Example:
        >>> import torch, throughtime as tt
        >>> from throughtime.insight import matching_units, subject
        >>> found = matching_units(subject(tt.GRU(3, 16), torch.randn(30, 3)), (10, 14), count=2)
        >>> found.measure, found.wanted.sum().item(), found.scores.shape
        ('overlap', 4.0, (2,))
    """
    steps, given = len(subject.x), list(span)
    spans = [cast("tuple[int, int]", tuple(given))] if given and isinstance(given[0], int) else given
    spans = cast("list[tuple[int, int]]", spans)
    target = np.zeros(steps, np.bool_)
    for start, stop in spans:
        if not 0 <= start < stop <= steps:
            raise UsageError(f"a span is (start, stop) with 0 <= start < stop <= {steps}, got {(start, stop)}")
        target[start:stop] = True
    target = _property(target, steps)
    name = what or ", ".join(f"steps {start} to {stop - 1}" for start, stop in spans)

    measured = partial(overlap, threshold=threshold)
    return _best(subject, tracks, measured, target, count=count, what=name, measure="overlap")


def _best(
    subject: Subject,
    tracks: Sequence[str] | None,
    measured: Measure,
    target: NDArray[Any],
    *,
    count: int,
    what: str,
    measure: str,
) -> FoundUnits:
    if count < 1:
        raise UsageError(f"count must be 1 or more units, got {count}")
    layer = subject.recurrent
    chosen = tracks or [f"{part}_{lane.name}" for lane in lanes(layer) for part in parts(layer)]
    every, _ = traced(subject)
    states = {name: _values(every, name) for name in chosen}
    found = {name: scored(measured, values, target) for name, values in states.items()}
    scores = np.concatenate([own.scores for own in found.values()])
    owners = [(name, unit) for name, values in states.items() for unit in range(values.shape[1])]
    best = cast("list[int]", np.argsort(-scores, kind="stable")[:count].tolist())
    names, units = [owners[place][0] for place in best], [owners[place][1] for place in best]
    return FoundUnits(
        what=what,
        measure=measure,
        tracks=tuple(names),
        units=np.array(units, dtype=np.int64),
        scores=scores[best],
        signs=np.concatenate([own.signs for own in found.values()])[best].astype(np.int64),
        values=np.stack([states[name][:, unit] for name, unit in zip(names, units, strict=True)]),
        thresholds=np.concatenate([own.thresholds for own in found.values()])[best],
        wanted=target.astype(np.float64),
        texts=subject.texts,
    )


def _values(tracks: Mapping[str, Floats], name: str) -> Floats:
    if name not in tracks:
        raise UnknownNameError("track", name, tracks)
    return tracks[name]


def _property(wanted: Any, steps: int) -> NDArray[Any]:
    """What is to be followed, as truth values or as numbers."""
    target = np.asarray(wanted)
    if target.shape != (steps,):
        raise ShapeError(f"a property is one value for each of the {steps} steps, got shape {target.shape}")
    if target.dtype != np.bool_:
        if target.dtype.kind not in "iuf" or not np.isfinite(target).all():
            raise UsageError("a property is True or False, or finite numbers: of a label, say at which steps it stands")
        target = target.astype(np.float64)
    if (target == target[0]).all():
        raise UsageError(f"the property is {target[0]} at every step, so no unit can be told to follow it")
    return target
