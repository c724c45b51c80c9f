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
from throughtime.insight.results import Gates
from throughtime.insight.unrolled import lane_named, lanes, parts
from throughtime.runs.explaining.asked import Asked

__all__ = ["find", "of_layer"]


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
    return gradient_flow(subject, towards=_towards(asked))


def _spectrum(subject: Subject, asked: Asked) -> Drawable:
    return jacobian_spectrum(subject, layers=None if asked.layer is None else [asked.layer])


def _horizon(subject: Subject, asked: Asked) -> Drawable:
    return memory_horizon(subject, towards=_towards(asked))


def _gates(subject: Subject, asked: Asked) -> Drawable:
    found = gate_statistics(subject)
    return found if asked.layer is None else of_layer(found, lane_named(subject.recurrent, asked.layer).name)


def of_layer(gates: Gates, lane: str) -> Gates:
    """Keep what is said of one layer and direction.

    Args:
        gates: what is said of all.
        lane: the layer and direction, such as "l0".

    Returns:
        The same of that one.
    """

    def chosen(tracks: Mapping[str, Any]) -> dict[str, Any]:
        return {name: each for name, each in tracks.items() if name == lane or name.endswith(f"_{lane}")}

    names = ("values", "states", "low", "high", "keeps", "half_life", "spectral_radius", "effective_rank")
    return replace(gates, **{name: chosen(getattr(gates, name)) for name in names})


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
    return saliency(subject, towards=_towards(asked), method=asked.method)


def _walk(subject: Subject, asked: Asked) -> Drawable:
    return walk(subject, lane=_lane(subject, asked), unit=asked.unit or 0, towards=_towards(asked))


def _lane(subject: Subject, asked: Asked) -> str:
    """The layer and direction that was named, else the last one that reads forward."""
    if asked.layer is not None:
        return lane_named(subject.recurrent, asked.layer).name
    return [lane for lane in lanes(subject.recurrent) if not lane.direction][-1].name


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
