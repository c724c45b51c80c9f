"""Loading torch takes seconds, so it is loaded late and with nothing beside it."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["loading"]


@contextmanager
def loading() -> Generator[None]:
    """Load large modules without looking for garbage meanwhile.

    They make a million objects, all of which stay; Python would look through them again and again while they come, a
    twelfth of the time that torch takes to load.

    Example:
        >>> import gc
        >>> with loading():
        ...     print(gc.isenabled())
        False
        >>> gc.isenabled()
        True
    """
    looks = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looks:
            gc.enable()
