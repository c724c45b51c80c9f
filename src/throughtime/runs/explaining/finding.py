"""From what was asked to what is found: the functions of :mod:`throughtime.insight`, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from throughtime.errors import UsageError
from throughtime.insight import (
    Subject,
    find_units,
    gate_statistics,
    gradient_flow,
    jacobian_spectrum,
    matching_units,
    memory_horizon,
    saliency,
    unit_activity,
    walk,
)
from throughtime.insight.pictures.plot import Drawable
from throughtime.insight.properties import bracket_depth, inside_quotes, position_in_line
from throughtime.insight.unrolled import lane_named, lanes, parts
from throughtime.runs.explaining.asked import METHODS, Asked

__all__ = ["find"]


def find(subject: Subject, asked: Asked) -> Drawable:
    """Find out what was asked.

    Args:
        subject: what is looked at.
        asked: what is to be found out.

    Returns:
        The result, which :func:`throughtime.insight.pictures.plot` draws.

    Raises:
        UsageError: there is no such layer, unit, step or score.
    """
    return _FINDERS[asked.what](subject, asked)


def _flow(subject: Subject, asked: Asked) -> Drawable:
    lane = _named(subject, asked)
    found = gradient_flow(subject, towards=_towards(asked))
    return found if lane is None else replace(found, norms=_of(found.norms, lane))


def _spectrum(subject: Subject, asked: Asked) -> Drawable:
    return jacobian_spectrum(subject, layers=None if asked.layer is None else [asked.layer])


def _horizon(subject: Subject, asked: Asked) -> Drawable:
    lane = _named(subject, asked)
    found = memory_horizon(subject, towards=_towards(asked))
    return found if lane is None else replace(found, units=_of(found.units, lane))


def _gates(subject: Subject, asked: Asked) -> Drawable:
    lane = _named(subject, asked)
    found = gate_statistics(subject)
    names = ("values", "states", "low", "high", "keeps", "half_life", "spectral_radius", "effective_rank")
    return found if lane is None else replace(found, **{name: _of(getattr(found, name), lane) for name in names})


def _named(subject: Subject, asked: Asked) -> str | None:
    """The layer and direction that was named, if one was; it is there."""
    return None if asked.layer is None else lane_named(subject.recurrent, asked.layer).name


def _of(tracks: Mapping[str, Any], lane: str) -> dict[str, Any]:
    """What is said of one layer and direction."""
    return {name: each for name, each in tracks.items() if name == lane or name.endswith(f"_{lane}")}


def _units(subject: Subject, asked: Asked) -> Drawable:
    if asked.unit is not None:
        return unit_activity(subject, _track(subject, asked), asked.unit)
    tracks = None if asked.layer is None else [_track(subject, asked)]
    if asked.span is not None:
        return matching_units(subject, asked.spanned, what=f"on at {asked.span}", tracks=tracks)
    if not subject.texts:
        raise UsageError("units follow something in a text, and what was read here are numbers: look at one unit")
    words, wanted = _PROPERTIES[asked.follow or ""]
    return find_units(subject, wanted(subject.texts), what=words, tracks=tracks)


def _saliency(subject: Subject, asked: Asked) -> Drawable:
    return saliency(subject, towards=_towards(asked), method=asked.method or METHODS[0])


def _walk(subject: Subject, asked: Asked) -> Drawable:
    return walk(subject, lane=_lane(subject, asked), unit=asked.unit or 0, towards=_towards(asked))


def _lane(subject: Subject, asked: Asked) -> str:
    """The layer and direction that was named, else the last one that reads forward."""
    last = [lane for lane in lanes(subject.recurrent) if not lane.direction][-1]
    return _named(subject, asked) or last.name


def _track(subject: Subject, asked: Asked) -> str:
    """The part of a layer's state that carries most: its memory c where it has one."""
    names = parts(subject.recurrent)
    return f"{'c' if 'c' in names else names[0]}_{_lane(subject, asked)}"


_PROPERTIES: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "quotes": ("inside quotes", inside_quotes),
    "brackets": ("depth of brackets", bracket_depth),
    "line": ("position in the line", position_in_line),
}
"""Property -> what it is called, and what finds it in texts."""


def _towards(asked: Asked) -> int | str | None:
    """A label, or where it looks like one the number of a score."""
    return int(asked.towards) if asked.towards is not None and asked.towards.isdecimal() else asked.towards


_FINDERS: Mapping[str, Callable[[Subject, Asked], Any]] = {
    "flow": _flow,
    "spectrum": _spectrum,
    "horizon": _horizon,
    "gates": _gates,
    "units": _units,
    "saliency": _saliency,
    "walk": _walk,
}
