"""What reads the data of each kind of writing. Loads no torch."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from throughtime.tasks.generate.options import MUSIC, Config

if TYPE_CHECKING:
    from throughtime.tasks.generate.music.reader import TuneReader
    from throughtime.tasks.generate.text.reader import TextReader

__all__ = ["reader_for"]


def reader_for(config: Config, asked: Collection[str] = ()) -> TextReader | TuneReader:
    """Make what reads the data that the options are for.

    Args:
        config: the options.
        asked: options that were given anew, for data that a trained network is scored on.

    Returns:
        The reader.
    """
    if config.unit in MUSIC:
        from throughtime.tasks.generate.events.corpus import EVENTS
        from throughtime.tasks.generate.frames.corpus import FRAMES
        from throughtime.tasks.generate.music.reader import TuneReader

        return TuneReader(config, EVENTS if config.unit == "events" else FRAMES)
    from throughtime.tasks.generate.text.reader import TextReader

    return TextReader(config, asked)
