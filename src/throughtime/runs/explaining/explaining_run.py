"""What a run says of itself: why it forgot, what it remembers, what its gates did."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from throughtime.data.reading import Note, Problems
from throughtime.data.user_data import DATA, Given, UserData
from throughtime.doors import named, taking
from throughtime.errors import DataError, UsageError
from throughtime.runs.explaining.asked import Asked
from throughtime.runs.loading import loading
from throughtime.runs.opened_run import OpenedRun, called_by, taken_to_read
from throughtime.tasks.run_config import what_to_give
from throughtime.training.options import CheckedOptions
from throughtime.training.reporter import PlainReporter

if TYPE_CHECKING:
    from throughtime.data.record import Record
    from throughtime.insight import Subject
    from throughtime.insight.pictures.plot import Drawable

__all__ = ["ExplainingRun"]


class ExplainingRun(OpenedRun):
    """A trained run, which can be asked how it came to what it says."""

    @taking(taken_to_read, called_by)
    def explain(
        self,
        data: object = None,
        what: str = "flow",
        out: str | Path | None = None,
        *,
        record: int = 0,
        layer: str | None = None,
        unit: int | None = None,
        at: int | None = None,
        towards: str | None = None,
        follow: str | None = None,
        span: str | None = None,
        method: str | None = None,
        condition: str | None = None,
        note: Note | None = None,
        **more: object,
    ) -> Drawable:
        """Say how the network comes to what it says of one text, series, sound, clip or pair.

        Args:
            data: a text, or a :class:`pathlib.Path` of a file; or a record as :meth:`predict` takes it.
            what: "flow", the gradient on its way back; "spectrum", what becomes of a change of the state; "horizon",
                how far back an input is felt; "gates"; "units"; "saliency", what has spoken for a score; or "walk",
                one step of the cell, number by number.
            out: file for a picture, which ends in .svg, .png or .html; None draws none.
            record: which record of the data, counted from 0.
            layer: layer and direction, such as "l0" or "l1_reverse"; None: the last, or all where all can be shown.
            unit: number of a unit, for "units" and "walk".
            at: the step at which something is said; None: the last.
            towards: what is said, such as a label or a token; None: the likeliest.
            follow: "quotes", "brackets" or "line": for "units", which ones follow it.
            span: steps such as "3:9": for "units", which ones are on there and nowhere else.
            method: "integrated_gradients" (None), "gradient_x_input" or "gradient", for "saliency".
            condition: the text's label, for a run that has learned texts with labels.
            note: called with what the user should know; None prints it to standard error.
            **more: data in roles of the task's own, such as ``source``, and options that say how files are read.

        Returns:
            What was found: a dataclass of :mod:`throughtime.insight.results`, whose arrays have their units with them.

        Raises:
            UsageError: there is no such thing to look at, or this run or the text does not have what was asked for.
            DataError: the data cannot be read, or has no such record.
        """
        where: dict[str, Any] = {"layer": layer, "unit": unit, "at": at, "towards": towards}
        asked = Asked(what=what, follow=follow, span=span, method=method, **where)
        asked.check_ways(bool(getattr(self.config, "bidirectional", False)))
        if out is not None:
            from throughtime.insight.pictures.writing import check_form

            check_form(Path(out))
        subject = self._look(data, record, asked, condition, note or PlainReporter().note, more)
        from throughtime.insight.pictures import plot
        from throughtime.runs.explaining.finding import find

        found = find(subject, asked)
        if out is not None:
            plot(found, out)
        return found

    def _look(
        self, data: object, record: int, asked: Asked, condition: str | None, note: Note, more: dict[str, object]
    ) -> Subject:
        roles, reader, _ = self.parted(more, CheckedOptions)
        if data is None and not roles:
            raise UsageError(f"nothing to look at: {what_to_give(self.task)}")
        if self.task == "generate":
            return self._look_at_text(reader, data, record, asked.at, condition, note)
        if condition is not None:
            raise UsageError(f"{named('condition')} is for runs that write texts for labels; leave it out")
        if hasattr(reader, "read_to_forecast"):
            return self._look_at_series(reader, {DATA: data, **roles}, record, asked.at, note)
        if record < 0:
            raise _no_record(record)
        steps = getattr(self.config, "tbptt", None)
        if self.task == "tag" and steps:
            note(f"{self.path} reads a series in windows of {steps} steps, and each is a record")
        given, problems = _given({DATA: data, **roles}), Problems(note=note)
        records: list[Record] = list(islice(reader.read_to_predict(given, self.path, problems), record, record + 1))
        if not records:
            raise _no_record(record)
        with loading():
            from throughtime.runs.explaining.looking import look_at_record
        return look_at_record(self.model, records[0], asked.at, note)

    def _look_at_text(
        self, reader: Any, data: object, record: int, at: int | None, condition: str | None, note: Note
    ) -> Subject:
        if not hasattr(reader, "text"):
            raise UsageError(f"{self.path} writes music, and only runs that read text can be asked about a text")
        documents: Any = (data,)
        if isinstance(data, Path):
            documents = reader.text(UserData({DATA: Given((data,))}), note).documents
        if getattr(self.config, "condition", None) and isinstance(data, Path):  # a text for each label
            if not 0 <= record < len(documents):
                raise _no_record(record)
            documents = documents[record : record + 1]
            condition = documents[0].label if condition is None else condition
        elif record:
            raise UsageError(f"{named('record')} is for files of several records, and this is one text; leave it out")
        with loading():
            from throughtime.runs.explaining.looking import look_at_text
        return look_at_text(self.model, "".join(map(_as_text, documents)), at, condition)

    def _look_at_series(self, reader: Any, data: dict[str, object], record: int, at: int | None, note: Note) -> Subject:
        panel = reader.read_to_forecast(_given(data), self.path, Problems(note=note))
        if not 0 <= record < len(panel.series):
            raise _no_record(record)
        with loading():
            from throughtime.runs.explaining.looking import look_at_series
        return look_at_series(self.model, replace(panel, series=panel.series[record : record + 1]), at)


def _no_record(record: int) -> DataError:
    return DataError(f"there is no record {record}: they count from 0; give another {named('record')}")


def _as_text(document: Any) -> str:
    """The text of a document, of bytes too."""
    content: str | bytes = document if isinstance(document, str) else document.content
    try:
        return content if isinstance(content, str) else content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"the text is not UTF-8 ({error}), and only text can be looked at") from None


def _given(data: dict[str, object]) -> UserData:
    """What was handed over, by role: files, or records in memory."""
    roles: dict[str, Given] = {}
    for role, value in data.items():
        listed = cast("list[object]", value) if isinstance(value, list) else [value]
        paths = tuple(each for each in listed if isinstance(each, Path))
        if paths and len(paths) == len(listed):
            roles[role] = Given(paths)
        elif value is not None:
            roles[role] = Given(memory=cast("object", [value]))
    return UserData(roles)
