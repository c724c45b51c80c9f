"""Series that go on in another table: the steps of one behind those of the other, by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from throughtime.data.clocks.clock import Clock
from throughtime.data.panel.panel import Panel, Series, Ticks
from throughtime.data.tables.column_names import listed
from throughtime.errors import DataError

__all__ = ["append"]


def append(history: Panel, more: Panel) -> Panel:
    """Put steps behind those of the series of the same name.

    Args:
        history: the series as they began.
        more: how they go on; a series of the history that is not there stays as it is.

    Returns:
        The series of the history, in their order.

    Raises:
        DataError: the columns differ, a series has no history, or its steps do not begin where those end.

    Example:
        >>> from throughtime.data.panel.options import PanelFound, PanelReading
        >>> from throughtime.data.panel.reading import read_panel
        >>> from throughtime.data.reading import Problems
        >>> from throughtime.data.user_data import Given
        >>> found, quiet = PanelFound(), Problems(note=lambda line: None)
        >>> one, other = (
        ...     read_panel(Given(memory=values), PanelReading(), found, quiet) for values in ([1, 2, 3], [4, 5])
        ... )
        >>> append(one, other).series[0].values[:, 0].tolist()
        [1.0, 2.0, 3.0, 4.0, 5.0]
    """
    for one, other in zip(_columns(history), _columns(more), strict=True):
        if one != other:
            raise DataError(
                f"{_place(more)}: goes on from a table with the columns {listed(one)}, and has {listed(other)}"
            )
    known = {each.name for each in history.series}
    strange = [each.name for each in more.series if each.name not in known]
    if strange:
        which = f"series {listed(strange)} {'does' if len(strange) == 1 else 'do'}"
        raise DataError(
            f"{_place(more)}: {which} not stand in what it goes on from; that begins with "
            f"{listed([each.name for each in history.series[:5]])}"
        )
    ends = {each.name: each for each in more.series}
    series = [_joined(each, ends[each.name], history.clock) if each.name in ends else each for each in history.series]
    return replace(history, series=series)


def _columns(panel: Panel) -> tuple[tuple[str, ...], ...]:
    return panel.targets, panel.past, panel.known, panel.static


def _place(panel: Panel) -> str:
    return panel.series[0].place if panel.series else "the data"


def _joined(first: Series, then: Series, clock: Clock) -> Series:
    if not np.array_equal(first.static, then.static, equal_nan=True):
        raise DataError(f"{then.place}: what never changes in a series is not as in {first.place}")
    if clock.kind == "none":
        ticks = np.concatenate([first.ticks, first.ticks[-1] + 1 + np.arange(len(then))])
    else:
        ticks = _ticks(first, then, clock)
    return replace(
        first,
        values=np.concatenate([first.values, then.values]),
        ticks=ticks,
        past=np.concatenate([first.past, then.past]),
        known=np.concatenate([first.known[: len(first)], then.known]),
    )


def _ticks(first: Series, then: Series, clock: Clock) -> Ticks:
    """The times of both, where the second follow the first with no more between them than holidays."""
    try:
        before, behind = first.pattern.slots(first.ticks), first.pattern.slots(then.ticks)
    except DataError as error:
        raise DataError(f"{then.place}: goes on from {first.place}, and {error}") from None
    apart = int(behind[0] - before[-1])
    start, end = clock.write(then.ticks[:1])[0], clock.write(first.ticks[-1:])[0]
    if apart < 1:
        raise DataError(
            f"{then.place}: begins at {start}, and what it goes on from ends at {end} ({first.place}); take out the "
            "steps that both have"
        )
    if apart > int(np.diff(before).max(initial=1)):
        missing = clock.write(first.future(1))[0]
        raise DataError(
            f"{then.place}: begins at {start}, and what it goes on from ends at {end} ({first.place}); the step of "
            f"{missing} is missing"
        )
    return np.concatenate([first.ticks, then.ticks])
