"""A trained run: open it, score with it, predict and generate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from throughtime.data.files import STANDARD
from throughtime.data.reading import Note, Problems
from throughtime.data.user_data import DATA, VALID, Given, Paths, UserData, user_data
from throughtime.doors import named, taking
from throughtime.errors import UsageError
from throughtime.runs.explaining.explaining_run import ExplainingRun
from throughtime.runs.folder import files_of
from throughtime.runs.forecasting_run import Forecast, ForecastingRun
from throughtime.runs.generating_run import GeneratingRun
from throughtime.runs.opened_run import called_by, taken_to_evaluate, taken_to_predict
from throughtime.tasks import task_named
from throughtime.tasks.run_config import saved_paths, what_to_give
from throughtime.training.options import CheckedOptions
from throughtime.training.reporter import PlainReporter

if TYPE_CHECKING:
    from throughtime.data.record import Record
    from throughtime.tasks.supervised.prediction import Prediction

__all__ = ["Run", "load"]


def load(path: str | Path, device: str = "cpu") -> Run:
    """Open a trained run.

    Args:
        path: folder of the run.
        device: "auto", or a torch device such as "cpu" or "cuda:1".

    Returns:
        The run, with its best weights.

    Raises:
        CheckpointError: there is no run, or one of its files is missing or damaged.
        UsageError: the device is not there.

    Example:
        >>> load("no/such/run")
        Traceback (most recent call last):
        throughtime.errors.CheckpointError: there is no run in no/such/run: it has no config.json
    """
    run = Run(Path(path), device=device)
    _ = run.model
    return run


class Run(GeneratingRun, ForecastingRun, ExplainingRun):
    """A trained run on disk; torch and its model are loaded when they are needed.

    Args:
        path: folder of the run.
        device: where its model is used.

    Raises:
        CheckpointError: there is no run in the folder, or one of its files is damaged or of another run.

    Example:
        >>> from throughtime.training.reporter import SilentReporter
        >>> from throughtime.runs import fit
        >>> run = fit("generate", text="ab" * 99, hidden=4, lanes=1, tbptt=8, steps=1, reporter=SilentReporter())
        >>> run.task, sorted(run.metrics)[:2]
        ('generate', ['bits_per_character', 'epoch'])
    """

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}, task={self.task!r})"

    @taking(taken_to_evaluate, called_by)
    def evaluate(
        self,
        data: Paths | object = None,
        *,
        text: str | bytes | Sequence[str] | None = None,
        skip_bad: bool | None = None,
        note: Note | None = None,
        **more: object,
    ) -> dict[str, Any]:
        """Score data that the model has not seen.

        Args:
            data: file or files, or examples in memory, with their targets.
            text: text in memory in their place, for "generate".
            skip_bad: leave out records that cannot be read, and say how many; None does as in training.
            note: called with what the user should know; None prints it to standard error.
            **more: the same in roles of the task's own, such as ``source`` and ``target``; options that say how the
                files are read, where they are not as those that were learned from (``header``, ``format`` ...); and
                what the task can be asked for (``beam`` of "translate").

        Returns:
            Metrics by name, such as ``accuracy``, or ``bits_per_character`` and ``perplexity``; ``rivals``: those of
            simple models, by name.

        Raises:
            UsageError: nothing was given.
            DataError: the data cannot be read.
        """
        skipping = {} if skip_bad is None else {"skip_bad": skip_bad}
        roles, reader, wanted = self.parted(more, task_named(self.task).load_evaluating(), skipping)
        given = user_data({DATA: data, **roles}, {DATA: ("text", text)})
        if not given:
            raise UsageError(f"nothing to evaluate: {what_to_give(self.task)}")
        from throughtime.tasks.rivals.keeping import rivals_beside  # not for those who describe or predict

        say = note or PlainReporter().note
        read, asked = reader.read_to_evaluate(given, self.path, say), self.asked(wanted, say)
        scores = asked.evaluate(read)
        return scores | rivals_beside(self.path, self._saved.get("run"), asked, read, scores, say)

    @taking(taken_to_predict, called_by)
    def predict(
        self, data: object = None, *, skip_bad: bool = False, note: Note | None = None, **more: object
    ) -> list[Prediction] | Forecast:
        """Say something of each record in memory; of series what comes after them (:meth:`forecast`).

        Args:
            data: texts, sentences (texts or lists of words), arrays (T, F), dicts, a data frame ...
            skip_bad: leave out those that cannot be read, and say which.
            note: called with what the user should know; None prints it to standard error.
            **more: data in memory in roles of the task's own, such as ``source``; options that say how it is read, such
                as ``text_column``; and what the task can be asked for, such as ``beam``.

        Returns:
            For each record ``value`` (a label, labels, a number), ``probability`` of the value, and for one answer per
            record ``probabilities`` of all labels.

        Raises:
            UsageError: the run's task makes no predictions.
            DataError: a record cannot be read.
        """
        if hasattr(self.reader, "read_to_forecast"):
            return self.forecast(data, skip_bad=skip_bad, note=note, **more)
        problems = Problems(skip=skip_bad, note=note or PlainReporter().note)
        roles, reader, wanted = self.parted(more, task_named(self.task).load_predicting())
        memory = {DATA: data, **roles}
        given = UserData({role: Given(memory=value) for role, value in memory.items() if value is not None})
        if not given:
            raise UsageError(f"nothing to predict for: {what_to_give(self.task)}")
        from throughtime.runs.predictions import note_skipped

        found = [prediction for _, prediction in self._predictions(reader, given, None, problems, wanted)]
        note_skipped(problems)
        return found

    @taking(taken_to_predict, called_by)
    def predict_files(
        self,
        data: Paths | None = None,
        out: str | Path = "-",
        *,
        form: str | None = None,
        probabilities: bool = False,
        replace: bool = False,
        skip_bad: bool = False,
        note: Note | None = None,
        progress: Callable[[int], None] | None = None,
        **more: Any,
    ) -> int:
        """Say something of each record of files, and write the records with what was said: as they are read, in order.

        Args:
            data: file, folder, or several; ``-`` is standard input.
            out: file to write; ``-`` is standard output. Its suffix chooses the form, else it is that of the data.
            form: format of the data, one of ``FORMATS`` in data/formats/registry.py; None tells it from each file.
            probabilities: write the probability of each label too, or of each step's label.
            replace: write a prediction in place of the column that it was learned from (CoNLL-U).
            skip_bad: leave out records that cannot be read; a file beside ``out`` lists them.
            note: called with what the user should know; None prints it to standard error.
            progress: called with the number of records written so far.
            **more: files in roles of the task's own, such as ``source``; options that say how the files are read,
                where they are not as those that were learned from (``header``, ``text_column`` ...); and what the task
                can be asked for (``beam``, ``plot`` of "translate").

        Returns:
            The number of records written.

        Raises:
            UsageError: the run's task makes no predictions, or the form cannot hold them.
            DataError: a record cannot be read, or the file cannot be written; then nothing is left of it.
        """
        if hasattr(self.reader, "read_to_forecast"):
            return self._forecast_instead(
                data, out, probabilities or replace, skip_bad=skip_bad, note=note, progress=progress, **more
            )
        from throughtime.data.formats.registry import format_of  # loads numpy, as a description need not
        from throughtime.data.formats.writers import open_writer, written_suffix
        from throughtime.runs.predictions import note_skipped, rows_of

        roles, reader, wanted = self.parted(more, task_named(self.task).load_predicting())
        given = user_data({DATA: data, **roles})
        if not given:
            raise UsageError(f"nothing to predict for: {what_to_give(self.task)}")
        problems = Problems(skip=skip_bad, note=note or PlainReporter().note)
        first = next((path for each in given.values() for path in each.paths), Path("-"))
        self._require_predictions()
        form = form or reader.form_to_predict(given)
        like, separator, count = written_suffix(form or format_of(first, reader.how)), reader.separator, 0
        with open_writer(Path(out), like, problems.note, separator=separator, replace=replace) as writer:
            for record, prediction in self._predictions(reader, given, form, problems, wanted):
                for row, added in rows_of(record, prediction, probabilities=probabilities):
                    writer.write(row, added)
                count += 1
                if progress is not None:
                    progress(count)
        if not count:
            problems.note("nothing was predicted: there was no record that could be read")
        note_skipped(problems, None if str(out) == "-" else Path(f"{out}.skipped.txt"))
        return count

    def _forecast_instead(self, data: Paths | None, out: str | Path, labels: bool, **how: Any) -> int:
        """Forecast where the task is to."""
        if labels:
            wrong = f"{named('probabilities')} and {named('replace')}"
            raise UsageError(f"{wrong} are for labels, and this run forecasts numbers, with {named('quantiles')}")
        return self.forecast_files(data, out, **how)

    def _predictions(
        self, reader: Any, given: UserData, form: str | None, problems: Problems, wanted: CheckedOptions
    ) -> Iterator[tuple[Record, Prediction]]:
        from throughtime.runs.predictions import begun

        self._require_predictions()
        records = reader.read_to_predict(given, self.path, problems, form)
        live = any(STANDARD in each.paths for each in given.values())
        # Whoever sends records one by one waits for each answer, so the model is there before the first one; elsewhere
        # the first record is read before, so that a file which cannot be read is refused at once.
        records = records if live else begun(records)
        yield from self.asked(wanted, problems.note).predict(records, live=live)

    def _require_predictions(self) -> None:
        """See that the task makes predictions."""
        if not hasattr(self.reader, "read_to_predict"):
            raise UsageError(f"{self.path} is a run of the task {self.task}, which makes no predictions; see generate")

    def describe(self) -> dict[str, object]:
        """Say what the run is: model, options, data, training, metrics and files with their sizes in bytes."""
        position = self._position()
        return {
            "task": self.task,
            "path": str(self.path),
            "model": self.model.describe() if self._seal is None else dict(self._seal.about),
            "options": self.config.to_mapping(),
            "data": {DATA: None, VALID: None, **saved_paths(self._saved), "init_from": self._saved.get("init_from")},
            "training": {name: position.get(name) for name in ("status", "step", "tokens", "seconds")},
            "metrics": self.metrics,
            "rivals": self.rivals,
            "files": {path.name: path.stat().st_size for path in files_of(self.path)},
        }
