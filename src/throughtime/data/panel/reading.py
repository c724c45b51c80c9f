"""Tables of series, in files or in memory, as panels."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from throughtime.data.panel.assembly.making import Maker
from throughtime.data.panel.long import read_long
from throughtime.data.panel.memory import panel_in_memory
from throughtime.data.panel.options import PanelFound, PanelReading
from throughtime.data.panel.panel import Panel
from throughtime.data.panel.sheets.forms import told_form
from throughtime.data.panel.sheets.opening import open_sheet
from throughtime.data.panel.sheets.roles import find_keys
from throughtime.data.panel.sheets.sheet import Sheet
from throughtime.data.panel.wide_columns import read_columns
from throughtime.data.panel.wide_rows import read_rows_of_series
from throughtime.data.reading import Problems
from throughtime.data.user_data import Given
from throughtime.errors import DataError

__all__ = ["PanelFound", "PanelReading", "read_panel"]


def read_panel(given: Given, how: PanelReading, found: PanelFound, problems: Problems) -> Panel:
    r"""Read series from tables.

    Args:
        given: files, or data in memory.
        how: what the columns are, and what becomes of gaps; None in it is told from the table, and said.
        found: what was found in the tables that were learned from; filled in where these are they.
        problems: told of series that cannot be read, and of what was chosen.

    Returns:
        The panel.

    Raises:
        DataError: a file cannot be read, has not the columns, or a series is bad: repeated times, gaps, text in place
            of numbers. The message has the file, the line, and how to mend it.
        UsageError: options do not fit together.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> path = Path(tempfile.mkdtemp()) / "a.csv"
        >>> _ = path.write_text("date,value\n2024-01-01,5\n2024-01-02,7\n2024-01-03,6\n")
        >>> panel = read_panel(Given((path,)), PanelReading(), PanelFound(), Problems(note=lambda line: None))
        >>> panel.targets, panel.series[0].values[:, 0].tolist(), panel.clock.write(panel.series[0].future(1))
        (('value',), [5.0, 7.0, 6.0], ['2024-01-04'])
    """

    def of_sheet(sheet: Sheet) -> Panel:
        return _of_sheet(sheet, how, found, problems)

    panels: list[Panel] = []
    if given.memory is not None:
        panels.append(panel_in_memory(given.memory, how, found, problems, of_sheet))
    for path in given.paths:
        panel = of_sheet(open_sheet(path, how, problems))
        panels.append(panel if len(given.paths) == 1 else _called(panel, path.stem))
        found.fixed = True
    return _joined(panels)


def _called(panel: Panel, name: str) -> Panel:
    """Call the series of a table that is one alone by the name of its file, as there are several."""
    return replace(panel, series=[each if each.name else replace(each, name=name) for each in panel.series])


def _of_sheet(sheet: Sheet, how: PanelReading, found: PanelFound, problems: Problems) -> Panel:
    """Read series from one table."""
    name, count = Counter(sheet.names).most_common(1)[0]
    if count > 1:
        what = f"are called {name!r}; rename one" if name else "have no name; give them names"
        raise DataError(f"{sheet.name}: two columns {what}")
    keys = find_keys(sheet, how, found)
    form, why = told_form(sheet, keys, how, found)
    maker = Maker(sheet, keys, form, how, found, problems)
    if form == "long":
        return read_long(maker)
    return read_columns(maker, why) if form == "columns" else read_rows_of_series(maker, why)


def _joined(panels: list[Panel]) -> Panel:
    """Put the series of several tables together."""
    first, *others = panels
    if not others:
        return first
    counts = Counter(each.name for panel in panels for each in panel.series)
    twice, count = counts.most_common(1)[0]
    if count > 1:
        raise DataError(f"two files hold the series {twice!r}; put its rows into one, or call them differently")
    return replace(first, series=[each for panel in panels for each in panel.series])
