"""The package that reads and writes MIDI, which not everybody has installed."""

from __future__ import annotations

from typing import Any

from throughtime.errors import UsageError

__all__ = ["mido"]


def mido() -> Any:
    """Load the package for MIDI.

    Returns:
        The module.

    Raises:
        UsageError: it is not installed.

    Example:
        >>> mido().MidiFile().ticks_per_beat
        480
    """
    try:
        import mido
    except ImportError:
        raise UsageError("MIDI files need the package mido: pip install 'throughtime[music]'") from None
    return mido
