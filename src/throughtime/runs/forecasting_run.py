"""What a run of a forecaster can be asked for: what comes after the end of series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from throughtime.data.files import STANDARD
from throughtime.data.reading import Note, Problems
from throughtime.data.user_data import DATA, Paths, UserData, user_data
from throughtime.doors import named, taking
from throughtime.errors import UsageError
from throughtime.runs.opened_run import OpenedRun, called_by, taken_to_predict
from throughtime.tasks import task_named
from throughtime.tasks.run_config import what_to_give
from throughtime.training.reporter import PlainReporter

if TYPE_CHECKING:
    from throughtime.data.panel.panel import Numbers, Panel

__all__ = ["Forecast", "ForecastingRun"]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is said of the steps after the end of series."""

    names: Sequence[str]
    """The series, in the order of the data."""
    stamps: Sequence[Sequence[str]]
    """For each the times of the J steps, as the data writes them."""
    targets: Sequence[str]
    """The K columns that were forecast."""
    columns: Sequence[str]
    """What the C numbers of a step are: ``median``, ``0.1`` ..., or ``path 1`` ..."""
    values: Sequence[Numbers]
    """For each series (J, K, C)."""
    rows: Sequence[dict[str, object]]
    """The same as rows by column, in the shape of the data: ``pandas.DataFrame(forecast.rows)``."""

    def __getitem__(self, column: str) -> list[Numbers]:
        """Give one column, (J, K) for each series: ``forecast["median"]``."""
        place = list(self.columns).index(column)
        return [each[..., place] for each in self.values]


class ForecastingRun(OpenedRun):
    """A trained run, which forecasts where its task is to."""

    @taking(taken_to_predict, called_by)
    def forecast(
        self, data: object = None, *, skip_bad: bool = False, note: Note | None = None, **more: object
    ) -> Forecast:
        """Say what comes after the end of series; nothing is trained again.

        Args:
            data: a data frame, arrays, a dict of them by name, or a file, as :func:`throughtime.fit` takes it.
            skip_bad: leave out series that cannot be read, and say which.
            note: called with what the user should know; None prints it to standard error.
            **more: ``history``, what the series go on from; options that say how they are read (``wide`` ...); and what
                is asked for: ``horizon``, ``quantiles``, ``paths``, ``draws``, ``seed``, ``plot``.

        Returns:
            The median and the quantiles, or paths, of each series.

        Raises:
            UsageError: the run is of another task, or cannot look as far.
            DataError: the data cannot be read, or what is known ahead ends too early.
        """
        say = note or PlainReporter().note
        roles, reader, wanted = self._forecast_parts(more)
        given = user_data({DATA: data, **roles})
        if DATA not in given:
            raise UsageError(f"nothing to forecast: {what_to_give(self.task)}")
        problems = Problems(skip=skip_bad, note=say)
        panel, found = self._forecast(reader, given, wanted, problems)

        from throughtime.data.panel.writing import rows_of_forecast
        from throughtime.runs.predictions import note_skipped

        note_skipped(problems, series=True)
        steps = [len(values) for values in found.values]
        return Forecast(
            names=[each.name for each in panel.series],
            stamps=[panel.clock.write(each.future(j)) for each, j in zip(panel.series, steps, strict=True)],
            targets=panel.targets,
            columns=found.columns,
            values=found.values,
            rows=list(rows_of_forecast(panel, found.values, found.columns)),
        )

    @taking(taken_to_predict, called_by)
    def forecast_files(
        self,
        data: Paths | None = None,
        out: str | Path = "-",
        *,
        skip_bad: bool = False,
        note: Note | None = None,
        progress: Callable[[int], None] | None = None,
        **more: Any,
    ) -> int:
        """Say what comes after the end of series in files, and write it as a table in their shape.

        Args:
            data: file, or several; ``-`` is standard input, of which each line is answered as it comes.
            out: file to write (CSV, TSV, JSON lines, Parquet); ``-`` is standard output.
            skip_bad: leave out series that cannot be read; a file beside ``out`` lists them.
            note: called with what the user should know; None prints it to standard error.
            progress: called with the number of series that are done.
            **more: as for :meth:`forecast`.

        Returns:
            The number of series.

        Raises:
            UsageError: the run is of another task, or cannot look as far.
            DataError: the data cannot be read or the file not be written; then nothing is left of it.
        """
        say = note or PlainReporter().note
        roles, reader, wanted = self._forecast_parts(more)
        given = user_data({DATA: data, **roles})
        if DATA not in given:
            raise UsageError(f"nothing to forecast: {what_to_give(self.task)}")
        if STANDARD in given[DATA].paths:
            return self._forecast_live(reader, given, Path(out), wanted, say)
        problems = Problems(skip=skip_bad, note=say)
        panel, found = self._forecast(reader, given, wanted, problems, progress)

        from throughtime.data.panel.writing import write_forecast
        from throughtime.runs.predictions import note_skipped

        write_forecast(panel, found.values, found.columns, Path(out), say)
        note_skipped(problems, None if str(out) == "-" else Path(f"{out}.skipped.txt"), series=True)
        return len(panel.series)

    def _forecast_parts(self, more: dict[str, Any]) -> tuple[dict[str, object], Any, Any]:
        """The data by role, what reads it, and what was asked for."""
        if not hasattr(self.reader, "read_to_forecast"):
            raise UsageError(f"{self.path} is a run of the task {self.task}, which forecasts nothing; see predict")
        return self.parted(more, task_named(self.task).load_predicting())

    def _forecast_live(self, reader: Any, given: UserData, out: Path, wanted: Any, say: Note) -> int:
        """Answer each row of standard input; gives how many were answered."""
        if len(given) > 1 or len(given[DATA].paths) > 1:
            raise UsageError("standard input is answered row by row, alone: give no other files with it")
        if wanted.plot is not None:
            raise UsageError(f"rows of standard input are answered as they come: leave {named('plot')} out")

        from throughtime.data.panel.writing import write_forecasts
        from throughtime.runs.loading import loading

        with loading():
            model = self.model
        panels = reader.panels_as_they_come(self.path, say)
        found = ((panel, model.forecast(panel, wanted)) for panel in panels)
        return write_forecasts(((panel, each.values, each.columns) for panel, each in found), out, say)

    def _forecast(
        self,
        reader: Any,
        given: UserData,
        wanted: Any,
        problems: Problems,
        progress: Callable[[int], None] | None = None,
    ) -> tuple[Panel, Any]:
        """Read series and forecast them; leave a picture where one was asked for."""
        panel = reader.read_to_forecast(given, self.path, problems)
        found = self.model.forecast(panel, wanted, progress)
        if wanted.plot is not None:
            from throughtime.tasks.forecast.drawing.plotting import plot_forecasts

            plot_forecasts(panel, found, Path(wanted.plot), problems.note)
        return panel, found
