"""Where a model is trained and used."""

from __future__ import annotations

import torch

from throughtime.errors import UsageError

__all__ = ["find_device"]


def find_device(name: str) -> torch.device:
    """Find the device that is meant, and see that it is there.

    Args:
        name: "auto", or a torch device.

    Returns:
        The device.

    Raises:
        UsageError: it is not there, or a run on it could not be resumed exactly.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"cannot use the device {name!r}: {reason}; try auto, cpu or cuda") from None
    if device.type not in ("cpu", "cuda"):
        raise UsageError(
            f"cannot use the device {name!r}: a run can only be resumed exactly on cpu or cuda; give one of them"
        )
    return device
