"""How a table of series is laid out: a row for each step, a series in each column, or one in each row."""

from __future__ import annotations

import re
from collections.abc import Sequence

from throughtime.data.panel.options import PanelFound, PanelReading
from throughtime.data.panel.panel import Form
from throughtime.data.panel.sheets.roles import Keys, usual_target
from throughtime.data.panel.sheets.sheet import Sheet
from throughtime.data.panel.sheets.time_columns import are_dates
from throughtime.data.series.columns import kind_of_column
from throughtime.data.series.wide import are_numbered
from throughtime.doors import option
from throughtime.errors import DataError, UsageError

__all__ = ["first_value", "told_form"]

_MANY = 16
"""Values from which on a row without a name is taken for a series; with fewer it may be a few columns."""
_NUMBERED = re.compile(r"(\D*)\d+\D*")


def told_form(sheet: Sheet, keys: Keys, how: PanelReading, found: PanelFound) -> tuple[Form, str]:
    """Tell how a table is laid out.

    Args:
        sheet: the table.
        keys: its columns of series and time.
        how: what was asked for.
        found: the tables that were learned from.

    Returns:
        (the form, why; empty where it goes without saying).

    Raises:
        DataError: several forms are plausible.
        UsageError: options do not fit together.

    Example:
        >>> from throughtime.data.panel.sheets.sheet import RowSheet
        >>> sheet = RowSheet("a.csv", ["V1", "V2", "V3", "V4"], True, [(2, ["H1", "5", "6", "7"])], iter([]), "line")
        >>> told_form(sheet, Keys(None, (), ()), PanelReading(), PanelFound())
        ('rows', "the columns 'V2' to 'V4' are numbered as steps")
    """
    if how.wide is not None:
        if how.target_column is not None:
            raise UsageError(
                f"{option('wide', how.wide)} takes the numbers of all {how.wide} as series, so there is no "
                f"{option('target_column')}: leave one of them out"
            )
        return how.wide, "as asked for"
    if found.fixed and found.form is not None and _fits(sheet, keys, found):
        return found.form, "as in what was learned from" if found.form != "long" else ""
    if how.target_column is not None:
        return "long", ""
    if (why := _evidence_of_rows(sheet, keys)) is not None:
        return "rows", why
    if (why := _evidence_of_columns(sheet, keys, how)) is not None:
        return "columns", why
    return "long", ""


def _fits(sheet: Sheet, keys: Keys, found: PanelFound) -> bool:
    """Whether a table may have the form of those that were learned from."""
    if found.form == "long":
        return set(found.targets) <= set(sheet.names)
    return found.form == "columns" or not keys.time


def first_value(sheet: Sheet) -> int | None:
    """Find the first of the columns that hold the steps of a series in each row, by their names.

    Args:
        sheet: the table.

    Returns:
        The column from which on all are numbered as steps or called by dates, and hold numbers; None where none are.
    """
    numeric = [kind_of_column(sheet.cells(i)) == "number" for i in range(len(sheet.names))]
    start = next((len(numeric) - i for i, number in enumerate(reversed(numeric)) if not number), 0)
    for first in range(start, len(numeric) - 2):
        names = sheet.names[first:]
        if are_numbered(names) or are_dates(names):
            return first
    return None


def _evidence_of_rows(sheet: Sheet, keys: Keys) -> str | None:
    if keys.time:
        return None
    names = sheet.names
    first = first_value(sheet) if sheet.header else None
    if first is not None:
        cells = [sheet.cells(i) for i in range(first)]
        named = any(len(set(each)) == len(sheet.sample) and kind_of_column(each) == "labels" for each in cells)
        if are_dates(names[first:]):
            return f"the columns {names[first]!r} to {names[-1]!r} are dates"
        if named or keys.id is not None or len(names) - first >= _MANY:
            return f"the columns {names[first]!r} to {names[-1]!r} are numbered as steps"
    if not sheet.header and len(names) > _MANY:
        kinds = [kind_of_column(sheet.cells(i)) for i in range(len(names))]
        if kinds[0] == "labels" and set(kinds[1:]) == {"number"} and len(set(sheet.cells(0))) == len(sheet.sample):
            return f"{len(names) - 1:,} values behind an id in each row"
    return None


def _evidence_of_columns(sheet: Sheet, keys: Keys, how: PanelReading) -> str | None:
    names = sheet.names
    values = [i for i in range(len(names)) if i not in keys.taken]
    beside = how.known_columns or how.past_columns or how.static_columns
    if keys.id is not None or beside or len(values) < 2 or usual_target(sheet, values) is not None:
        return None
    if any(kind_of_column(sheet.cells(i)) != "number" for i in values):
        return None
    if not sheet.header:
        if len(sheet.sample) < len(names):
            raise DataError(
                f"{sheet.name} holds {len(names):,} numbers in a row, without names: say {option('wide', 'columns')} "
                f"if each column is a series, {option('wide', 'rows')} if each row is"
            )
        return f"{len(values):,} columns of numbers without names"
    return "the columns are numbered" if _alike([names[i] for i in values]) else None


def _alike(names: Sequence[str]) -> bool:
    """Whether names differ by a number alone."""
    parts = [_NUMBERED.fullmatch(name.strip()) for name in names]
    return all(parts) and len({part[1] for part in parts if part}) == 1
