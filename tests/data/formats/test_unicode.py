"""Names and texts that are not UTF-8 are refused in one line, wherever they come from; names give whole labels."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from throughtime.data.formats.registry import read_records
from throughtime.data.formats.text import read_text
from throughtime.data.reading import Problems, Reading
from throughtime.data.user_data import Given
from throughtime.errors import DataError

BROKEN = b"caf\xe9".decode("utf-8", "surrogateescape")


def read(given: Given, how: Reading | None = None, *, skip: bool = False) -> tuple[list[Any], list[str]]:
    problems = Problems(skip=skip, note=lambda _: None)
    return list(read_records(given, how or Reading(), problems, targets=True)), problems.skipped


@pytest.mark.parametrize(
    "row",
    [(f"so good {BROKEN}", "a"), ("so good", BROKEN), (["so", BROKEN], ["x", "y"]), (["so", "good"], ["x", BROKEN])],
)
def test_half_a_pair_in_memory_is_refused_with_its_row(row: Any) -> None:
    how = Reading(per_step=isinstance(row[0], list))
    good = (["so", "so"], ["x", "x"]) if how.per_step else ("so bad", "b")
    with pytest.raises(DataError, match=r"^row 2 of the data: .* holds half of a surrogate pair"):
        read(Given(memory=[good, row]), how)
    records, skipped = read(Given(memory=[good, row, good]), how, skip=True)
    assert len(records) == 2 and len(skipped) == 1


def test_a_text_to_learn_is_refused_too() -> None:
    with pytest.raises(DataError, match="holds half of a surrogate pair"):
        read_text(Given(memory=f"so good {BROKEN}"), note=print)
    assert read_text(Given(memory="so good"), note=print).characters == 7


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("where", ["label", "file"])
def test_names_of_other_bytes_are_refused_or_skipped(tmp_path: Path, where: str) -> None:
    for label in ("a", "b"):
        (tmp_path / "d" / label).mkdir(parents=True)
        np.save(tmp_path / "d" / label / "1.npy", np.ones((2, 2)))
    strange = tmp_path / "d" / (f"{BROKEN}" if where == "label" else f"a/{BROKEN}.npy")
    if where == "label":
        strange.mkdir()
        strange = strange / "1.npy"
    np.save(os.fsencode(strange).decode("utf-8", "surrogateescape"), np.ones((2, 2)))
    with pytest.raises(DataError, match="its name is not UTF-8; rename it"):
        read(Given((tmp_path / "d",)))
    records, skipped = read(Given((tmp_path / "d",)), skip=True)
    assert len(records) == 2 and len(skipped) == 1


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("E.coli.fasta", "E.coli"),
        ("E.coli.fa", "E.coli"),
        ("human.fna", "human"),
        ("v1.2.faa", "v1.2"),
        ("x.FASTA", "x"),
    ],
)
def test_a_label_is_the_name_without_its_known_suffix(tmp_path: Path, name: str, label: str) -> None:
    (tmp_path / name).write_text(">a\nACGT\n")
    (record,), _ = read(Given((tmp_path / name,)))
    assert record.target == label


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_standard_output_is_utf8_where_it_is_no_terminal(encoding: str) -> None:
    program = "from throughtime.cli import main; main.app = lambda **how: print('größer 春 🙂'); main.run()"
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, env=environment, timeout=60)
    assert done.stdout.decode("utf-8").strip() == "größer 春 🙂", done.stderr
