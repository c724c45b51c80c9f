"""What was read of a series and is not handed out yet."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from throughtime.data.record import Frames, Target
from throughtime.data.series.timestamps import Time

__all__ = ["OpenSeries"]


@dataclass(slots=True)
class OpenSeries:
    """A series as it is read, steps in the order of the file.

    Example:
        >>> series = OpenSeries("a", 2, lines=[2, 3, 4], numbers=array("f", [5, 6, 7]), words=[])
        >>> first = series.take(2)
        >>> first.lines, list(first.numbers), series.lines, list(series.numbers)
        ([2, 3], [5.0, 6.0], [4], [7.0])
    """

    id: str | None
    """What the id column says; None where the table is one series."""
    line: int
    """Line of its first step."""
    lines: list[int] = field(default_factory=list[int])
    """Line of each step."""
    numbers: array[float] = field(default_factory=lambda: array("f"))
    """The features of each step that are numbers, step after step."""
    levels: list[list[int]] = field(default_factory=list[list[int]])
    """Which of the labels that are features stand in each step."""
    words: list[str] = field(default_factory=list[str])
    """The word of each step, where steps are words."""
    times: list[Time] = field(default_factory=list[Time])
    """The time of each step, where they have one."""
    targets: list[Target] = field(default_factory=list[Target])
    """The target of each step, or the one of the series."""
    rows: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    """The cells of each step, where they are to be written back."""
    bad: bool = False
    """Whether a row of it cannot be read."""
    begun: bool = False
    """Whether a window of it was handed out."""
    last: tuple[Time, int] | None = None
    """Time and line of the last step that was read, where windows are handed out."""
    before: Frames | None = None
    """(1, F) the last step that was handed out, its gaps filled."""

    def take(self, count: int) -> OpenSeries:
        """Take the first steps out.

        Args:
            count: how many.

        Returns:
            They; the others stay.
        """
        width = len(self.numbers) // max(1, len(self.lines))
        taken = OpenSeries(self.id, self.lines[0])
        for name in ("lines", "levels", "words", "times", "targets", "rows"):
            steps = getattr(self, name)
            setattr(taken, name, steps[:count])
            del steps[:count]
        taken.numbers, self.numbers = self.numbers[: count * width], self.numbers[count * width :]
        return taken
