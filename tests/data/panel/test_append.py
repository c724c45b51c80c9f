"""Series that go on in another table: their steps follow, and nothing is taken twice or left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_files import files_called
from small_panels import DAYS, read, stamps_of, values_of

from throughtime.data.panel.append import append
from throughtime.data.panel.options import PanelFound
from throughtime.data.panel.panel import Panel
from throughtime.errors import DataError

written = files_called("a.csv")


def both(folder: Path, first: str, then: str, **how: object) -> tuple[Panel, Panel]:
    found = PanelFound()
    one = read(written(folder, first, "a.csv"), found, **how)
    return one, read(written(folder, then, "b.csv"), found, **how)


def table(days: list[str], names: str = "ab", value: int = 0) -> str:
    return "id,date,value\n" + "".join(f"{s},{day},{value + i}\n" for s in names for i, day in enumerate(days))


def message(folder: Path, first: str, then: str, **how: object) -> str:
    one, other = both(folder, first, then, **how)
    with pytest.raises(DataError) as caught:
        append(one, other)
    return str(caught.value).replace(f"{folder}/", "")


def test_steps_follow_by_name(tmp_path: Path) -> None:
    one, other = both(tmp_path, table(DAYS[:10]), table(DAYS[10:14], "ba", 50))
    joined = append(one, other)
    assert values_of(joined) == {name: [*range(10), 50, 51, 52, 53] for name in "ab"}
    assert stamps_of(joined) == DAYS[:14]
    assert joined.clock.write(joined.series[1].future(1)) == [DAYS[14]]


def test_rows_of_m4(tmp_path: Path) -> None:
    train, test = '"V1","V2","V3","V4"\n"H1",1,2,3\n"H2",4,5,\n', '"V1","V2","V3"\n"H1",6,7\n"H2",8,9\n'
    one, other = both(tmp_path, train, test)
    joined = append(one, other)
    assert values_of(joined) == {"H1": [1, 2, 3, 6, 7], "H2": [4, 5, 8, 9]}
    assert joined.series[1].ticks.tolist() == [0, 1, 2, 3]


def test_columns_that_began_later_go_on_with_the_others(tmp_path: Path) -> None:
    one, other = both(tmp_path, "1,\n2,5\n3,6\n", "4,7\n5,8\n6,9\n", wide="columns")
    joined = append(one, other)
    assert values_of(joined) == {"1": [1, 2, 3, 4, 5, 6], "2": [5, 6, 7, 8, 9]}
    assert joined.series[1].ticks.tolist() == [1, 2, 3, 4, 5]


def test_what_stands_beside_goes_on(tmp_path: Path) -> None:
    def part(days: list[str], seen: int, start: int) -> str:
        rows = [f"{day},{start + i if i < seen else ''},{start + i},{-start - i}" for i, day in enumerate(days)]
        return "date,value,past,known\n" + "\n".join(rows)

    one, other = both(tmp_path, part(DAYS[:12], 10, 0), part(DAYS[10:18], 5, 10), known_columns="known")
    series = append(one, other).series[0]
    assert series.values[:, 0].tolist() == series.past[:, 0].tolist() == list(range(15))
    assert series.known[:, 0].tolist() == [-i for i in range(18)]


def test_a_series_that_does_not_go_on_stays(tmp_path: Path) -> None:
    one, other = both(tmp_path, table(DAYS[:10]), table(DAYS[10:14], "b"))
    assert [len(series) for series in append(one, other).series] == [10, 14]


def test_holidays_between_the_two(tmp_path: Path) -> None:
    history = [str(np.datetime64("2023-01-01") + i) for i in range(60) if i != 30]
    one, other = both(tmp_path, table(history), table(["2023-03-03", "2023-03-04", "2023-03-05"]))
    assert len(append(one, other).series[0]) == 62


@pytest.mark.parametrize(
    ("days", "names", "what"),
    [
        (
            DAYS[9:14],
            "ab",
            "b.csv: line 2 (series 'a'): begins at 2024-01-10, and what it goes on from ends at 2024-01-10",
        ),
        (DAYS[11:15], "ab", "(a.csv: line 2 (series 'a')); the step of 2024-01-11 is missing"),
        (DAYS[10:14], "ac", "b.csv: line 2 (series 'a'): series 'c' does not stand in what it goes on from"),
        ([f"{day} 07:00" for day in DAYS[10:14]], "ab", "2024-01-11 07:00"),
    ],
)
def test_what_does_not_follow_is_refused(days: list[str], names: str, what: str, tmp_path: Path) -> None:
    assert what in message(tmp_path, table(DAYS[:10]), table(days, names))


def test_what_never_changes_must_not(tmp_path: Path) -> None:
    def part(days: list[str], size: int) -> str:
        rows = [f"{s},{day},{i},{k}" for s, k in (("a", 5), ("b", size)) for i, day in enumerate(days)]
        return "id,date,value,size\n" + "\n".join(rows)

    assert "b.csv: line 6 (series 'b'): what never changes in a series is not as in a.csv: line 12" in message(
        tmp_path, part(DAYS[:10], 7), part(DAYS[10:14], 8)
    )


def test_other_columns(tmp_path: Path) -> None:
    one = read(written(tmp_path, "date,x\n" + "".join(f"{day},{i}\n" for i, day in enumerate(DAYS[:9]))))
    other = read(written(tmp_path, "date,y\n" + "".join(f"{day},{i}\n" for i, day in enumerate(DAYS[9:])), "b.csv"))
    with pytest.raises(DataError, match="goes on from a table with the columns 'x', and has 'y'"):
        append(one, other)
