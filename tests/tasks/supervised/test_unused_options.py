"""Options that data in memory cannot honour are refused, as those that files cannot honour are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from throughtime.data.user_data import user_data
from throughtime.errors import UsageError
from throughtime.tasks.classify.options import Config
from throughtime.tasks.registry import task_named

TEXTS = [("so good", "a"), ("so bad", "b")] * 10
NO_NAMES: dict[str, Callable[[], object]] = {
    "pairs": lambda: TEXTS,
    "a generator": lambda: iter(TEXTS),
    "X and y": lambda: ([text for text, _ in TEXTS], [label for _, label in TEXTS]),
    "arrays": lambda: (np.ones((20, 3, 1)), [0, 1] * 10),
}
TABLE = {"text": [text for text, _ in TEXTS], "label": [label for _, label in TEXTS]}
LONG = {"id": [i // 2 for i in range(40)], "x": list(range(40)), "label": ["ab"[i // 2 % 2] for i in range(40)]}
FILES: dict[str, Any] = {"file_column": "text", "header": True, "format": "csv", "separator": ","}


def read(data: object, valid: object = None, **options: Any) -> list[str]:
    notes: list[str] = []
    task_named("classify").load_reader()(Config(**options)).read(
        user_data({"data": data, "valid": valid}), known=None, note=notes.append
    )
    return notes


@pytest.mark.parametrize("option", ["id_column", "time_column", "text_column", "target_column"])
@pytest.mark.parametrize("form", NO_NAMES)
def test_columns_of_rows_without_names(form: str, option: str) -> None:
    with pytest.raises(UsageError, match=rf"^{option} names a column, and the rows of this data have none with a name"):
        read(NO_NAMES[form](), **{option: "nonsense"})
    assert read(NO_NAMES[form]()), "without the option it is read, an iterator too"


@pytest.mark.parametrize("option", FILES)
@pytest.mark.parametrize("data", [TEXTS, TABLE])
def test_options_of_files(data: object, option: str) -> None:
    with pytest.raises(UsageError, match=rf"^{option} is for files, and the data is in memory; leave the option out$"):
        read(data, **{option: FILES[option]})


def test_columns_of_tables_are_taken() -> None:
    renamed = {"said": TABLE["text"], "mood": TABLE["label"]}
    assert read(renamed, text_column="said", target_column="mood")
    assert "the data: series by 'id'" in read(LONG, id_column="id", target_column="label")[0]
    with pytest.raises(UsageError, match=r"^text_column has no meaning for a table with a row for each step"):
        read(LONG, id_column="id", text_column="x")


def test_an_encoding_is_told_of() -> None:
    assert "of no use for data in memory: encoding" in read(TEXTS, encoding="latin-1")
    assert "of no use for data in memory: encoding" not in read(TEXTS)


def test_gaps_are_filled_in_tables_of_steps_alone() -> None:
    data = [(np.full((3, 2), number % 2, np.float32), "ab"[number % 2]) for number in range(20)]
    with pytest.raises(UsageError, match="fill is for series, tables with one row per step"):
        read(data, fill="zero")
    assert "missing" in " ".join(read({**LONG, "x": [None, *range(39)]}, id_column="id", fill="zero"))


@pytest.mark.parametrize("option", ["text_column", "target_column", "file_column"])
@pytest.mark.parametrize("form", ["pairs", "a generator"])
def test_validation_data_in_memory_is_asked_too(tmp_path: Path, form: str, option: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("said,mood\n" + "".join(f"{text},{label}\n" for text, label in TEXTS))
    options = {"text_column": "said", "target_column": "mood"}
    if option == "file_column":
        options = {"file_column": "said", "target_column": "mood"}
    with pytest.raises(UsageError, match=r"(names a column, and the rows|is for files, and) (of )?the validation data"):
        read(path, NO_NAMES[form](), **options)
    renamed = {"said": TABLE["text"], "mood": TABLE["label"]}
    if option != "file_column":
        read(path, renamed, **options)
        read(renamed, iter([{"said": "so good", "mood": "a"}]), **options)  # what is looked at is not lost


def test_how_files_are_written_may_stand_beside_validation_data_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("".join(f"{text},{label}\n" for text, label in TEXTS))
    read(path, TEXTS, header=False, separator="comma")
    with pytest.raises(UsageError, match=r"^header is for files, and the data is in memory"):
        read(TEXTS, path, header=False)


def test_options_of_texts_are_for_texts(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(f'{{"text": "{text}", "label": "{label}"}}\n' for text, label in TEXTS))
    with pytest.raises(
        UsageError, match=r"^separator is for csv, series, tsv, and .* is read as jsonl; leave the option"
    ):
        read(path, separator="comma")
