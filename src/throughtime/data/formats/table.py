"""Tables as records: comma- and tab-separated text, JSON lines and Parquet, row by row, whatever their size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from itertools import chain, islice
from pathlib import Path
from typing import Any, cast

from throughtime.data.files import STANDARD, describe, refusing, suffixes
from throughtime.data.formats.json.lines import accepted, json_rows
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.data.series.wide import Wide, find_wide, may_be_wide, names_columns, read_wide
from throughtime.data.tables.column_names import choose_columns
from throughtime.data.tables.columns import Columns, Load
from throughtime.data.tables.delimited import Row, read_rows
from throughtime.data.tables.habits import drop_repeats
from throughtime.data.tables.table_head import read_head
from throughtime.doors import named, option
from throughtime.errors import DataError, UsageError

__all__ = ["TABLES", "Unnamed", "import_polars", "parquet_batches", "parquet_rows", "read_named_rows", "read_table"]

TABLES = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".parquet")
"""Suffixes of the tables that can be read."""
_TABS = (".tsv", ".tab")
_BATCH = 10_000
_AHEAD = 200
"""Rows that are looked at to tell whether each is a series."""


class Unnamed(dict[str, str]):
    """Cells of a row by column, "1", "2" and so on, of a table without a header; it is written back without one."""


def read_table(
    path: Path,
    how: Reading,
    problems: Problems,
    *,
    targets: bool,
    load: Load | None = None,
    suffix: str | None = None,
) -> Iterator[Record]:
    """Read a table row by row.

    The columns are those that ``how`` asks for, by name or number, or else the first with a usual name; which, is said
    through ``problems.note``. Without ``targets`` no target is read, whether there is one or not. An empty cell is an
    error as a label, and no label where a row may have several. Cells of one word per step are lists, or texts that
    are split at white space. ``original`` of a record is the row: all its cells by column, in order (``Unnamed`` where
    the table has no header).

    Args:
        path: the table; ``-`` is standard input.
        how: columns, kind of target, encoding.
        problems: where bad rows and notes go.
        targets: whether each row needs a target.
        load: reads the file that a cell names, for ``how.file_column``; the paths start at the table's folder.
        suffix: what the file is (``".csv"``), for standard input; None goes by the path.

    Yields:
        The records in order.

    Raises:
        DataError: the file cannot be read, has not the columns, or a row is bad.
        UsageError: the options do not fit together.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "films.jsonl"
        >>> _ = path.write_text('{"review": "so good", "stars": 5}')
        >>> how = Reading(text_column="review", target_column="stars", target_type="number")
        >>> [(record.content, record.target) for record in read_table(path, how, Problems(), targets=True)]
        [('so good', 5.0)]
    """
    suffix = suffixes(path)[0] if suffix is None else suffix
    if how.names_files != (load is not None):
        raise UsageError(
            f"a table names files in {option('file_column')}, and they are read by what is given as load: give both"
        )
    if suffix in (".csv", *_TABS):
        yield from _delimited(path, how, problems, targets, load, suffix in _TABS)
    elif suffix in (".jsonl", ".ndjson"):
        rows = json_rows(path, how, problems)
        yield from read_named_rows(rows, path, how, problems, targets, load)
    elif suffix == ".parquet":
        rows = ((f"{path}: row {number}", row) for number, row in enumerate(parquet_rows(path), 1))
        yield from read_named_rows(rows, path, how, problems, targets, load)
    else:
        raise DataError(f"{describe(path)} is no table that can be read; known are {', '.join(TABLES)}")


def _delimited(
    path: Path, how: Reading, problems: Problems, targets: bool, load: Load | None, tabs: bool
) -> Iterator[Record]:
    name = describe(path)
    rows = read_rows(path, how, problems, tabs=tabs)
    ahead = list(islice(rows, 1))
    if ahead and not how.found.fixed and len(ahead[0][1]) > 2:
        ahead += islice(rows, 1)
    if ahead and may_be_wide(ahead[-1][1], how, targets=targets) and not how.found.fixed:
        ahead += islice(rows, _AHEAD)
    rows = chain(ahead, rows)
    if (found := _wide_of(ahead, how, name, targets=targets)) is not None:
        wide, names, header = found
        yield from _wide_rows(rows, wide, names, header, how, problems, name, tabs)
        return
    _refuse_features(how, name)
    first = ahead[0][1] if ahead else []
    head, rows = read_head(rows, how, problems, name, targets=targets)
    rows = drop_repeats(rows, first, name, problems) if head.header else rows
    columns = Columns.choose(head.names, head.content, head.target, how, problems, name, load=load, folder=path.parent)
    names, width, row_type = head.names, len(head.names), dict[str, str] if head.header else Unnamed
    for number, cells in rows:
        place = f"{name}: line {number}"
        if len(cells) != width:
            problems.report(place, _miscounted(len(cells), width, head.header, tabs))
        elif record := columns.record(row_type(zip(names, cells, strict=True)), place):
            yield record


def _wide_of(
    ahead: Sequence[Row], how: Reading, name: str, *, targets: bool
) -> tuple[Wide, Sequence[str], bool] | None:
    """(what a table in wide format holds, its columns, whether the first line names them); None where it is none."""
    if not ahead or not may_be_wide(ahead[-1][1], how, targets=targets):
        return None
    first, body = ahead[0][1], [cells for _, cells in ahead[1:]]
    header = names_columns(first, body[0] if body else []) if how.header is None else how.header
    names = [cell.strip() for cell in first] if header else [str(number) for number in range(1, len(first) + 1)]
    if len(set(names)) < len(names):
        return None
    rows = [
        dict(zip(names, cells, strict=True))
        for cells in (body if header else [first, *body])
        if len(cells) == len(names)
    ]
    wide = find_wide(names, rows, how, name, header=header, targets=targets)
    return None if wide is None else (wide, names, header)


def _wide_rows(
    rows: Iterator[Row],
    wide: Wide,
    names: Sequence[str],
    header: bool,
    how: Reading,
    problems: Problems,
    name: str,
    tabs: bool,
) -> Iterator[Record]:
    problems.note(f"{name}: {wide.said}")
    columns = Columns.choose(names, wide.values[0], wide.target, how, problems, name)
    row_type = dict[str, str] if header else Unnamed

    def by_name() -> Iterator[tuple[str, Mapping[str, object]]]:
        below = drop_repeats(rows, next(rows)[1], name, problems) if header else rows
        for number, cells in below:
            if len(cells) == len(names):
                yield f"{name}: line {number}", row_type(zip(names, cells, strict=True))
            else:
                what = _miscounted(len(cells), len(names), header, tabs).partition("; write a cell")[0]
                problems.report(f"{name}: line {number}", f"{what}; fill shorter series up with NaN at their end")

    yield from read_wide(by_name(), wide, columns, problems)


def _refuse_features(how: Reading, name: str) -> None:
    """Refuse options that are for series."""
    for given in ("feature_columns", "ignore_columns", "wide"):
        if getattr(how, given):
            raise UsageError(
                f"{named(given)} is for series, and the rows of {name} are texts: leave it out, or say with "
                f"{option('id_column')}, {option('time_column')} what tells series apart and orders their steps"
            )


def _miscounted(found: int, expected: int, header: bool, tabs: bool) -> str:
    what = f"{found} cell{'s' * (found != 1)} where the {'header' if header else 'first row'} has {expected}"
    if tabs or found < expected:
        return what
    return f"{what}; write a cell that holds a comma in double quotes"


def read_named_rows(
    rows: Iterator[tuple[str, Mapping[str, object]]],
    path: Path,
    how: Reading,
    problems: Problems,
    targets: bool,
    load: Load | None,
) -> Iterator[Record]:
    """Make records of rows that bring their names with them; the first row tells which columns they are.

    Args:
        rows: place and cells by column of each.
        path: the file; names of files in cells start from its folder.
        how: columns and kind of target.
        problems: where bad rows and notes go.
        targets: whether each row needs a target.
        load: reads the file that a cell names, or None.

    Yields:
        The records in order.

    Raises:
        DataError: there are no rows, they have not the columns, or a row is bad.
    """
    name = describe(path)
    rows = accepted(rows, problems) if targets else rows
    first = next(rows, None)
    if first is None:
        raise DataError(f"{name} has no rows")
    there = list(first[1])
    ahead, wide = [first], None
    if may_be_wide(list(first[1].values()), how, targets=targets):
        ahead += islice(rows, 0 if how.found.fixed else _AHEAD)
        wide = find_wide(there, [row for _, row in ahead], how, name, header=True, targets=targets)
    rows = chain(ahead, rows)
    if wide is not None:
        problems.note(f"{name}: {wide.said}")
        columns = Columns.choose(there, wide.values[0], wide.target, how, problems, name)
        yield from read_wide(rows, wide, columns, problems)
        return
    _refuse_features(how, name)
    content, target = choose_columns(there, how, problems, name, targets=targets)
    columns = Columns.choose(there, content, target, how, problems, name, load=load, folder=path.parent)
    for place, row in rows:
        if record := columns.record(row, place):
            yield record


def import_polars(what: str) -> Any:
    """Load polars, which is an extra.

    Args:
        what: what it is needed for, for the message.

    Returns:
        The module.

    Raises:
        UsageError: it is not installed.
    """
    try:
        return import_module("polars")
    except ImportError:
        raise UsageError(f"{what} needs polars: pip install 'throughtime[parquet]'") from None


def parquet_rows(path: Path) -> Iterator[Mapping[str, object]]:
    """Read the rows of a Parquet file, some thousands of them in memory at once.

    Args:
        path: the file.

    Yields:
        Cells by column of each.

    Raises:
        DataError: it is no whole Parquet file.
        UsageError: polars is not installed.
    """
    for batch in parquet_batches(path):
        yield from cast(Sequence[Mapping[str, object]], batch.iter_rows(named=True))


def parquet_batches(path: Path) -> Iterator[Any]:
    """Read a Parquet file as data frames of polars, some thousands of rows each.

    Args:
        path: the file.

    Yields:
        The data frames.

    Raises:
        DataError: it is no whole Parquet file.
        UsageError: polars is not installed.
    """
    polars = import_polars(f"reading {path}")
    if path == STANDARD:
        raise DataError("Parquet cannot be read from standard input; give its file")
    with refusing(path), path.open("rb") as file:
        whole = file.read(4) == b"PAR1"
    if not whole:
        raise DataError(f"{path} is no Parquet file")
    try:
        table = polars.scan_parquet(path, glob=False)
        yield from table.collect_batches(chunk_size=_BATCH, maintain_order=True)
    except polars.exceptions.PolarsError as error:
        raise DataError(f"{path} is no whole Parquet file ({str(error).splitlines()[0]})") from None
