"""Tables with a row for each step become series: which column is what, and what is wrong with a row, by its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_files import files_called
from small_panels import DAYS, notes_of, read, refused, skipped, stamps_of, values_of

from throughtime.data.panel.options import PanelFound

written = files_called("a.csv")
TWO = "id,date,value\n" + "".join(
    f"{name},{day},{i + 10 * k}\n" for k, name in enumerate("ab") for i, day in enumerate(DAYS)
)
ONE = "date,value\n" + "".join(f"{day},{i}\n" for i, day in enumerate(DAYS))


def changed(table: str, old: str, new: str) -> str:
    assert table.count(old) == 1
    return table.replace(old, new)


def test_series_by_id_in_the_order_of_their_first_rows(tmp_path: Path) -> None:
    rows = sorted(TWO.splitlines()[1:], key=lambda row: row.split(",")[1])  # by day, a before b
    panel = read(written(tmp_path, "id,date,value\n" + "\n".join(rows) + "\n"))
    assert values_of(panel) == {"a": list(range(28)), "b": list(range(10, 38))}
    assert (panel.form, panel.targets, panel.id_column, panel.time_column) == ("long", ("value",), "id", "date")
    assert stamps_of(panel) == DAYS
    assert panel.clock.write(panel.series[1].future(2)) == ["2024-01-29", "2024-01-30"]
    assert panel.series[0].past.shape == (28, 0)
    assert panel.series[1].place.endswith("a.csv: line 3 (series 'b')")


def test_the_only_column_of_numbers_is_what_is_forecast(tmp_path: Path) -> None:
    panel = read(written(tmp_path, '"Month","Passengers"\r\n"1949-01",112\r\n"1949-02",118\r\n"1949-03",132\r\n'))
    assert panel.targets == ("Passengers",)
    assert panel.clock.write(panel.series[0].future(2)) == ["1949-04", "1949-05"]


def test_of_several_columns_a_usual_name_is(tmp_path: Path) -> None:
    table = "date,x,sales,kind\n" + "".join(f"{day},{i},{2 * i},{'ab'[i % 2]}\n" for i, day in enumerate(DAYS))
    panel = read(written(tmp_path, table))
    assert (panel.targets, panel.past) == (("sales",), ("x", "kind=a", "kind=b"))
    assert panel.series[0].past[:2].tolist() == [[0, 1, 0], [1, 0, 1]]


def test_of_several_columns_without_one_the_user_must_choose(tmp_path: Path) -> None:
    path = written(tmp_path, "date,open,close\n" + "".join(f"{day},{i},{2 * i}\n" for i, day in enumerate(DAYS)))
    message = refused(path)
    assert "'open', 'close'" in message
    assert "--target-column" in message and "--wide columns" in message
    assert read(path, target_column="close").past == ("open",)
    both = read(path, target_column="close,open")
    assert both.targets == ("close", "open")
    assert both.series[0].values[3].tolist() == [6, 3]


def test_what_never_changes_in_a_series_is_static(tmp_path: Path) -> None:
    lines = ["id,date,value,size,region,open"]
    for name, size, region in (("a", 5, "north"), ("b", 7, "south")):
        lines += [f"{name},{day},{i},{size},{region},{'true' if i % 7 else 'false'}" for i, day in enumerate(DAYS)]
    panel = read(written(tmp_path, "\n".join(lines)))
    assert (panel.static, panel.past) == (("size", "region=north", "region=south"), ("open",))
    assert [series.static.tolist() for series in panel.series] == [[5, 1, 0], [7, 0, 1]]
    assert panel.series[0].past[:2, 0].tolist() == [0, 1]


def test_of_one_series_nothing_is_static(tmp_path: Path) -> None:
    panel = read(written(tmp_path, "date,value,size\n" + "".join(f"{day},{i},5\n" for i, day in enumerate(DAYS))))
    assert (panel.past, panel.static) == (("size",), ())


def test_what_is_asked_for_as_static_must_be(tmp_path: Path) -> None:
    table = "id,date,value,size\n" + "".join(
        f"{s},{day},{i},{int(s == 'b' and i > 4)}\n" for s in "ab" for i, day in enumerate(DAYS)
    )
    assert refused(written(tmp_path, table), static_columns="size").startswith(
        "a.csv: line 35 (series 'b'): column 'size' changes"
    )


def test_known_columns_go_on_behind_the_last_value(tmp_path: Path) -> None:
    rows = [f"{s},{day},{i if i < 20 else ''},{i % 3}" for s in "ab" for i, day in enumerate(DAYS)]
    panel = read(written(tmp_path, "id,date,value,promo\n" + "\n".join(rows)), known_columns="promo")
    series = panel.series[1]
    assert (len(series), series.known.shape, len(series.ticks), panel.known) == (20, (28, 1), 20, ("promo",))
    assert series.known[:, 0].tolist() == [i % 3 for i in range(28)]
    assert series.until(5).known.shape == (28, 1)


def test_a_hole_in_what_is_known_ahead_is_refused(tmp_path: Path) -> None:
    rows = [f"{s},{day},{i if i < 20 else ''},{i % 3}" for s in "ab" for i, day in enumerate(DAYS)]
    table = "id,date,value,promo\n" + "\n".join(rows)
    lacking = refused(written(tmp_path, changed(table, "b,2024-01-23,,1\n", "")), known_columns="promo")
    assert lacking.startswith("a.csv: line 51 (series 'b'): the row of 2024-01-23 is missing behind this one")
    empty = refused(written(tmp_path, changed(table, "b,2024-01-23,,1\n", "b,2024-01-23,,\n")), known_columns="promo")
    assert empty.startswith("a.csv: line 52 (series 'b'): column 'promo' is empty")


def test_rows_without_a_value_at_both_ends_are_left_out(tmp_path: Path) -> None:
    table = changed(changed(ONE, "01-01,0\n", "01-01,\n"), "01-28,27\n", "01-28,NA\n")
    path = written(tmp_path, table)
    assert values_of(read(path)) == {"": list(range(1, 27))}
    assert stamps_of(read(path))[0] == "2024-01-02"
    said = "steps without a value at the start or the end of a series are left out"
    assert said in notes_of(path)
    for old, new in (("01-01,0\n", "01-01,\n"), ("01-28,27\n", "01-28,\n")):
        assert said in notes_of(written(tmp_path, changed(ONE, old, new)))
    assert said not in notes_of(written(tmp_path, ONE))


def test_stamps_split_over_columns(tmp_path: Path) -> None:
    rows = [f"{n + 1},2010,1,{1 + n // 24},{n % 24},{n}" for n in range(72)]
    path = written(tmp_path, "No,year,month,day,hour,pm2.5\n" + "\n".join(rows))
    panel = read(path)
    assert (panel.targets, panel.past, panel.time_column) == (("pm2.5",), (), "time")
    assert stamps_of(panel)[23:25] == ["2010-01-01 23:00", "2010-01-02 00:00"]
    said = notes_of(path)
    assert (
        "steps by 'year', 'month', 'day', 'hour'" in said and "left out: 'No'" in said and "a step is an hour" in said
    )


def test_a_part_of_a_stamp_that_is_none(tmp_path: Path) -> None:
    rows = [f"{2000 + n // 12},{n % 12 + 1 if n != 20 else 13},{n}" for n in range(30)]
    message = refused(written(tmp_path, "year,month,sales\n" + "\n".join(rows)))
    assert message == "a.csv: line 22: column 'month' holds '13', which is no month of a date"


def test_a_date_beside_a_time_of_the_day(tmp_path: Path) -> None:
    rows = [f"2024-05-{1 + n // 24:02d},{n % 24:02d}:00:00,{n}" for n in range(60)]
    panel = read(written(tmp_path, "Date,Time,Temp\n" + "\n".join(rows)))
    assert stamps_of(panel)[:2] == ["2024-05-01 00:00:00", "2024-05-01 01:00:00"]


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "index", "No", "#"])
def test_numbers_of_rows_are_left_out(name: str, tmp_path: Path) -> None:
    panel = read(
        written(tmp_path, f"{name},date,value\n" + "".join(f"{i},{day},{i * i}\n" for i, day in enumerate(DAYS)))
    )
    assert (panel.targets, panel.past, panel.id_column) == (("value",), (), None)


def test_an_id_that_numbers_the_rows_is_none(tmp_path: Path) -> None:
    panel = read(written(tmp_path, "id,date,y\n" + "".join(f"{i},{day},{i * i}\n" for i, day in enumerate(DAYS))))
    assert (panel.id_column, len(panel.series)) == (None, 1)


def test_many_series_seen_at_once_have_ids_that_grow(tmp_path: Path) -> None:
    table = "id,date,y\n" + "".join(f"{i},{day},{i}\n" for day in DAYS[:4] for i in range(300))
    panel = read(written(tmp_path, table))
    assert len(panel.series) == 300
    assert (panel.series[7].name, panel.series[7].values.tolist()) == ("7", [[7]] * 4)


def test_decimal_commas_ids_of_any_letters_and_large_values(tmp_path: Path) -> None:
    rows = [f"{name};{day};{10**12 + i},5" for name in ("😀", "Å 1") for i, day in enumerate(DAYS)]
    panel = read(written(tmp_path, "id;date;value\n" + "\n".join(rows)))
    assert values_of(panel)["Å 1"] == [1e12 + i + 0.5 for i in range(28)]
    assert panel.series[0].name == "😀"


def test_ids_keep_their_zeros(tmp_path: Path) -> None:
    table = "store,date,value\n" + "".join(f"{s},{day},{i}\n" for s in ("007", "07") for i, day in enumerate(DAYS))
    assert list(values_of(read(written(tmp_path, table)))) == ["007", "07"]


def test_whole_numbers_as_time(tmp_path: Path) -> None:
    panel = read(written(tmp_path, "t,y\n" + "".join(f"{t},{t}\n" for t in range(100, 200, 5))))
    assert panel.clock.kind == "number"
    assert panel.series[0].future(2).tolist() == [200, 205]


def test_a_time_in_decimals_is_refused_not_taken_for_something_else(tmp_path: Path) -> None:
    message = refused(written(tmp_path, "time,value\n" + "".join(f"{i / 2},{i}\n" for i in range(9))))
    assert message.startswith("a.csv: line 3: column 'time' holds ")
    panel = read(written(tmp_path, "t,value\n" + "".join(f"{i / 2},{i}\n" for i in range(9))))  # degrees, perhaps
    assert (panel.time_column, panel.past) == (None, ("t",))


def test_ids_without_times(tmp_path: Path) -> None:
    panel = read(written(tmp_path, "id,value\n1,5\n1,6\n2,7\n1,8\n2,9\n"))
    assert values_of(panel) == {"1": [5, 6, 8], "2": [7, 9]}
    assert (panel.clock.kind, panel.series[1].ticks.tolist()) == ("none", [0, 1])


def test_without_times_steps_are_in_the_order_of_the_lines(tmp_path: Path) -> None:
    panel = read(written(tmp_path, "5\n7\n6\n"))
    assert values_of(panel) == {"": [5, 7, 6]}
    assert (panel.clock.kind, panel.time_column, panel.series[0].ticks.tolist()) == ("none", None, [0, 1, 2])


@pytest.mark.parametrize(
    ("table", "how", "message"),
    [
        ("", {}, "is empty"),
        ("date,value\n", {}, "has no rows under its header"),
        ("date,value", {}, "has no rows under its header"),
        (changed(ONE, "01-05,4\n", "01-05,abc\n"), {}, "line 6: column 'value' holds 'abc', not a number"),
        (changed(ONE, "01-05,4\n", "01-05,inf\n"), {}, "line 6: column 'value' holds 'inf' (str), not a finite number"),
        (changed(ONE, "01-05,4\n", '01-05,"1,500"\n'), {}, "line 6: column 'value' holds '1,500', not a number (write"),
        (changed(ONE, "01-05,4\n", "01-05,4,4\n"), {}, "line 6: 3 cells, where the first line has 2"),
        (changed(ONE, "01-05,4\n", "01-05\n"), {}, "line 6: 1 cell, where the first line has 2"),
        (changed(ONE, "2024-01-05,", "yesterday,"), {}, "line 6: column 'date' holds 'yesterday', neither a number"),
        (changed(ONE, "2024-01-05,", ","), {}, "line 6: column 'date' is empty"),
        (changed(TWO, "a,2024-01-05,", ",2024-01-05,"), {}, "line 6: no id in column 'id'"),
        (ONE, {"target_column": "y"}, "has no column 'y'; it has 'date', 'value': choose one with --target-column"),
        (ONE, {"id_column": "store"}, "has no column 'store'"),
        (ONE, {"known_columns": "promo"}, "has no column 'promo'"),
        (ONE, {"target_column": "date"}, "column 'date' is taken as time and asked for with --target-column"),
        (ONE, {"target_column": "value", "past_columns": "value"}, "column 'value' is taken as --target-column and"),
        (ONE, {"ignore_columns": "value"}, "no column of numbers is left to be forecast beside 'date', 'value'"),
        ("a,a\n1,2\n3,4\n", {}, "two columns are called 'a'; rename one"),
    ],
)
def test_what_is_refused(table: str, how: dict[str, str], message: str, tmp_path: Path) -> None:
    assert message in refused(written(tmp_path, table), **how)


def test_two_columns_of_dates(tmp_path: Path) -> None:
    table = "seen,sent,y\n" + "".join(f"{day},{day},{i}\n" for i, day in enumerate(DAYS))
    assert "columns 'seen', 'sent' hold dates; say which has the time stamps with --time-column" in refused(
        written(tmp_path, table)
    )
    assert read(written(tmp_path, table), time_column="seen", ignore_columns="sent").time_column == "seen"
    assert read(written(tmp_path, table.replace("sent", "date")), ignore_columns="seen").time_column == "date"


def test_a_time_zone_without_times(tmp_path: Path) -> None:
    assert "--time-zone UTC is for time stamps, of which there are none" in refused(
        written(tmp_path, "value\n1\n2\n"), time_zone="UTC"
    )


def test_labels_that_are_too_many(tmp_path: Path) -> None:
    table = "t,value,note\n" + "".join(f"{i},{i},word{i}\n" for i in range(150))
    message = refused(written(tmp_path, table))
    assert "column 'note' holds more than 100 different labels" in message
    assert "--ignore-columns note" in message
    assert read(written(tmp_path, table), ignore_columns="note").past == ()


def test_bad_series_are_skipped_one_line_each(tmp_path: Path) -> None:
    table = TWO + "".join(f"c,{day},{i}\n" for i, day in enumerate(DAYS))
    table = changed(changed(table, "b,2024-01-05,14\n", "b,2024-01-05,x\n"), "b,2024-01-09,18\n", "b,2024-01-09,y\n")
    panel, bad = skipped(written(tmp_path, changed(table, "a,2024-01-07,", "a,then,")))
    assert list(values_of(panel)) == ["c"]
    assert [line.split(", ")[0] for line in bad] == [
        "a.csv: line 8 (series 'a'): column 'date' holds 'then'",
        "a.csv: line 34 (series 'b'): column 'value' holds 'x'",
    ]


def test_nothing_left(tmp_path: Path) -> None:
    path = written(tmp_path, changed(ONE, "01-05,4\n", "01-05,x\n"))
    with pytest.raises(ValueError, match="no series is left"):
        skipped(path)


def test_other_tables_are_read_like_those_learned_from(tmp_path: Path) -> None:
    lines = [
        f"{s},{day},{i},{k},{'uv'[i % 2]},{i % 5 > 0}"
        for s, k in (("a", "p"), ("b", "q"))
        for i, day in enumerate(DAYS)
    ]
    header = "id,date,value,kind,label,x\n"
    found = PanelFound()
    read(written(tmp_path, header + "\n".join(lines)), found, known_columns="x")
    found = PanelFound.from_mapping(found.to_mapping())
    assert (found.targets, found.past, found.known, found.static) == (["value"], ["label"], ["x"], ["kind"])
    # One series alone, of which nothing would be told to be static; an unknown label; other columns in another order.
    later = "x,more,label,kind,date,id,value\n" + "".join(
        f"{i % 5 > 0},9,{'vw'[i % 2]},q,{day},z,{i}\n" for i, day in enumerate(DAYS)
    )
    panel = read(written(tmp_path, later, "b.csv"), found)
    assert (panel.past, panel.known, panel.static) == (("label=u", "label=v"), ("x",), ("kind=p", "kind=q"))
    assert panel.series[0].past[:2].tolist() == [[0, 1], [0, 0]]
    assert panel.series[0].known[:3].tolist() == [[0], [1], [1]]
    assert panel.series[0].static.tolist() == [0, 1]
    lacking = refused(written(tmp_path, later.replace("label", "other"), "b.csv"), found)
    assert "has no column 'label', which was learned from" in lacking
    nothing = refused(written(tmp_path, "id,value,label,kind,x\nz,1,u,p,1\nz,2,u,p,2\n", "b.csv"), found)
    assert "no time stamps" in nothing


def test_an_unknown_label_is_told_of(tmp_path: Path) -> None:
    found = PanelFound()
    for labels in ("uv", "uw"):
        table = "date,value,label\n" + "".join(f"{day},{i},{labels[i % 2]}\n" for i, day in enumerate(DAYS))
        said = notes_of(written(tmp_path, table), found)
    assert "column 'label' holds 'w', which was not learned from" in said


@pytest.mark.parametrize("stamps", [["31/12/2024", "1/1/2025", "2/1/2025"], ["2024-W01", "2024-W02", "2024-W03"]])
def test_dates_of_other_ways_are_times_whatever_they_are_called(stamps: list[str], tmp_path: Path) -> None:
    panel = read(written(tmp_path, "observed,y\n" + "".join(f"{stamp},{i}\n" for i, stamp in enumerate(stamps))))
    assert (panel.time_column, panel.past, panel.clock.kind) == ("observed", (), "date")


def test_dates_that_may_be_two_days_are_no_labels(tmp_path: Path) -> None:
    message = refused(written(tmp_path, "observed,y\n" + "".join(f"{i}/{i}/2024,{i}\n" for i in range(1, 9))))
    assert message.startswith("a.csv: line 2: column 'observed' holds '1/1/2024', and nothing tells whether the month")
