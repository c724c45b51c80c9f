"""What is said of a table of series: where something stands, what is wrong with it, and what is worth a line."""

from __future__ import annotations

from throughtime.data.reading import Problems
from throughtime.data.series.gathering.open_series import OpenSeries

__all__ = ["Teller"]


class Teller:
    """Says what is to be said of one table.

    Args:
        name: the file, or what the data is called.
        unit: what a row of a file is called; None for data in memory.
        problems: told of rows that cannot be read, and of what the user should know.
    """

    def __init__(self, name: str, unit: str | None, problems: Problems) -> None:
        self.name, self.unit, self.problems = name, unit, problems
        self.line = unit or "row"
        self._told: set[str] = set()

    def place(self, line: int, key: str | None) -> str:
        """Say where a row stands, and of which series it is."""
        place = f"row {line} of {self.name}" if self.unit is None else f"{self.name}: {self.unit} {line}"
        return place if key is None else f"{place} (series {key!r})"

    def report(self, series: OpenSeries, line: int, message: str) -> None:
        """Take a series out for a row that cannot be read."""
        series.bad = True
        self.problems.report(self.place(line, series.id), message)

    def once(self, kind: str, message: str) -> None:
        """Say something of the table once."""
        if kind not in self._told:
            self._told.add(kind)
            self.problems.note(f"{self.name}: {message}")
