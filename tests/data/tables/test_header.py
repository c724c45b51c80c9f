"""Whether the first row names the columns is told from all columns, one way for tables and for series."""

from __future__ import annotations

from pathlib import Path

import pytest

from throughtime.data.reading import Problems, Reading
from throughtime.data.tables.header import weigh_first_row
from throughtime.data.tables.series import read_series
from throughtime.data.tables.table import read_table
from throughtime.errors import DataError

SPAM = ["ham,see you at nine", "spam,win a prize now", "ham,ok then bye", "spam,call this number"]


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        (["v1,v2", *SPAM], True),
        (SPAM, False),
        (["word,tag", "Paris,LOC", "is,O", "nice,O", "Rome,LOC"], True),
        (["a,b,c", "1,2.5,x", "2,3.5,y", "3,4.5,x"], True),
        (["1,2.5,x", "2,3.5,y", "3,4.5,x"], False),
        (["x,x,y", "p,q,r", "s,t,u"], False),
        (["Kundenkommentar", "good film", "bad film"], True),
        (["good film", "bad film", "so so film"], False),
        ([f"{'long text ' * 8},a", "short,b"], False),
        (["city,2019,2020", "Paris,1.5,2.5", "Rome,2.5,3.5"], True),
        (["phrase,mood", "good,pos", "bad,neg"], None),
        (["Sato,Japanese", "Kim,Korean"], None),
        (["one"], None),
    ],
)
def test_what_the_cells_say(rows: list[str], header: bool | None) -> None:
    assert weigh_first_row([row.split(",") for row in rows]).decision is header


def read(folder: Path, rows: list[str], how: Reading, *, targets: bool = True) -> list[tuple[object, object]]:
    (folder / "t.csv").write_text("\n".join(rows) + "\n")
    read = read_series if how.id_column else read_table
    found = read(folder / "t.csv", how, Problems(note=lambda _: None), targets=targets)
    return [(record.content, record.target) for record in found]


def test_unusual_names_are_found_by_what_is_in_the_columns(tmp_path: Path) -> None:
    for names in ("v1,v2", "klasse,kommentar"):
        found = read(tmp_path, [names, *SPAM], Reading())
        assert found == [(text, label) for label, text in (row.split(",") for row in SPAM)]
    notes: list[str] = []
    list(read_table(tmp_path / "t.csv", Reading(), Problems(note=notes.append), targets=True))
    assert notes == [
        f"{tmp_path}/t.csv: by what is in them, the text is column 'kommentar', the target column 'klasse'"
    ]


def test_one_column_to_predict_for_is_read_without_its_name(tmp_path: Path) -> None:
    rows = ["Kundenkommentar", "good film", "bad film"]
    assert read(tmp_path, rows, Reading(), targets=False) == [("good film", None), ("bad film", None)]
    assert read(tmp_path, rows[1:], Reading(), targets=False) == [("good film", None), ("bad film", None)]
    one = ["good", "bad", "fine"]
    with pytest.raises(DataError, match="say it with --header or --no-header"):
        read(tmp_path, one, Reading(), targets=False)
    assert len(read(tmp_path, one, Reading(header=False), targets=False)) == 3


SERIES = [f"{one},{step},{one}.{step},walk" for one in range(4) for step in range(3)]


@pytest.mark.parametrize("names", [None, "a,b,c,d", "who,when,x,what"])
def test_a_series_keeps_every_row_of_data(tmp_path: Path, names: str | None) -> None:
    how = Reading(id_column="1", time_column="2", target_column="4")
    found = read(tmp_path, [*([names] if names else []), *SERIES], how)
    assert [len(content) for content, _ in found] == [3, 3, 3, 3]  # type: ignore[arg-type]
