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
METHODS = ("gradient_x_input", "integrated_gradients", "gradient")
"""Ways to share a score out among the steps."""
ONE_WAY = ("horizon",)
"""What looks back along one way."""
_TAKES = {"unit": ("units", "walk"), "follow": ("units",), "method": ("saliency",)}


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
    """Property of a text that units are searched for, one of ``FOLLOWED``; or a text, in which the marked steps are."""
    method: str = "integrated_gradients"
    """One of ``METHODS``."""

    def __post_init__(self) -> None:
        if self.what not in WHATS:
            raise UnknownNameError(named("what"), self.what, WHATS)
        if self.method not in METHODS:
            raise UnknownNameError(named("method"), self.method, METHODS)
        if self.follow is not None and self.follow not in FOLLOWED:
            raise UnknownNameError(named("follow"), self.follow, FOLLOWED)
        for name in ("unit", "follow"):
            if getattr(self, name) is not None and self.what not in _TAKES[name]:
                for_what = " or ".join(option("what", each) for each in _TAKES[name])
                raise UsageError(f"{named(name)} is for {for_what}: give that, or leave it out")
        if self.unit is not None and self.follow is not None:
            raise UsageError(
                f"{named('unit')} shows one unit and {named('follow')} searches for others: give one of them"
            )

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
