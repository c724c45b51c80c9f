"""Series in memory: arrays, lists, dicts, data frames."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import polars as pl
import pytest
from small_panels import DAYS, notes_of, read, refused, skipped, stamps_of, values_of

from throughtime.data.panel.options import PanelFound
from throughtime.errors import UsageError

NUMBERS = [5.0, 7.0, 6.0]


@pytest.mark.parametrize(
    "data", [NUMBERS, [5, 7, 6], tuple(NUMBERS), np.array(NUMBERS), np.array([5, 7, 6], np.int8), pl.Series(NUMBERS)]
)
def test_numbers_are_one_series(data: object) -> None:
    panel = read(data)
    assert values_of(panel) == {"": NUMBERS}
    assert (panel.form, panel.targets, panel.clock.kind) == ("long", ("value",), "none")
    assert panel.series[0].place == "row 1 of the data"


def test_an_array_has_a_series_in_each_column() -> None:
    array = np.arange(12.0).reshape(4, 3)
    panel = read(array)
    assert values_of(panel) == {str(i + 1): array[:, i].tolist() for i in range(3)}
    assert panel.form == "columns"
    assert "each of the 3 columns of the array is a series of 4 steps" in notes_of(array)
    assert values_of(read(array, wide="rows")) == {str(i + 1): array[i].tolist() for i in range(4)}


@pytest.mark.parametrize("data", [[[1, 2, 3], [4, 5]], [np.array([1, 2, 3]), np.array([4.0, 5])]])
def test_a_list_of_series(data: object) -> None:
    assert values_of(read(data)) == {"1": [1, 2, 3], "2": [4, 5]}


def test_a_dict_of_series_of_several_lengths() -> None:
    assert values_of(read({"a": [1, 2, 3], "b": np.array([4, 5])})) == {"a": [1, 2, 3], "b": [4, 5]}


def test_a_dict_of_columns() -> None:
    table = {"ds": DAYS * 2, "unique_id": ["a"] * 28 + ["b"] * 28, "y": list(range(56)), "k": [True, False] * 28}
    panel = read(table)
    assert values_of(panel) == {"a": list(range(28)), "b": list(range(28, 56))}
    assert (stamps_of(panel), panel.past, panel.series[0].past[:2].tolist()) == (DAYS, ("k",), [[1], [0]])


def test_columns_of_one_length_may_be_anything() -> None:
    table = {"a": NUMBERS, "b": NUMBERS}
    assert "--wide columns" in refused(table)
    assert values_of(read(table, wide="columns")) == {"a": NUMBERS, "b": NUMBERS}


def test_a_list_of_dicts() -> None:
    panel = read([{"day": date(2024, 1, 1 + i), "y": i} for i in range(5)])
    assert (values_of(panel), stamps_of(panel)) == ({"": list(range(5))}, DAYS[:5])
    assert refused([{"day": date(2024, 1, 1 + i), "y": i if i != 3 else None} for i in range(5)]).startswith(
        "row 4 of the data: column 'y' is empty"
    )


@pytest.mark.parametrize("cells", ["text", "date", "datetime64"])
def test_a_data_frame_of_polars(cells: str) -> None:
    made = {
        "text": DAYS,
        "date": [date(2024, 1, 1 + i) for i in range(28)],
        "datetime64": np.array(DAYS, "datetime64[D]"),
    }
    frame = pl.DataFrame({"date": made[cells], "y": np.arange(28), "k": ["u", "v"] * 14})
    panel = read(frame)
    assert (values_of(panel), panel.past) == ({"": list(range(28))}, ("k=u", "k=v"))
    assert panel.series[0].future(1).tolist() == [np.datetime64("2024-01-29", "us").astype(int)]


def test_times_with_a_zone_keep_it() -> None:
    zone = timezone(timedelta(hours=2))
    times = [datetime(2024, 5, 1, tzinfo=zone) + timedelta(hours=i) for i in range(6)]
    frame = pl.DataFrame({"time": times, "y": range(6)}).with_columns(
        pl.col("time").dt.convert_time_zone("Europe/Rome")
    )
    panel = read(frame)
    assert panel.series[0].ticks[0] == np.datetime64("2024-04-30T22:00", "us").astype(int)
    assert stamps_of(panel)[0].startswith("2024-05-01T00:00")


class Index(list[Any]):
    """What an index of pandas is, as far as it is read."""

    def __init__(self, cells: list[Any], name: str | None, levels: list[Index] | None = None) -> None:
        super().__init__(cells)
        self.name, self.levels = name, levels or [self]
        self.nlevels, self.dtype = len(self.levels), np.array(cells).dtype

    def get_level_values(self, level: int) -> Index:
        return self.levels[level]

    def to_numpy(self) -> np.ndarray[Any, Any]:
        return np.array(self)


class DatetimeIndex(Index):
    pass


class MultiIndex(Index):
    pass


class Frame:
    """What a data frame of pandas is, as far as it is read."""

    def __init__(self, columns: dict[str, list[Any]], index: Index) -> None:
        self.columns, self.index, self.cells = list(columns), index, [Index(each, None) for each in columns.values()]
        self.iloc = self

    def __getitem__(self, place: tuple[slice, int]) -> Index:
        return self.cells[place[1]]

    def itertuples(self) -> Iterator[object]:
        return iter(())


STAMPS = np.array(DAYS, "datetime64[us]").tolist()


def test_a_data_frame_of_pandas_with_times_as_its_index() -> None:
    panel = read(Frame({"load": list(range(28))}, DatetimeIndex(STAMPS, None)))
    assert (values_of(panel), panel.targets, panel.time_column) == ({"": list(range(28))}, ("load",), "time")
    panel = read(Frame({"a": NUMBERS, "b": NUMBERS}, DatetimeIndex(STAMPS[:3], "when")), wide="columns")
    assert (values_of(panel), panel.time_column) == ({"a": NUMBERS, "b": NUMBERS}, "when")


def test_a_data_frame_of_pandas_with_ids_and_times_as_its_index() -> None:
    ids, times = Index(["a"] * 28 + ["b"] * 28, "store"), DatetimeIndex(STAMPS * 2, None)
    panel = read(Frame({"y": list(range(56))}, MultiIndex(list(range(56)), None, [ids, times])))
    assert (values_of(panel)["b"], panel.id_column, panel.time_column) == (list(range(28, 56)), "store", "time")


class Column(Index):
    """What a series of pandas is, as far as it is read."""

    def __init__(self, cells: list[Any], name: str | None, index: Index) -> None:
        super().__init__(cells, name)
        self.index, self.iloc = index, self  # type: ignore[assignment]

    def to_frame(self, name: str) -> Frame:
        return Frame({name: list(self)}, self.index)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "target"), [(None, "value"), ("load", "load")])
def test_a_series_of_pandas(name: str | None, target: str) -> None:
    panel = read(Column(NUMBERS, name, DatetimeIndex(STAMPS[:3], None)))
    assert (values_of(panel), panel.targets, stamps_of(panel)[0]) == ({"": NUMBERS}, (target,), "2024-01-01")


def test_an_index_without_a_name_is_none() -> None:
    assert read(Frame({"y": NUMBERS}, Index([0, 1, 2], None))).time_column is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "the data has no rows"),
        ({}, "the data has no rows"),
        (np.array(["a"]), "the data is an array of <U1, (1,); numbers are needed"),
        (np.zeros((2, 2, 2)), "the data is an array of float64, (2, 2, 2)"),
        ([1, float("inf")], "row 2 of the data: column 'value' holds 'inf'"),
        ([1, None, 3], "row 2 of the data: column 'value' is empty"),
        (5, "the data is int; series in memory are"),
        (["a", "b"], "the data is a list of str; series in memory are"),
        ({"a": [1, 2], "b": []}, "series 'b' of the data: no value"),
        ({"a": [1, 2], "b": ["x"]}, "row 1 of series 'b' in the data: column 'b' holds 'x', not a number"),
        ({"a": "text"}, "'a' of the data is str, not a column of cells"),
        ({"t": DAYS[:3], "y": [1, 2, "x"]}, "row 3 of the data: column 'y' holds 'x', not a number"),
    ],
)
def test_what_is_refused(data: object, message: str) -> None:
    assert refused(data).startswith(message)


@pytest.mark.parametrize("role", ["id_column", "time_column", "target_column", "known_columns", "static_columns"])
def test_numbers_alone_have_no_columns(role: str) -> None:
    with pytest.raises(UsageError, match=f"{role} names a column, and the data is numbers alone"):
        read(NUMBERS, **{role: "y"})  # type: ignore[arg-type]


def test_gaps_and_bad_series() -> None:
    assert np.isnan(read([1, None, 3], fill="zero").series[0].values[:, 0]).tolist() == [False, True, False]
    panel, bad = skipped({"a": [1, 2], "b": ["x"], "c": []})
    assert (list(values_of(panel)), len(bad)) == (["a"], 2)


def test_numbers_alone_are_no_columns_that_were_learned_from() -> None:
    found = PanelFound(fixed=True, form="long", targets=["y"])
    assert read(NUMBERS, found).targets == ("y",)
    found = PanelFound(fixed=True, form="long", targets=["y"], known=["promo"])
    assert "'y', 'promo' were learned from" in refused(NUMBERS, found)
