"""Predictions as rows to write: what was read, and what is added to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from throughtime.data.reading import Problems
from throughtime.data.record import Record
from throughtime.data.series.steps import Steps
from throughtime.doors import named
from throughtime.errors import UsageError
from throughtime.tasks.supervised.prediction import Answered, Prediction, WrittenText
from throughtime.tasks.supervised.records import count_skipped
from throughtime.training.files import write_text

__all__ = ["begun", "note_skipped", "rows_of"]


def begun(records: Iterator[Record]) -> Iterator[Record]:
    """Read the first record now, and the others as they are asked for.

    Args:
        records: the records, which are read as they are asked for.

    Returns:
        The same records.
    """
    first = list(islice(records, 1))
    return chain(first, records)


def rows_of(
    record: Record, prediction: Prediction, *, probabilities: bool
) -> Iterator[tuple[Record, Mapping[str, object]]]:
    """Give the rows that a prediction is written as.

    Args:
        record: what was read.
        prediction: what was said of it.
        probabilities: whether the probability of each label, or of each step's label, is added.

    Yields:
        One row; for a series with an answer at each step, one for each step, in the order of the file; for texts, one
        for each that was asked for.

    Raises:
        UsageError: probabilities of labels, where texts were written.
    """
    if isinstance(prediction, WrittenText):
        yield from _texts(record, prediction, probabilities)
        return
    original, each_step = record.original, isinstance(prediction.value, tuple) and prediction.probabilities is None
    if isinstance(original, Steps) and each_step:
        yield from _steps(record, original, prediction, probabilities)
        return
    if isinstance(original, Steps):
        record = replace(record, original={"series": original.id or ""})
    added: dict[str, object] = {"predicted": prediction.value}
    if isinstance(prediction, Answered) and prediction.probabilities is None:
        added["start"] = "" if prediction.start is None else prediction.start
    if prediction.probability is not None and (probabilities or not each_step):
        added["probability"] = _written(prediction.probability)
    if probabilities:
        added |= {
            f"probability of {label}": f"{share:.4f}" for label, share in (prediction.probabilities or {}).items()
        }
    yield record, added


def _texts(record: Record, best: WrittenText, probabilities: bool) -> Iterator[tuple[Record, Mapping[str, object]]]:
    """A row for each text that was asked for, the best first."""
    if probabilities:
        raise UsageError(f"{named('probabilities')} is for labels, and this run writes texts, with their score")
    for text in (best, *best.others):
        ranked = {} if text.rank is None else {"rank": text.rank}
        yield record, {"predicted": text.value, "score": f"{text.score:.4f}", **ranked}


def _written(probability: float | tuple[float, ...]) -> str | tuple[str, ...]:
    if isinstance(probability, tuple):
        return tuple(f"{share:.4f}" for share in probability)
    return f"{probability:.4f}"


def _steps(
    record: Record, steps: Steps, prediction: Prediction, probabilities: bool
) -> Iterator[tuple[Record, Mapping[str, object]]]:
    values, shares = prediction.value, prediction.probability
    assert isinstance(values, tuple) and isinstance(shares, tuple)
    for _, cells, value, share in sorted(zip(steps.lines, steps.rows, values, shares, strict=True)):
        added = {"predicted": value, "probability": f"{share:.4f}"} if probabilities else {"predicted": value}
        yield replace(record, original=dict(zip(steps.columns, cells, strict=True))), added


def note_skipped(problems: Problems, listed: Path | None = None, *, series: bool = False) -> None:
    """Say how many records were left out, if any were.

    Args:
        problems: what was bad.
        listed: a file that is to list them; None: none.
        series: whether each is a series.
    """
    if not problems.skipped:
        return
    if listed is not None:
        write_text(listed, "\n".join(problems.skipped) + "\n")
        problems.note(f"{listed} lists the {'series' if series else 'records'} that were skipped")
    problems.note(f"{count_skipped(problems, series=series)}; the first: {problems.skipped[0]}")
