"""Tables of series with their options as keywords, and what is read of them: panels, notes, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from throughtime.data.panel.options import PanelFound, PanelReading
from throughtime.data.panel.panel import Panel
from throughtime.data.panel.reading import read_panel
from throughtime.data.reading import Problems
from throughtime.data.user_data import Given
from throughtime.errors import DataError

DAYS = [f"2024-01-{day:02d}" for day in range(1, 29)]


def given(data: object) -> Given:
    """A file, several of them, or data in memory."""
    if isinstance(data, Path):
        return Given((data,))
    if isinstance(data, tuple) and all(isinstance(each, Path) for each in data):
        return Given(data)
    return Given(memory=data)


def read(data: object, found: PanelFound | None = None, **how: object) -> Panel:
    """Read a table."""
    quiet = Problems(note=lambda _: None)
    return read_panel(given(data), PanelReading(**how), found or PanelFound(), quiet)  # type: ignore[arg-type]


def notes_of(data: object, found: PanelFound | None = None, **how: object) -> str:
    """What is said of a table, without the path of its file."""
    notes: list[str] = []
    read_panel(given(data), PanelReading(**how), found or PanelFound(), Problems(note=notes.append))  # type: ignore[arg-type]
    return _short(data, "\n".join(notes))


def refused(data: object, found: PanelFound | None = None, **how: object) -> str:
    """The one line with which a table is refused, without the path of its file, which it names."""
    with pytest.raises(DataError) as caught:
        read(data, found, **how)
    message = str(caught.value)
    assert "\n" not in message
    if isinstance(data, Path):
        assert str(data) in message
    return _short(data, message)


def skipped(data: object, **how: object) -> tuple[Panel, list[str]]:
    """The good series of a table, and what is said of the bad ones."""
    problems = Problems(skip=True, note=lambda _: None)
    panel = read_panel(given(data), PanelReading(**how), PanelFound(), problems)  # type: ignore[arg-type]
    return panel, [_short(data, each) for each in problems.skipped]


def values_of(panel: Panel) -> dict[str, list[float]]:
    """The values of the first target by series."""
    return {series.name: series.values[:, 0].tolist() for series in panel.series}


def stamps_of(panel: Panel, series: int = 0) -> list[str]:
    """The times of a series as they are written."""
    return panel.clock.write(panel.series[series].ticks)


def _short(data: object, text: str) -> str:
    return text.replace(f"{data.parent}/", "") if isinstance(data, Path) else text
