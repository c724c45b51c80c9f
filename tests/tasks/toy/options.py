"""The options of the toy task."""

from __future__ import annotations

from dataclasses import dataclass

from throughtime.tasks.supervised.options import SupervisedOptions


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(SupervisedOptions):
    """Options of ``fit("toy", ...)``."""

    question_column: str = "question"
    """Column that holds the question."""
    group_column: str | None = None
    """Column that says which examples belong together."""
    longest: int = 12
    """Characters that are written, at most."""
