"""Tables with a series in each column, or in each row: how they are told, and what is wrong with one."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from small_files import files_called
from small_panels import DAYS, notes_of, read, refused, skipped, stamps_of, values_of

from throughtime.data.panel.options import PanelFound
from throughtime.errors import DataError, UsageError

written = files_called("a.csv")
M4 = '"V1","V2","V3","V4","V5"\n"H1","605","586","586","559"\n"H2","3124","2990","",""\n'
PLAIN = "".join(f"{0.5 + i},{-i},{10 * i}\n" for i in range(20))
DATED = "date,oslo,rome\n" + "".join(f"{day},{i},{-i}\n" for i, day in enumerate(DAYS))


def test_columns_without_names_are_series(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(PLAIN.encode()), "a.txt.gz")
    panel = read(path)
    assert values_of(panel) == {
        "1": [0.5 + i for i in range(20)],
        "2": [-i for i in range(20)],
        "3": list(range(0, 200, 10)),
    }
    assert (panel.form, panel.targets, panel.id_column, panel.time_column) == ("columns", ("value",), None, None)
    assert "each column is a series (3 columns of numbers without names), 3 of them: '1', '2', '3'" in notes_of(path)


def test_columns_that_are_numbered_are_series(tmp_path: Path) -> None:
    panel = read(written(tmp_path, DATED.replace("oslo", "MT_001").replace("rome", "MT_002")))
    assert (panel.form, list(values_of(panel)), stamps_of(panel)) == ("columns", ["MT_001", "MT_002"], DAYS)


def test_columns_that_are_numbered_otherwise_are_not(tmp_path: Path) -> None:
    path = written(tmp_path, DATED.replace("oslo", "pm10").replace("rome", "no2"))
    assert "--wide columns" in refused(path)


def test_columns_with_other_names_may_be_anything(tmp_path: Path) -> None:
    path = written(tmp_path, DATED)
    message = refused(path)
    assert "--target-column" in message and "--wide columns" in message
    panel = read(path, wide="columns")
    assert (panel.form, values_of(panel)["rome"], panel.time_column) == ("columns", [-i for i in range(28)], "date")
    assert read(path, target_column="rome").form == "long"
    with pytest.raises(UsageError, match="--wide columns takes the numbers of all columns as series"):
        read(path, wide="columns", target_column="rome")


def test_columns_may_begin_and_end_anywhere(tmp_path: Path) -> None:
    rows = [f"{day},{i if i > 3 else ''},{i if i < 20 else 'NA'}" for i, day in enumerate(DAYS)]
    panel = read(written(tmp_path, "date,a1,a2\n" + "\n".join(rows)))
    assert [len(series) for series in panel.series] == [24, 20]
    assert (stamps_of(panel, 0)[0], stamps_of(panel, 1)[-1]) == (DAYS[4], DAYS[19])


def test_what_stands_beside_all_columns(tmp_path: Path) -> None:
    rows = [f"{day},{i if i < 20 else ''},{i if i < 20 else ''},{i % 7},{'uv'[i % 2]}" for i, day in enumerate(DAYS)]
    path = written(tmp_path, "date,a1,a2,weekday,label\n" + "\n".join(rows))
    panel = read(path, wide="columns", known_columns="weekday", past_columns="label")
    assert (list(values_of(panel)), panel.known, panel.past) == (["a1", "a2"], ("weekday",), ("label=u", "label=v"))
    for series in panel.series:
        assert series.known[:, 0].tolist() == [i % 7 for i in range(28)]
        assert (len(series), series.past.shape) == (20, (20, 2))
    assert "no room for --static-columns" in refused(path, wide="columns", static_columns="label")
    assert "line 2 (series 'label'): column 'label' holds 'u', not a number" in refused(path, wide="columns")


def test_a_bad_column_is_skipped(tmp_path: Path) -> None:
    panel, bad = skipped(written(tmp_path, DATED.replace("01-05,4,-4", "01-05,4,x")), wide="columns")
    assert list(values_of(panel)) == ["oslo"]
    assert bad == ["a.csv: line 6 (series 'rome'): column 'rome' holds 'x', not a number"]


def test_rows_as_m4_has_them(tmp_path: Path) -> None:
    path = written(tmp_path, M4)
    panel = read(path)
    assert values_of(panel) == {"H1": [605, 586, 586, 559], "H2": [3124, 2990]}
    assert (panel.form, panel.id_column, panel.clock.kind) == ("rows", "V1", "none")
    assert panel.series[1].ticks.tolist() == [0, 1]
    assert panel.series[1].place.endswith("line 3 (series 'H2')")
    assert "each row is a series (the columns 'V2' to 'V5' are numbered as steps), 2 of them by 'V1'" in notes_of(path)


def test_rows_with_what_never_changes_before_their_values(tmp_path: Path) -> None:
    table = "name,region,size,t1,t2,t3\na,north,5,1,2,3\nb,south,7,4,5,6\n"
    panel = read(written(tmp_path, table))
    assert (values_of(panel), panel.id_column) == ({"a": [1, 2, 3], "b": [4, 5, 6]}, "name")
    assert panel.static == ("region=north", "region=south", "size")
    assert [series.static.tolist() for series in panel.series] == [[1, 0, 5], [0, 1, 7]]
    assert read(written(tmp_path, table), ignore_columns="region").static == ("size",)


@pytest.mark.parametrize("names", [["2024-01-31", "2024-02-29", "2024-03-31"], ["1990", "1991", "1992"]])
def test_names_of_columns_are_the_times(names: list[str], tmp_path: Path) -> None:
    panel = read(written(tmp_path, f"country,{','.join(names)}\nx,1,2,3\ny,4,5,\n"))
    assert values_of(panel) == {"x": [1, 2, 3], "y": [4, 5]}
    assert stamps_of(panel) == names
    assert panel.clock.write(panel.series[0].future(1)) == ["2024-04-30" if "-" in names[0] else "1993"]


def test_rows_of_several_lengths(tmp_path: Path) -> None:
    panel = read(written(tmp_path, "a,1.5,2,3,4\nb,5\nc,6,7,,\n"), wide="rows")
    assert values_of(panel) == {"a": [1.5, 2, 3, 4], "b": [5], "c": [6, 7]}


def test_many_values_behind_an_id_are_rows(tmp_path: Path) -> None:
    rows = np.arange(60.0).reshape(3, 20) + 0.25
    panel = read(
        written(tmp_path, "".join(f"s{i}," + ",".join(map(str, row)) + "\n" for i, row in enumerate(rows.tolist())))
    )
    assert values_of(panel) == {f"s{i}": row for i, row in enumerate(rows.tolist())}


def test_rows_without_ids_are_numbered(tmp_path: Path) -> None:
    path = written(tmp_path, "1,2,3,9\n4,5,6,9\n")
    message = refused(path)
    assert "--wide columns" in message and "--wide rows" in message
    panel = read(path, wide="rows")
    assert (values_of(panel), panel.id_column) == ({"1": [1, 2, 3, 9], "2": [4, 5, 6, 9]}, None)


@pytest.mark.parametrize(
    ("table", "how", "message"),
    [
        (M4.replace('"2990"', '"x"'), {}, "line 3 (series 'H2'): column 'V3' holds 'x', not a number"),
        (M4.replace('"H2"', '"H1"'), {"id_column": "V1"}, "line 3 (series 'H1'): the id 'H1' again"),
        (
            M4.replace('"3124","2990"', '"3124",""').replace('"",""\n', '"","7"\n'),
            {},
            "line 3 (series 'H2'): a value is missing; --fill forward",
        ),
        (M4.replace('"3124","2990"', '"",""'), {}, "line 3 (series 'H2'): no value in this row"),
        (M4 + '"H3","1","2","3","4","5"\n', {}, "line 4 (series 'H3'): 6 cells, where the header has 5"),
        (M4, {"known_columns": "V2"}, "no room for --known-columns"),
        (DATED, {"wide": "rows"}, "column 'date' has a time in each row"),
        (DATED, {"wide": "columns", "id_column": "rome"}, "has no room for --id-column"),
    ],
)
def test_what_is_refused(table: str, how: dict[str, str], message: str, tmp_path: Path) -> None:
    assert message in refused(written(tmp_path, table), **how)


def test_bad_rows_are_skipped(tmp_path: Path) -> None:
    panel, bad = skipped(written(tmp_path, M4 + "H3,1,2,x\nH4,1,2,3,4\n"))
    assert list(values_of(panel)) == ["H1", "H2", "H4"]
    assert len(bad) == 1 and "(series 'H3')" in bad[0]


def test_others_are_read_like_those_learned_from(tmp_path: Path) -> None:
    found = PanelFound()
    read(written(tmp_path, "name,kind,t1,t2,t3\na,p,1,2,3\nb,q,4,5,6\n"), found)
    found = PanelFound.from_mapping(found.to_mapping())
    # One row and a step less, of which alone nothing could be told.
    panel = read(written(tmp_path, "name,kind,t1,t2,t3\nz,q,7,8,9\n", "b.csv"), found)
    assert (values_of(panel), panel.series[0].static.tolist()) == ({"z": [7, 8, 9]}, [0, 1])
    assert list(values_of(read(written(tmp_path, "name,kind,t1\nz,q,7\n", "b.csv"), found))) == ["z"]
    with pytest.raises(DataError, match="has no column 'kind', which was learned from"):
        read(written(tmp_path, "name,t1,t2,t3\nz,7,8,9\n", "b.csv"), found)


def test_a_table_of_another_form_than_those_learned_from(tmp_path: Path) -> None:
    found = PanelFound()
    read(written(tmp_path, M4), found)
    long = read(
        written(tmp_path, "date,sales\n" + "".join(f"{day},{i}\n" for i, day in enumerate(DAYS)), "b.csv"), found
    )
    assert (long.form, values_of(long), long.targets) == ("long", {"": list(range(28))}, ("sales",))
    found = PanelFound()
    read(written(tmp_path, "date,sales\n" + "".join(f"{day},{i}\n" for i, day in enumerate(DAYS))), found)
    panel = read(written(tmp_path, DATED, "b.csv"), found, wide="columns")
    assert (panel.form, list(values_of(panel)), panel.targets) == ("columns", ["oslo", "rome"], ("sales",))
