"""Draws that are a function of a text alone, the same on every machine and in every version."""

from __future__ import annotations

import hashlib

__all__ = ["entropy"]


def entropy(key: str) -> int:
    """Make a number out of a text, such as the seed and the epoch.

    Args:
        key: the text.

    Returns:
        128 bits; another text gives others.

    Example:
        >>> entropy("0:1") % 1000, entropy("0:2") % 1000
        (66, 910)
    """
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=16).digest())
