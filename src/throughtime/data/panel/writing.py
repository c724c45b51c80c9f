"""Forecasts written as a table in the shape of the one that they go on from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from throughtime.data.formats.writers import open_writer
from throughtime.data.panel.panel import Numbers, Panel, Series
from throughtime.data.reading import Note
from throughtime.data.record import Record

__all__ = ["rows_of_forecast", "write_forecast", "write_forecasts"]

_MORE_DECIMALS = 2
"""Decimals that a forecast has beside those of the data."""
_DIGITS = 6
"""Digits that it has at least."""
_MOST_DECIMALS = 12
"""Decimals that are looked for in the data, at most."""
_SAMPLE = 1000
"""Values that are looked at to tell how many decimals the data has."""
_Row: TypeAlias = dict[str, object]
_Forecasts: TypeAlias = Sequence[NDArray[np.float64]]
"""For each series (H, K, C): steps, targets, columns."""


def write_forecast(panel: Panel, forecasts: _Forecasts, columns: Sequence[str], out: Path, note: Note) -> None:
    """Write forecasts as a table, in the shape of the one that they go on from.

    .. code-block:: text

        a row for each step       id, time, then the columns; of several targets ``close median``, ...
        a series in each column   time, then for each series ``NAME median``, ...
        a series in each row      id, quantile (or path), then a column for each step

    The file is CSV, TSV, JSON lines or Parquet by its name, and is there when all is written. Numbers have as many
    decimals as the data and two more, and six digits at least.

    Args:
        panel: the series.
        forecasts: for each (H, K, C): the steps behind its last one, targets, columns.
        columns: names of the C columns: ``median``, ``0.1``, ... or ``path 1``, ...
        out: the file; ``-`` is standard output.
        note: called with what the user should know, in one line.

    Raises:
        DataError: the file cannot be written.
        UsageError: its form is unknown.
    """
    write_forecasts([(panel, forecasts, columns)], out, note)


def write_forecasts(parts: Iterable[tuple[Panel, _Forecasts, Sequence[str]]], out: Path, note: Note) -> int:
    """Write forecasts as they come, into one table.

    Args:
        parts: series, their forecasts, and the names of the columns, as for :func:`write_forecast`.
        out: the file; ``-`` is standard output.
        note: called with what the user should know, in one line.

    Returns:
        How many parts there were.
    """
    count = 0
    with open_writer(out, ".csv", note) as writer:
        for part in parts:
            count += 1
            for row in rows_of_forecast(*part):
                writer.write(Record("", None, "the forecast", {}), row)
    return count


def rows_of_forecast(panel: Panel, forecasts: _Forecasts, columns: Sequence[str]) -> Iterator[_Row]:
    """Give forecasts as rows of a table, in the shape of the one that they go on from.

    Args:
        panel: the series.
        forecasts: for each (H, K, C), as for :func:`write_forecast`.
        columns: names of the C columns.

    Yields:
        Cells by column of each row.

    Example:
        >>> from throughtime.data.panel.options import PanelFound, PanelReading
        >>> from throughtime.data.panel.reading import read_panel
        >>> from throughtime.data.reading import Problems
        >>> from throughtime.data.user_data import Given
        >>> table = {"day": ["2024-01-01", "2024-01-02", "2024-01-03"], "y": [5, 7, 6]}
        >>> panel = read_panel(Given(memory=table), PanelReading(), PanelFound(), Problems(note=lambda line: None))
        >>> list(rows_of_forecast(panel, [np.array([[[6.123456, 4.5]]])], ["median", "0.1"]))
        [{'day': '2024-01-04', 'median': 6.12346, '0.1': 4.5}]
    """
    rounded = [_rounded(series, values) for series, values in zip(panel.series, forecasts, strict=True)]
    shape = {"long": _long, "columns": _in_columns, "rows": _in_rows}[panel.form]
    return shape(panel, rounded, columns)


def _rounded(series: Series, forecast: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round (H, K, C) to as many decimals as the data has and some more."""
    decimals = np.array([_decimals(values) for values in series.values[-_SAMPLE:].T]) + _MORE_DECIMALS
    with np.errstate(divide="ignore"):
        size = np.floor(np.log10(np.abs(forecast)))
    needed = np.where(np.isfinite(size), _DIGITS - 1 - size, 0)
    places = np.maximum(decimals[None, :, None], needed).astype(int)
    flat = zip(forecast.ravel().tolist(), places.ravel().tolist(), strict=True)
    return np.array([round(value, place) for value, place in flat]).reshape(forecast.shape)


