"""A series handed out in windows is the series: the same steps in order, the same fillings, and a mark at its end."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from peak_memory import peak_memory
from small_files import files_called
from small_readers import refusal

from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.data.series.long import read_series
from throughtime.data.series.named_steps import read_named_steps
from throughtime.data.series.steps import Steps, Window

written = files_called("a.csv")
FIRST, INNER, LAST, ALONE = Window(True, True), Window(False, True), Window(False, False), Window(True, False)


def read(path: Path, tbptt: int | None = 3, *, targets: bool = True, **how: Any) -> list[Record]:
    reading = Reading(**{"id_column": "id", "per_step": True, "tbptt": tbptt, **how})
    return list(read_series(path, reading, Problems(note=lambda _: None), targets=targets))


def table(steps: dict[str, int], *, scattered: bool = False, ends: str = "\n") -> str:
    """Series of so many steps each, one after the other or with a step of each in turn."""
    rows = [(n if scattered else 0, name, n) for name, count in steps.items() for n in range(count)]
    lines = [f"{name},{n},{n * n - 3}.5,{'ab'[n % 2]}" for _, name, n in sorted(rows, key=lambda row: row[0])]
    return ends.join(["id,time,x,label", *lines, ""])


def marks(records: Iterable[Record]) -> list[tuple[str | None, int, Window | None]]:
    """Of each window the series, the steps, and where it stands."""
    return [(each.original.id, len(each.content), each.original.window) for each in records]  # type: ignore[attr-defined]


def joined(records: Iterable[Record]) -> dict[str | None, tuple[list[Any], ...]]:
    """Frames, labels, lines and rows of each series, put together again."""
    whole: dict[str | None, tuple[list[Any], ...]] = {}
    for record in records:
        steps = record.original
        assert isinstance(steps, Steps) and not isinstance(record.content, str)
        parts = whole.setdefault(steps.id, ([], [], [], []))
        for part, more in zip(parts, (record.content, record.target or (), steps.lines, steps.rows), strict=True):  # type: ignore[arg-type]
            part.extend(map(list, more) if isinstance(more, np.ndarray) else more)
    return whole


def test_windows_in_order_each_with_a_mark_that_the_next_continues(tmp_path: Path) -> None:
    records = read(written(tmp_path, table({"p": 7, "q": 1, "r": 6, "s": 3})))
    assert marks(records) == [
        ("p", 3, FIRST), ("p", 3, INNER), ("p", 1, LAST), ("q", 1, ALONE), ("r", 3, FIRST), ("r", 3, LAST),
        ("s", 3, ALONE),
    ]  # fmt: skip
    assert records[1].place == f"{tmp_path / 'a.csv'}: line 5 (series 'p')"


def test_whole_series_have_no_mark(tmp_path: Path) -> None:
    records = read(written(tmp_path, table({"p": 7, "q": 1})), None)
    assert marks(records) == [("p", 7, None), ("q", 1, None)]


@pytest.mark.parametrize("tbptt", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("scattered", [False, True])
@pytest.mark.parametrize("targets", [False, True])
def test_windows_put_together_are_the_series(tbptt: int, scattered: bool, targets: bool, tmp_path: Path) -> None:
    path = written(tmp_path, table({"p": 7, "q": 1, "r": 6}, scattered=scattered))
    windows, whole = read(path, tbptt, targets=targets), read(path, None, targets=targets)
    assert joined(windows) == joined(whole)
    assert max(len(each.content) for each in windows) <= tbptt
    ends = [each.original.id for each in windows if not each.original.window.continues]  # type: ignore[attr-defined, union-attr]
    assert sorted(ends, key=str) == ["p", "q", "r"], "each ends once"


def test_windows_of_scattered_series_come_as_they_fill(tmp_path: Path) -> None:
    records = read(written(tmp_path, table({"p": 5, "q": 4}, scattered=True)))
    assert marks(records) == [("p", 3, FIRST), ("q", 3, FIRST), ("p", 2, LAST), ("q", 1, LAST)]


@pytest.mark.parametrize("form", ["\r\n", "gz", "one series"])
def test_other_forms(form: str, tmp_path: Path) -> None:
    path = written(tmp_path, table({"p": 8}))
    whole = joined(read(path, None))["p"]
    if form == "\r\n":
        path = written(tmp_path, table({"p": 8}, ends=form))
    elif form == "gz":
        path = tmp_path / "b.csv.gz"
        path.write_bytes(gzip.compress((tmp_path / "a.csv").read_bytes()))
    else:
        path = written(tmp_path, table({"p": 8}).replace("p,", ",").replace("id,", ","))
        assert joined(read(path, id_column=None, feature_columns="time,x"))[None][0] == whole[0]
        return
    assert joined(read(path))["p"] == whole


def test_rows_in_memory(tmp_path: Path) -> None:
    rows = [{"id": "p", "x": n, "label": "ab"[n % 2]} for n in range(7)]
    how = Reading(id_column="id", per_step=True, tbptt=3)
    problems = Problems(note=lambda _: None)
    records = list(read_named_steps(iter(enumerate(rows, 1)), how, problems, targets=True, name="the data"))
    assert marks(records) == [("p", 3, FIRST), ("p", 3, INNER), ("p", 1, LAST)]
    assert [x for record in records for (x,) in np.asarray(record.content).tolist()] == list(range(7))


GAPS = "id,time,x,y,label\n" + "".join(
    f"p,{n},{x},{y},a\n" for n, (x, y) in enumerate([("", "1"), ("2", ""), ("", ""), ("", ""), ("5", ""), ("", "7")])
)


@pytest.mark.parametrize("fill", ["forward", "zero"])
@pytest.mark.parametrize("tbptt", [2, 3, 4, 6])
def test_gaps_are_filled_from_the_windows_before(fill: str, tbptt: int, tmp_path: Path) -> None:
    path = written(tmp_path, GAPS)
    whole, windows = read(path, None, fill=fill, time_column="time"), read(path, tbptt, fill=fill, time_column="time")
    assert joined(windows) == joined(whole)


def test_a_value_that_comes_later_cannot_be_known(tmp_path: Path) -> None:
    path = written(tmp_path, GAPS)
    said = refusal(read, path, 1, fill="forward")
    assert "line 2 (series 'p'): column 'x' has no value in the first 1 steps" in said and "--fill zero" in said
    alone = GAPS[: GAPS.index("p,1")]
    assert len(read(written(tmp_path, alone), 1, fill="forward")) == 1, "a series of one step is all there is"


@pytest.mark.parametrize("tbptt", [2, None])
def test_what_was_filled_is_counted_over_all_windows(tbptt: int | None, tmp_path: Path) -> None:
    path, notes = written(tmp_path, GAPS), list[str]()
    how = Reading(id_column="id", per_step=True, tbptt=tbptt, fill="zero")
    list(read_series(path, how, Problems(note=notes.append), targets=True))
    assert "of 18 values 8 are missing and filled (zero): 'x' 4, 'y' 4;" in notes[-1]


def test_labels_and_truth_values_as_features(tmp_path: Path) -> None:
    kinds = ["left", "right", "left", "right", "up"]
    rows = [f"p,{n},{kind},{n > 2!s},{n},a" for n, kind in enumerate(kinds)]
    path = written(tmp_path, "\n".join(["id,time,kind,flag,x,label", *rows]) + "\n")
    first, second = read(path, time_column="time")
    assert np.asarray(first.content).tolist() == [[0, 0, 1, 0], [0, 1, 0, 1], [0, 2, 1, 0]], (
        "two labels were met so far"
    )
    assert np.asarray(second.content).tolist() == [[1, 3, 0, 1, 0], [1, 4, 0, 0, 1]]


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ([1, 2, 3, 5, 4], "line 6 (series 'p'): the time 4 comes after 5 in line 5"),
        ([1, 2, 3, 4, 3], "line 6 (series 'p'): the time 3 comes after 4 in line 5"),
        ([1, 2, 3, 4, 4], "line 6 (series 'p'): the time 4 again, as in line 5"),
        ([1, 2, 3, 3], "line 5 (series 'p'): the time 3 again, as in line 4"),
        ([2, 1], "line 3 (series 'p'): the time 1 comes after 2 in line 2"),
    ],
)
def test_steps_out_of_order_are_refused(times: list[int], words: str, tmp_path: Path) -> None:
    rows = "".join(f"p,{time},1,a\n" for time in times)
    said = refusal(read, written(tmp_path, f"id,time,x,label\n{rows}"), time_column="time")
    assert words in said
    assert ("in the order of time; sort the table" in said) == ("after" in words)


def test_steps_of_other_series_between_do_not_matter(tmp_path: Path) -> None:
    path = written(tmp_path, "id,time,x,label\np,5,1,a\nq,1,1,a\np,6,1,a\nq,2,1,a\n")
    assert joined(read(path, time_column="time")).keys() == {"p", "q"}


def test_a_series_that_breaks_off_never_ends(tmp_path: Path) -> None:
    text = table({"p": 8, "q": 4}).replace("p,5,22.5,b", "p,5,what,b")
    problems = Problems(skip=True, note=lambda _: None)
    how = Reading(id_column="id", per_step=True, tbptt=3)
    records = list(read_series(written(tmp_path, text), how, problems, targets=True))
    assert marks(records) == [("p", 3, FIRST), ("q", 3, FIRST), ("q", 1, LAST)]
    assert len(problems.skipped) == 1 and "line 7 (series 'p')" in problems.skipped[0]


def test_an_infinite_number_takes_the_series_out(tmp_path: Path) -> None:
    text = table({"p": 8}).replace("22.5", "1e39")
    said = refusal(read, written(tmp_path, text))
    assert "line 7 (series 'p'): a number over 3e38" in said


def test_sentences_are_not_cut(tmp_path: Path) -> None:
    path = written(tmp_path, "id,word,label\n" + "".join(f"p,w{n},a\n" for n in range(7)))
    assert marks(read(path)) == [("p", 7, None)]


@pytest.mark.parametrize("targets", [False, True])
def test_a_series_takes_the_same_room_whatever_its_length(targets: bool, tmp_path: Path) -> None:
    how = Reading(id_column="id", per_step=True, tbptt=50, ignore_columns="long")

    def peak(steps: int) -> int:
        rows = "".join(f"p,{n}.5,{'x' * 500},{'ab'[n % 2]}\n" for n in range(steps))
        path = written(tmp_path, f"id,x,long,label\n{rows}")
        records = read_series(path, how, Problems(note=lambda _: None), targets=targets)
        return peak_memory(lambda: sum(len(record.content) for record in records))

    peak(100)
    assert peak(12_000) < 1.05 * peak(4_000), "4,000 rows are two of the blocks that a file is read in"
