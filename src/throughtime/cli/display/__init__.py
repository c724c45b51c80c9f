"""What a person sees while a run trains: a live display in a terminal, plain lines anywhere else."""

from __future__ import annotations

from throughtime.cli.display.terminal import counting, display

__all__ = ["counting", "display"]
