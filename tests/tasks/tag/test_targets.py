"""Tables of which each row would be a sentence of one word are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from throughtime.data.user_data import user_data
from throughtime.errors import DataError
from throughtime.tasks.tag.options import Config
from throughtime.tasks.tag.targets import TagReader


def test_rows_of_one_word(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,word,label\n" + "".join(f"{n // 3},w{n % 5},{'ab'[n % 2]}\n" for n in range(60)))
    reader = TagReader(Config(text_column="word"))
    with pytest.raises(DataError, match=r"a.csv: line 2: all 60 rows have one word each.* --id-column$"):
        reader.read(user_data({"data": path}), known=None, note=lambda _: None)
    reader = TagReader(Config(text_column="word", id_column="id"))
    read = reader.read(user_data({"data": path}), known=None, note=lambda _: None)
    assert len(read.train.records) + len(read.valid.records) == 20
    assert {len(record.content) for record in read.train.records} == {3}
