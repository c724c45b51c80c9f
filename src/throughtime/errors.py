"""Every error that throughtime raises on purpose.

    ThroughtimeError                            base of them all
    ├── UsageError (ValueError)                 an option, name or combination that cannot be honoured
    │   ├── UnknownNameError                    a name that is not in the list, with the nearest ones
    │   └── ArgumentTypeError (TypeError)       an argument of another type than the one that is asked for
    ├── ShapeError (ValueError, RuntimeError)   a tensor of the wrong shape, dtype or device
    ├── KernelError (RuntimeError)              a forced kernel that cannot run this call
    ├── DataError (ValueError)                  a file or in-memory data that cannot be read as asked
    ├── CheckpointError (RuntimeError)          a run on disk that is missing, corrupt or of another kind
    └── TrainingError (RuntimeError)            training that cannot go on (a loss that is not finite, a full disk)

A message says what was given, what was needed and how to mend it, in one line. An error of the layers is, among
other things, what ``torch.nn`` raises in its place, so code that catches that goes on working.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "ArgumentTypeError",
    "CheckpointError",
    "DataError",
    "KernelError",
    "ShapeError",
    "ThroughtimeError",
    "TrainingError",
    "UnknownNameError",
    "UsageError",
]


class ThroughtimeError(Exception):
    """Base of every error that throughtime raises on purpose."""


class UsageError(ThroughtimeError, ValueError):
    """An option, a name or a combination of them that cannot be honoured."""


class UnknownNameError(UsageError):
    """A name that is not among the known ones; the message offers the nearest.

    Args:
        kind: what the name stands for, such as ``"cell"``.
        given: the name that was given.
        known: the names that would have been accepted.

    Example:
        >>> print(UnknownNameError("cell", "lsmt", ["lstm", "gru", "rnn"]))
        unknown cell 'lsmt': did you mean 'lstm'? (known: lstm, gru, rnn)
    """

    def __init__(self, kind: str, given: object, known: Iterable[str]) -> None:
        names = list(known)
        near = difflib.get_close_matches(str(given), names, n=1, cutoff=0.5)
        hint = f": did you mean {near[0]!r}?" if near else ""
        super().__init__(f"unknown {kind} {given!r}{hint} (known: {', '.join(names)})")


class ArgumentTypeError(UsageError, TypeError):
    """An argument of another type than the one that is asked for."""


class ShapeError(ThroughtimeError, ValueError, RuntimeError):
    """A tensor whose shape, dtype or device does not fit the call.

    ``torch.nn`` raises a ValueError for some of these and a RuntimeError for others; this is both.
    """


class KernelError(ThroughtimeError, RuntimeError):
    """A kernel was forced with ``use_kernel`` and cannot run this call."""


class DataError(ThroughtimeError, ValueError):
    """A file, or data given in memory, that cannot be read as asked."""


class CheckpointError(ThroughtimeError, RuntimeError):
    """A run on disk that is missing, corrupt, truncated or of another kind."""


class TrainingError(ThroughtimeError, RuntimeError):
    """Training that cannot go on: a loss that is not finite, a disk that is full."""
