"""What can be asked of a run about itself. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass

from throughtime.doors import named, option
from throughtime.errors import UnknownNameError, UsageError

__all__ = ["FOLLOWED", "METHODS", "WHATS", "Asked"]

WHATS = ("flow", "spectrum", "horizon", "gates", "units", "saliency", "walk")
"""What can be looked at."""
FOLLOWED = ("quotes", "brackets", "line")
"""Properties of a text that units can be searched for."""
METHODS = ("integrated_gradients", "gradient_x_input", "gradient")
"""Ways to share a score out among the steps."""
ONE_WAY = ("horizon",)
"""What looks back along one way."""
_TAKES = {
    "layer": tuple(what for what in WHATS if what != "saliency"),
    "unit": ("units", "walk"),
    "at": tuple(what for what in WHATS if what not in ("gates", "units")),
    "towards": ("flow", "horizon", "saliency", "walk"),
    "follow": ("units",),
    "span": ("units",),
    "method": ("saliency",),
}
"""Option -> what it is for."""
_CHOICES = ("unit", "follow", "span")
"""Of these one is needed to look at units."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What is to be looked at, and where."""

    what: str = "flow"
    """One of ``WHATS``."""
    layer: str | None = None
    """Layer and direction, such as "l0" or "l1_reverse"; None: the last one, or all where all can be shown."""
    unit: int | None = None
    """Number of a unit."""
    at: int | None = None
    """The step at which something is said; None: the last."""
    towards: str | None = None
    """Which of the things that can be said; None: the likeliest."""
    follow: str | None = None
    """Property of a text that units are searched for, one of ``FOLLOWED``."""
    span: str | None = None
    """Steps at which units are searched for that are on there and nowhere else, such as "3:9"."""
    method: str | None = None
    """One of ``METHODS``; None: the first."""

    def __post_init__(self) -> None:
        if self.what not in WHATS:
            raise UnknownNameError(named("what"), self.what, WHATS)
        if self.method is not None and self.method not in METHODS:
            raise UnknownNameError(named("method"), self.method, METHODS)
        if self.follow is not None and self.follow not in FOLLOWED:
            raise UnknownNameError(named("follow"), self.follow, FOLLOWED)
        for name, whats in _TAKES.items():
            if getattr(self, name) is not None and self.what not in whats:
                for_what = " or ".join(option("what", each) for each in whats)
                raise UsageError(f"{named(name)} is for {for_what}: give that, or leave it out")
        given = [name for name in _CHOICES if getattr(self, name) is not None]
        if self.what == "units" and len(given) != 1:
            raise UsageError(
                f"{option('what', 'units')} shows one unit, {option('unit')}, or searches for those that follow "
                f"something, {option('follow')}, or that are on at some steps, {option('span')}: give one of them"
            )
        if self.span is not None:
            _ = self.spanned

    @property
    def spanned(self) -> tuple[int, int]:
        """The first step of the span, and the one behind its last."""
        first, colon, stop = (self.span or "").partition(":")
        if not (colon and first.isdecimal() and stop.isdecimal() and int(first) < int(stop)):
            raise UsageError(
                f"{named('span')} must be two steps such as 3:9, the second one behind it, not {self.span!r}"
            )
        return int(first), int(stop)

    def check_ways(self, bidirectional: bool) -> None:
        """Raise where a run reads both ways and what is asked for makes sense of one way only.

        Args:
            bidirectional: whether it does.

        Raises:
            UsageError: it cannot be shown.
        """
        if bidirectional and self.what in ONE_WAY:
            raise UsageError(
                f"{option('what', self.what)} looks back along one way, and this run reads both ways: ask for "
                f"{option('what', 'flow')}, or learn one with {option('bidirectional', False)}"
            )
