"""Records for the tasks: read as the options say; those that cannot be used are told of, or skipped and listed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from throughtime.data.files import describe
from throughtime.data.formats.file_loader import FileLoader
from throughtime.data.formats.registry import read_records
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.data.user_data import Given
from throughtime.errors import DataError
from throughtime.tasks.sequence_config import SequenceOptions

__all__ = ["count_skipped", "read_all", "reading_of", "usable"]

Fault = Callable[[Record], str | None]
"""Says why a record cannot be used, or None where it can."""


def reading_of(config: SequenceOptions, *, per_step: bool) -> Reading:
    """Say how files are read.

    Args:
        config: all options.
        per_step: whether there is a target for each step.

    Returns:
        The options that the formats see.
    """
    names = Reading.__dataclass_fields__
    given = {name: value for name, value in config.to_mapping().items() if name in names}
    return Reading(**cast(Any, given), per_step=per_step)


def usable(records: Iterable[Record], fault: Fault, problems: Problems) -> Iterator[Record]:
    """Pass on the records that can be used.

    Args:
        records: any records.
        fault: says why one cannot be used.
        problems: what becomes of those.

    Yields:
        The others, in order.
    """
    for record in records:
        wrong = fault(record)
        if wrong is None:
            yield record
        else:
            problems.report(record.place, wrong)


def count_skipped(problems: Problems) -> str:
    """Say how many records were skipped.

    Args:
        problems: what became of bad records.

    Returns:
        The beginning of a sentence.

    Example:
        >>> count_skipped(Problems(skipped=["a.csv: line 2: it is empty"]))
        '1 record was skipped'
    """
    count = len(problems.skipped)
    return "1 record was skipped" if count == 1 else f"{count:,} records were skipped"


def read_all(
    given: Given, how: Reading, problems: Problems, *, what: str, load: FileLoader | None = None
) -> list[Record]:
    """Read all records, with their targets.

    Args:
        given: files, or data in memory.
        how: how to read them.
        problems: what becomes of those that cannot be read.
        what: what to call the data, for messages.
        load: reads files that must go together with others read by it.

    Returns:
        At least one record.

    Raises:
        DataError: there is none, or one cannot be read and is not to be skipped.
    """
    before = len(problems.skipped)
    records = list(read_records(given, how, problems, targets=True, load=load))
    skipped = problems.skipped[before:]
    if not records:
        last = f"; {len(skipped):,} could not be read, the first: {skipped[0]}" if skipped else ""
        raise DataError(f"{what}{_names(given)} holds no records{last}")
    return records


def _names(given: Given, most: int = 3) -> str:
    """The files of the data, in brackets."""
    names = [describe(path) for path in given.paths]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f" ({', '.join(names[:most])}{more})" if names else ""
