"""Which of the kinds of writing a network is for, by its unit: text, events or frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from throughtime.tasks.generate.options import Config
from throughtime.tasks.generate.writer import Prepared, Writer

__all__ = ["Learner"]


class Learner:
    """Makes and opens what writes; the options say which kind it is."""

    @staticmethod
    def make(config: Config, prepared: Prepared, device: torch.device) -> Writer:
        """Make a new one, whose first weights are drawn from torch's generator.

        Args:
            config: how data is read and what network it is.
            prepared: what was read.
            device: where the network goes.

        Returns:
            What writes.
        """
        return _kind(config).make(config, prepared, device)

    @staticmethod
    def open(config: Config, folder: Path, device: torch.device) -> Writer:
        """Open that of a run for use.

        Args:
            config: the run's options.
            folder: the run.
            device: where the network goes.

        Returns:
            What writes, ready to score and to write.

        Raises:
            CheckpointError: a file of the run is missing or damaged.
        """
        return _kind(config).open(config, folder, device)


def _kind(config: Config) -> Any:
    match config.unit:
        case "events":
            from throughtime.tasks.generate.events.event_writer import EventWriter

            return EventWriter
        case "frames":
            from throughtime.tasks.generate.frames.frame_writer import FrameWriter

            return FrameWriter
        case _:
            from throughtime.tasks.generate.text.text_model import TextModel

            return TextModel
