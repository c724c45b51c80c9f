"""Reads tables of texts with labels, out of files or memory. Loads no torch."""

from __future__ import annotations

from throughtime.data.formats.registry import COLUMN_FORMATS, format_of, read_records
from throughtime.data.in_memory.rows import form_of_memory
from throughtime.data.reading import Note, Problems, Reading
from throughtime.data.record import Record
from throughtime.data.user_data import Given
from throughtime.doors import named
from throughtime.errors import DataError, UsageError
from throughtime.tasks.supervised.records import compose_labels

__all__ = ["read_labelled"]


def read_labelled(given: Given, how: Reading, note: Note) -> list[Record]:
    """Read a table of texts with labels.

    Args:
        given: tables, or one in memory that can be gone through more than once.
        how: the columns; ``target_column`` is that of the label.
        note: called with what the user should know, one line each.

    Returns:
        A record of each row.

    Raises:
        DataError: the table cannot be read, or a row has no text or no label.
        UsageError: what was given is no table with named columns.

    Example:
        >>> rows = [{"name": "Rossi", "from": "Italy"}, {"name": "Smith", "from": "England"}]
        >>> records = read_labelled(Given(memory=rows), Reading(target_column="from"), print)
        the data: the text is column 'name', the target column 'from'
        >>> records[0].content, records[0].target
        ('Rossi', 'Italy')
    """
    _require_columns(given, how)
    records = compose_labels(list(read_records(given, how, Problems(note=note), targets=True)), note)
    if not records:
        raise DataError("the table has no rows below its header; give it some")
    strange = next((record for record in records if not isinstance(record.content, str)), None)
    if strange is not None:
        raise DataError(f"{strange.place}: the column of texts holds numbers; choose one that holds texts")
    return records


def _require_columns(given: Given, how: Reading) -> None:
    """See that there are columns to be called by their names."""
    asked = f"{named('target_column')} names a column of labels"
    if given.memory is not None:
        if form_of_memory(given.memory, how) != "table":
            raise UsageError(
                f"{asked}, and the rows of this data have no columns with names; "
                "give a data frame, a dict of columns or a list of dicts"
            )
        return
    for path in given.paths:
        if (form := format_of(path, how)) not in COLUMN_FORMATS:
            tables = ", ".join(COLUMN_FORMATS)
            raise UsageError(f"{asked}, and {path} is read as {form}, which has none; give a table ({tables})")
