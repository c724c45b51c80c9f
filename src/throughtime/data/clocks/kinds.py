"""Of which sort the cells of a column of times are, and how dates are written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal, cast

import numpy as np

from throughtime.data.clocks.cells import (
    EPOCH,
    MICROSECOND,
    Cells,
    StampError,
    read_dates,
    read_numbers,
    refuse_missing,
)
from throughtime.data.clocks.stamps import read_stamps
from throughtime.data.clocks.styles import finest, months_first, offset_in, style_of, without_offset
from throughtime.data.clocks.zones import HOUR, SECOND, USUAL_ZONES, Times, offset_of, zone_named
from throughtime.data.tables.header import is_number
from throughtime.doors import option

__all__ = ["COMPACT", "kind_of", "own_zone"]

COMPACT = {6: "YYYYMM", 8: "YYYYMMDD", 10: "YYYYMMDDhh", 12: "YYYYMMDDhhmm", 14: "YYYYMMDDhhmmss"}
"""How dates are written as numbers of so many digits."""
_RATHER_DATES = 0.95
"""Share of whole numbers that must be dates, if they are."""
_FIRST, _AFTER = ((datetime(year, 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND for year in (1900, 2101))
"""Numbers are dates between these years."""
_LOOKS = 50
"""Times by which a time zone is told from others."""


def own_zone(cells: Cells) -> str | None:
    """Give the time zone that dates in memory know of themselves.

    Args:
        cells: some cells.

    Returns:
        Its name; None where they know none.
    """
    zones = {cell.tzinfo for cell in cells if isinstance(cell, datetime)}
    names = {getattr(zone, "key", None) or getattr(zone, "zone", None) for zone in zones}
    return names.pop() if len(names) == 1 else None


def kind_of(cells: Cells, zone: str | None, column: str, usual: str = "") -> tuple[Literal["number", "date"], str]:
    """Tell from some cells what they are, and how they are written.

    Whole numbers such as 20240131 are dates where nearly all are dates of the years 1900 to 2100.

    Args:
        cells: the cells.
        zone: the time zone that is named, if one is.
        column: the name of their column, for messages.
        usual: the style of dates that were read before; it decides where 1/2/2024 may be two days.

    Returns:
        The kind, and the style of dates.

    Raises:
        StampError: a cell that is no time, or cells with several offsets where no time zone is named.

    Example:
        >>> kind_of(["1.1.2024 10:00", "1.1.2024 11:00"], None, "t")
        ('date', 'D.M.YYYY hh:mm')
    """
    for index, cell in enumerate(cells):
        refuse_missing(cell, index, column)
    first = cells[0]
    if isinstance(first, date | np.datetime64):
        return "date", _style_of_objects(cells, zone, column)
    texts = [str(cell).strip() if isinstance(cell, str) else cell for cell in cells]
    if all(not isinstance(cell, str) or is_number(cell) for cell in texts):
        return ("date", style) if (style := _as_dates(cells, column)) else ("number", "")
    return "date", _style_of_texts(cast(Sequence[str], texts), zone, column, usual)


def _as_dates(cells: Cells, column: str) -> str | None:
    """The style of whole numbers that are dates; None where they are no dates."""
    texts = [str(number) for number in read_numbers(cells, column).tolist()]
    style = COMPACT.get(len(texts[0]))
    if style is None:
        return None
    times, good = read_stamps(texts, style)
    good &= (times >= _FIRST) & (times < _AFTER)
    return style if good.mean() >= (1.0 if style == "YYYYMM" else _RATHER_DATES) else None


def _style_of_objects(cells: Cells, zone: str | None, column: str) -> str:
    """How dates in memory are written: with the time where one has one, and the offset where they know it."""
    times = shown = read_dates(cells, "", column, None)
    moments = [cell for cell in cells if isinstance(cell, datetime) and cell.tzinfo is not None]
    offsets = [_offset_of(moment) for moment in moments]
    if moments:
        shown = times + np.array([(moment.utcoffset() or timedelta()) // MICROSECOND for moment in moments])
    style = "YYYY-MM-DD"
    if offsets or (shown % (24 * HOUR)).any():
        style += "Thh:mm:ss" + (".ffffff" if (shown % SECOND).any() else "")
    if not offsets:
        return style
    if zone is None and own_zone(cells) is None:
        if len(set(offsets)) > 1:
            raise _several_offsets(offsets, times, column)
        return style + offsets[0]
    return style + "±hh:mm"


def _offset_of(moment: datetime) -> str:
    minutes = (moment.utcoffset() or timedelta()) // timedelta(minutes=1)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _style_of_texts(texts: Sequence[str], zone: str | None, column: str, usual: str) -> str:
    """The style of stamps: the finest of them, without leading zeros where one lacks them."""
    styles = {style for text in texts if (style := style_of(text))}
    if any(style.startswith("M") for style in styles):
        order = months_first(texts)
        if order is None and re.match("[DM]+/", usual):
            order = usual.startswith("M")
        if order is None:
            index = next(index for index, text in enumerate(texts) if (style_of(text) or "").startswith("M"))
            raise StampError(
                index,
                f"column {column!r} holds {texts[index]!r}, and nothing tells whether the month or the day is first; "
                "write 2024-12-31",
            )
        styles = styles if order else {re.sub(r"^(M+)/(D+)", r"\2/\1", style) for style in styles}
    if not styles:
        # What is no usual stamp but an ISO date, as 2024-W05-1, is written as a date; the rest is refused here.
        times = read_dates(texts, "", column, zone)
        return "YYYY-MM-DD" if not (times % (24 * HOUR)).any() else "YYYY-MM-DD hh:mm:ss"
    body, offsets = finest({without_offset(style) for style in styles}), {offset_in(style) for style in styles}
    one = "" in offsets or len({offset_of(offset) for offset in offsets}) == 1
    if offsets == {"Z"} or "" in offsets or (one and zone is None):
        return body + max(offsets)
    return body + _common_offset(texts, body, offsets, zone, column)


def _common_offset(texts: Sequence[str], body: str, offsets: set[str], zone: str | None, column: str) -> str:
    """What stands for the offsets of stamps: one alone where it is not that of the zone, else the zone's."""
    longest = max(offsets, key=len)
    general = "±hh:mm" if ":" in longest else "±hhmm" if len(longest) > 3 else "±hh"
    times = read_dates(texts, body + general, column, "UTC")
    if zone is None:
        raise _several_offsets([offset_in(style_of(text) or "") for text in texts], times, column)
    return longest if len(offsets) == 1 and not _fits(times, [longest] * len(times), zone) else general


def _several_offsets(offsets: Sequence[str], times: Times, column: str) -> StampError:
    """The error that asks for a time zone, with one that has these offsets at these times where one is known."""
    proposed = next((zone for zone in USUAL_ZONES if _fits(times, offsets, zone)), "UTC")
    return StampError(
        next(place for place, offset in enumerate(offsets) if offset != offsets[0]),
        f"column {column!r} holds times with the offsets {', '.join(sorted(set(offsets)))}: name the time zone whose "
        f"days and hours count, as {option('time_zone', proposed)}",
    )


def _fits(times: Times, offsets: Sequence[str], zone: str) -> bool:
    """Whether a time zone has these offsets at these times."""
    rules = zone_named(zone)
    for place in np.linspace(0, len(times) - 1, min(len(times), _LOOKS)).astype(int):
        moment = (EPOCH + timedelta(microseconds=int(times[place]))).astimezone(rules)
        if moment.utcoffset() != timedelta(microseconds=offset_of(offsets[int(place)])):
            return False
    return True
