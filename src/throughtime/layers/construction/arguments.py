"""Whether an argument is what is asked for: what is not is refused, never read as something else."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, cast

import torch
from torch import Tensor

from throughtime.errors import ArgumentTypeError, ShapeError, UsageError

__all__ = ["alike", "flag", "probability", "size", "text", "zoneouts"]


def flag(name: str, value: object, *, or_number: bool = False) -> bool:
    """Check a yes or no.

    Args:
        name: of the argument, for the message.
        value: what was given for it.
        or_number: 0 and 1 are taken too, as ``torch.nn`` takes them for this argument.

    Raises:
        ArgumentTypeError: neither True nor False.
    """
    if isinstance(value, bool) or (or_number and isinstance(value, Integral) and value in (0, 1)):
        return bool(value)
    raise ArgumentTypeError(f"{name} must be True or False, got {_shown(value)}")


def size(name: str, value: object, least: int) -> int:
    """Check a whole number.

    Args:
        name: of the argument, for the message.
        value: what was given for it.
        least: the smallest that is taken.

    Raises:
        ArgumentTypeError: no whole number (True and False are none).
        UsageError: less than ``least``.
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ArgumentTypeError(f"{name} must be a whole number, {least} or more, got {_shown(value)}")
    if value < least:
        raise UsageError(f"{name} must be {least} or more, got {value}")
    return int(value)


def text(name: str, value: object) -> str:
    """Check that an argument is a text.

    Args:
        name: of the argument, for the message.
        value: what was given for it.

    Raises:
        ArgumentTypeError: no text.
    """
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{name} must be a text, got {_shown(value)}")
    return value


def probability(name: str, value: object, *, one: bool = False) -> float:
    """Check a probability.

    Args:
        name: of the argument, for the message.
        value: what was given for it.
        one: 1 is taken too; elsewhere it is refused, since nothing would be left.

    Raises:
        ArgumentTypeError: no number (True and False are none).
        UsageError: not from 0 to 1.
    """
    wanted = f"{name} must be a probability in [0, 1{']' if one else ')'}"
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ArgumentTypeError(f"{wanted}, got {_shown(value)}")
    number = float(value)
    if not (0.0 <= number < 1.0 or (one and number == 1.0)):
        raise UsageError(f"{wanted}, got {value}")
    return number


def zoneouts(zoneout: object, carry: tuple[str, ...]) -> tuple[float, float]:
    """Zoneout of h and of the other parts of the carry.

    Args:
        zoneout: one probability for both, or a pair of them.
        carry: names of the parts.

    Raises:
        ArgumentTypeError: no number.
        UsageError: not a probability, or a pair for a carry of one part.
    """
    pair = [*cast("Sequence[Any]", zoneout)] if isinstance(zoneout, tuple | list) else [zoneout, zoneout]
    if len(pair) != 2:
        raise UsageError(f"zoneout is one probability or a pair (h, others), got {zoneout!r}")
    if len(carry) == 1 and pair[0] != pair[1]:
        raise UsageError(f"this cell carries h alone, so zoneout takes one number, got {zoneout!r}")
    return probability("zoneout", pair[0]), probability("zoneout", pair[1])


def alike(what: str, tensor: Tensor, other: str, like: Tensor) -> None:
    """Check that two tensors are on one device and, unless autocast is on, of one type.

    Args:
        what: the first is, for the message, such as "input".
        tensor: the first.
        other: what the second is, such as "layer".
        like: the second.

    Raises:
        ShapeError: they are not.
    """
    if tensor.device != like.device:
        raise ShapeError(f"the {what} is on {tensor.device}, the {other} on {like.device}: move one with .to()")
    if tensor.dtype != like.dtype and not torch.is_autocast_enabled(tensor.device.type):
        raise ShapeError(f"the {what} is {tensor.dtype}, the {other} {like.dtype}: convert one with .to()")


def _shown(value: object) -> str:
    written, kind = repr(value), type(value).__name__
    return f"{written} ({kind})" if len(written) <= 40 and "\n" not in written else f"a {kind}"
