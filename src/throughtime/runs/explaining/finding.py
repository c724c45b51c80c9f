"""From what was asked to what is found: the functions of :mod:`throughtime.insight`, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from throughtime.insight import Subject, gradient_flow, jacobian_spectrum, memory_horizon
from throughtime.insight.pictures.plot import Drawable
from throughtime.runs.explaining.asked import Asked

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
    return gradient_flow(subject, towards=_towards(asked))


def _spectrum(subject: Subject, asked: Asked) -> Drawable:
    return jacobian_spectrum(subject, layers=None if asked.layer is None else [asked.layer])


def _horizon(subject: Subject, asked: Asked) -> Drawable:
    return memory_horizon(subject, towards=_towards(asked))


def _towards(asked: Asked) -> int | str | None:
    """A label, or where it looks like one the number of a score."""
    return int(asked.towards) if asked.towards is not None and asked.towards.isdecimal() else asked.towards


_FINDERS: Mapping[str, Callable[[Subject, Asked], Any]] = {
    "flow": _flow,
    "spectrum": _spectrum,
    "horizon": _horizon,
}
