"""What the columns of a table with a row for each step are: series, time, what is forecast, what stands beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from throughtime.data.panel.options import PanelFound, PanelReading
from throughtime.data.panel.sheets.sheet import Sheet
from throughtime.data.panel.sheets.time_columns import find_times
from throughtime.data.series.columns import EMPTY, Kind, asked_columns, is_index, is_unnamed, kind_of_column
from throughtime.data.tables.column_names import listed, pick_column
from throughtime.doors import option
from throughtime.errors import DataError

__all__ = ["Keys", "Roles", "choose_roles", "find_keys", "lacks", "usual_target"]

_IDS = (
    *("unique_id", "series_id", "item_id", "ts_id", "series", "id", "item", "ticker", "symbol", "store", "shop"),
    *("station", "sensor", "site", "device", "entity", "key", "name"),
)
_COUNTS = frozenset(("no", "no.", "nr", "nr.", "#", "index", "idx", "row", "row_id", "rownum", "obs"))
_ASKED = ("target_column", "known_columns", "past_columns", "static_columns")
"""Options that ask for columns of values."""
_TARGETS = ("target", "value", "values", "y", "sales", "demand")


@dataclass(frozen=True, slots=True)
class Keys:
    """Which columns say of which series a row is, and of which time."""

    id: int | None
    """Column that tells the series apart; None for a table that is one series."""
    time: tuple[int, ...]
    """Columns of the time stamp; none where the rows are in order."""
    left_out: tuple[int, ...]
    """Columns that are left out: asked for, numbers of rows, empty."""

    @property
    def taken(self) -> set[int]:
        """All of them."""
        return {*self.time, *self.left_out} | ({self.id} if self.id is not None else set())


@dataclass(frozen=True, slots=True)
class Roles:
    """Which column of a table with a row for each step is what, by index."""

    keys: Keys
    """Those of series and time."""
    targets: tuple[int, ...]
    """Columns of what is to be forecast."""
    known: tuple[int, ...]
    """Columns of covariates that are known ahead."""
    past: tuple[int, ...]
    """Columns of covariates that are known up to the last step."""
    static: tuple[int, ...]
    """Columns of covariates that never change in a series."""
    rest: tuple[int, ...]
    """Columns of covariates that may be past or static ones, which is told when all is read."""
    kinds: Mapping[int, Kind]
    """What the covariates hold."""

    @property
    def covariates(self) -> tuple[int, ...]:
        """Columns of all covariates."""
        return (*self.known, *self.past, *self.static, *self.rest)


def lacks(sheet: Sheet, column: str) -> DataError:
    """Say that a column is missing that there was in what was learned from.

    Args:
        sheet: the table.
        column: the column.

    Returns:
        The error.
    """
    return DataError(
        f"{sheet.name} has no column {column!r}, which was learned from; it has {listed(sheet.names)}: name its "
        "columns alike"
    )


def find_keys(sheet: Sheet, how: PanelReading, found: PanelFound) -> Keys:
    """Find the columns of series and time, by the names asked for, those learned from, or usual ones.

    Args:
        sheet: the table.
        how: the columns that were asked for.
        found: those of the tables that were learned from.

    Returns:
        The columns.

    Raises:
        DataError: a column is missing, or is asked for as two things.
    """
    names = sheet.names
    ignored = asked_columns(how.ignore_columns, names, sheet.name, "ignore_columns") or ()
    times = tuple(i for i in find_times(sheet, how, found) if how.time_column or i not in ignored)
    left_out = {*ignored, *(i for i, name in enumerate(names) if name.startswith(EMPTY))}
    index = {i for i, name in enumerate(names) if _is_counter(i, name, sheet)} - {*times}
    key: int | None = None
    if how.id_column is not None:
        key = names.index(pick_column(names, how.id_column, sheet.name, "id_column"))
    elif found.fixed:
        key = names.index(found.id_column) if found.id_column in names else None
    else:
        key = _usual_id(sheet, {*times, *left_out, *index}, times)
    if key is not None and (key in times or key in ignored):
        raise DataError(f"{sheet.name}: column {names[key]!r} is asked for as two of id, time and left out")
    used = {names.index(each) for each in (*found.covariates, *found.targets) if each in names}
    for role in _ASKED[:1] if found.fixed else _ASKED:  # what stands beside is then what was learned from
        used |= set(asked_columns(getattr(how, role), names, sheet.name, role) or ())
    return Keys(key, times, tuple(sorted((left_out | index) - {key} - used)))


def _is_counter(i: int, name: str, sheet: Sheet) -> bool:
    """Whether a column numbers the rows, and is called so or not at all."""
    cells = sheet.cells(i)
    return (is_unnamed(name) or name.strip().casefold() in _COUNTS) and len(cells) > 1 and is_index(cells)


def _usual_id(sheet: Sheet, taken: set[int], times: Sequence[int]) -> int | None:
    """A column that is called as ids are, and does not number the rows of one series."""
    names = {name.strip().casefold(): i for i, name in reversed(list(enumerate(sheet.names))) if i not in taken}
    for name in _IDS:
        if name not in names:
            continue
        cells = sheet.cells(names[name])
        stamps = [tuple(row[i] for i in times) for row in sheet.sample if len(row) == len(sheet.names)]
        grows = is_index(cells) and len(set(stamps)) == len(stamps)
        if not any("." in cell and cell.replace(".", "").isdecimal() for cell in cells) and not (times and grows):
            return names[name] if times or not is_index(cells) else None
    return None


def usual_target(sheet: Sheet, columns: Sequence[int]) -> int | None:
    """Find the column that is called as what is to be forecast usually is.

    Args:
        sheet: the table.
        columns: those among which it is.

    Returns:
        Its index, or None.
    """
    names = {sheet.names[i].strip().casefold(): i for i in reversed(columns)}
    return next((names[name] for name in _TARGETS if name in names), None)


def choose_roles(sheet: Sheet, keys: Keys, how: PanelReading, found: PanelFound) -> Roles:
    """Tell what each column is.

    Args:
        sheet: the table.
        keys: the columns of series and time.
        how: the columns that were asked for.
        found: those of the tables that were learned from.

    Returns:
        The columns.

    Raises:
        DataError: one is missing or is asked for as two things, or what is to be forecast cannot be told.
    """
    if found.fixed:
        return _as_learned(sheet, keys, how, found)
    names, name = sheet.names, sheet.name
    asked = {role: asked_columns(getattr(how, role), names, name, role) or () for role in _ASKED}
    _refuse_twice(sheet, keys, asked)
    beside = (*asked["known_columns"], *asked["past_columns"], *asked["static_columns"])
    free = [i for i in range(len(names)) if i not in keys.taken and i not in beside]
    kinds: dict[int, Kind] = {i: kind_of_column(sheet.cells(i)) for i in (*free, *beside)}
    targets = asked["target_column"] or _told_target(sheet, [i for i in free if kinds[i] == "number"], keys)
    rest = () if how.past_columns else tuple(i for i in free if i not in targets)
    return Roles(
        keys, targets, asked["known_columns"], asked["past_columns"], asked["static_columns"], rest,
        {i: kinds[i] for i in (*rest, *beside)},
    )  # fmt: skip


def _refuse_twice(sheet: Sheet, keys: Keys, asked: dict[str, tuple[int, ...]]) -> None:
    taken = {i: "id" for i in (keys.id,) if i is not None} | dict.fromkeys(keys.time, "time")
    for role, columns in asked.items():
        for i in columns:
            if i in taken:
                raise DataError(
                    f"{sheet.name}: column {sheet.names[i]!r} is taken as {taken[i]} and asked for with "
                    f"{option(role)}; a column can be one of them"
                )
            taken[i] = option(role)


def _told_target(sheet: Sheet, numeric: Sequence[int], keys: Keys) -> tuple[int, ...]:
    """The one column of numbers, or the one with a usual name."""
    if not numeric:
        taken = listed([sheet.names[i] for i in sorted(keys.taken)])
        raise DataError(
            f"{sheet.name}: no column of numbers is left to be forecast" + (f" beside {taken}" if keys.taken else "")
        )
    usual = usual_target(sheet, numeric)
    if len(numeric) == 1 or usual is not None:
        return (numeric[0] if usual is None else usual,)
    raise DataError(
        f"{sheet.name}: which of the columns {listed([sheet.names[i] for i in numeric])} is to be forecast cannot be "
        f"told: say it with {option('target_column')}, and the others stand beside it; or if each of them is a series, "
        f"say {option('wide', 'columns')}"
    )


def _as_learned(sheet: Sheet, keys: Keys, how: PanelReading, found: PanelFound) -> Roles:
    """The columns that were learned from, by their names."""

    def of(columns: Sequence[str]) -> tuple[int, ...]:
        missing = next((each for each in columns if each not in sheet.names), None)
        if missing is not None:
            raise lacks(sheet, missing)
        return tuple(map(sheet.names.index, columns))

    targets = asked_columns(how.target_column, sheet.names, sheet.name, "target_column")
    if targets is None and found.form != "long":  # of wide tables, whose values have no name
        numeric = [i for i in range(len(sheet.names)) if kind_of_column(sheet.cells(i)) == "number"]
        targets = _told_target(sheet, [i for i in numeric if i not in keys.taken], keys)
    targets = targets or of(found.targets)
    if len(targets) != len(found.targets):
        raise DataError(
            f"{sheet.name}: {len(targets)} columns are to be forecast, and {len(found.targets)} were learned from"
        )
    known, past, static = of(found.known), of(found.past), of(found.static)
    return Roles(
        keys, targets, known, past, static, (),
        {i: found.kind_of(sheet.names[i]) for i in (*known, *past, *static)},
    )  # fmt: skip