def _decimals(values: Numbers) -> int:
    """How many decimals values have."""
    values = values[np.isfinite(values)]
    for decimals in range(_MOST_DECIMALS):
        if np.allclose(np.round(values, decimals), values, rtol=1e-12, atol=0):
            return decimals
    return _MOST_DECIMALS


def _stamps(panel: Panel, series: Series, steps: int) -> Sequence[object]:
    """The times of the steps ahead as they are written: 1, 2, ... where there are none."""
    if panel.clock.kind == "none":
        return range(1, steps + 1)
    ticks = series.future(steps)
    plain = panel.clock.kind == "number" and not panel.clock.style
    return ticks.tolist() if plain else panel.clock.write(ticks)


def _free(*names: str) -> list[str]:
    """Give each name once: a second one gets a number."""
    free: dict[str, None] = {}
    for name in names:
        number, given = 1, name
        while given in free:
            number += 1
            given = f"{name}_{number}"
        free[given] = None
    return list(free)


def _called(panel: Panel, columns: Sequence[str]) -> list[str]:
    """Names of the columns of all targets."""
    if len(panel.targets) == 1:
        return list(columns)
    return [f"{target} {column}" for target in panel.targets for column in columns]


def _long(panel: Panel, forecasts: _Forecasts, columns: Sequence[str]) -> Iterator[_Row]:
    ids = [] if panel.id_column is None and len(panel.series) == 1 else [panel.id_column or "id"]
    names = _free(*ids, panel.time_column or "step", *_called(panel, columns))
    for series, forecast in zip(panel.series, forecasts, strict=True):
        for stamp, values in zip(_stamps(panel, series, len(forecast)), forecast, strict=True):
            yield dict(zip(names, [series.name] * len(ids) + [stamp, *values.ravel().tolist()], strict=True))


def _in_columns(panel: Panel, forecasts: _Forecasts, columns: Sequence[str]) -> Iterator[_Row]:
    """A row for each time; a series that ends elsewhere has empty cells."""
    names = [f"{series.name} {column}" for series in panel.series for column in columns]
    time, *names = _free(panel.time_column or "step", *names)
    cells: dict[object, _Row] = {}
    whole: dict[Any, object] = {}
    for number, (series, forecast) in enumerate(zip(panel.series, forecasts, strict=True)):
        own = names[number * len(columns) : (number + 1) * len(columns)]
        stamps = _stamps(panel, series, len(forecast))
        ticks = series.future(len(forecast)).tolist() if panel.clock.kind != "none" else stamps
        whole |= dict(zip(ticks, stamps, strict=True))
        for tick, values in zip(ticks, forecast, strict=True):
            cells.setdefault(tick, {}).update(zip(own, values[0].tolist(), strict=True))
    for tick in sorted(whole):
        row: Mapping[str, Any] = cells[tick]
        yield {time: whole[tick], **{name: row.get(name) for name in names}}


def _in_rows(panel: Panel, forecasts: _Forecasts, columns: Sequence[str]) -> Iterator[_Row]:
    """A row for each series and column; steps are called by their times where all series end alike."""
    paths = all(column.startswith("path ") for column in columns)
    both = list(zip(panel.series, forecasts, strict=True))
    stamps = [list(_stamps(panel, series, len(forecast))) for series, forecast in both]
    alike = all(each == stamps[0] for each in stamps)
    steps = stamps[0] if alike else list(range(1, max(map(len, stamps)) + 1))
    names = _free(panel.id_column or "id", "path" if paths else "quantile", *map(str, steps))
    for series, forecast in both:
        for number, column in enumerate(columns):
            cells = [series.name, column.removeprefix("path ") if paths else column, *forecast[:, 0, number].tolist()]
            row: dict[str, Any] = dict.fromkeys(names)
            row.update(zip(names, cells, strict=False))
            yield row
