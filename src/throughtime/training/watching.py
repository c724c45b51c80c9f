"""When a network is looked at while it learns, so that it costs no more than its share of the time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

__all__ = ["Turns", "Watcher"]

SHARE = 0.04
"""Share of the time that looking takes: below a twentieth, as one look may take longer than the last."""

USUAL = 0.3
"""Seconds that a look may take before one was seen."""


class Watcher(Protocol):
    """Looks at a network: it is there while a step is computed, and says afterwards what it has seen."""

    def looking(self) -> AbstractContextManager[None]:
        """See what the network reads inside."""
        ...

    def seen(self) -> Mapping[str, Any]:
        """Say what the network does with what it has read last, by name; empty where nothing was read."""
        ...


class Turns:
    """Which steps are looked at.

    Args:
        every: steps between looks; 0 leaves that to the clock.
        total: steps of the whole run; the last one is looked at.

    Example:
        >>> turns = Turns(4, 10)
        >>> [step for step in range(1, 11) if turns.due(step)]
        [1, 4, 8, 10]
    """

    def __init__(self, every: int, total: int) -> None:
        self._every, self._total = every, total
        self._began, self._spent, self._longest = time.perf_counter(), 0.0, 0.0

    def due(self, step: int) -> bool:
        """Tell whether a step is looked at.

        Args:
            step: its number, from 1; they come in order.

        Returns:
            Whether it is.
        """
        if step in (1, self._total):
            return True
        if self._every:
            return step % self._every == 0
        return self._spent + (self._longest or USUAL) <= SHARE * (time.perf_counter() - self._began)

    def took(self, seconds: float) -> None:
        """Count a look.

        Args:
            seconds: how long it took.
        """
        self._spent += seconds
        self._longest = max(self._longest, seconds)
