"""Line n of the source goes with line n of the target; what is not so is refused before anything is learned."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from peak_memory import peak_memory
from small_files import standard_input

import throughtime.data.files as files
from throughtime.data.files import STANDARD
from throughtime.data.formats.parallel import note_lengths, read_parallel
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record, Sequences
from throughtime.data.user_data import Given
from throughtime.errors import DataError, UsageError


def given_as(folder: Path, **roles: Any) -> dict[str, Given]:
    """Files for texts and bytes, in order, called a.source, b.source ...; data in memory for a list of one."""
    found: dict[str, Given] = {}
    for role, data in roles.items():
        if isinstance(data, list):
            found[role] = Given(memory=cast("list[object]", data)[0])
            continue
        paths = [folder / f"{chr(ord('a') + n)}.{role}" for n in range(len(data))]
        for path, content in zip(paths, data, strict=True):
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        found[role] = Given(tuple(paths))
    return found


def read(roles: dict[str, Given], *, targets: bool = True, **how: Any) -> tuple[list[Record], list[str]]:
    notes: list[str] = []
    problems = Problems(note=notes.append)
    return list(read_parallel(roles, Reading(**how), problems, targets=targets)), notes


def pairs(records: list[Record]) -> list[tuple[object, object]]:
    return [(each.content, each.target.right if isinstance(each.target, Sequences) else None) for each in records]


def refusal(folder: Path, error: type[Exception] = DataError, *, targets: bool = True, **roles: Any) -> str:
    with pytest.raises(error) as caught:
        read(given_as(folder, **roles), targets=targets)
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(f"{folder}/", "")


def test_line_n_goes_with_line_n(tmp_path: Path) -> None:
    records, notes = read(given_as(tmp_path, source=("ein Hund\nja\n",), target=("a dog\nyes",)))
    assert notes == []
    assert pairs(records) == [("ein Hund", ("a dog",)), ("ja", ("yes",))]
    assert [each.place for each in records] == [f"{tmp_path}/a.source: line 1", f"{tmp_path}/a.source: line 2"]
    assert records[0].original == {"source": "ein Hund", "target": "a dog"}
    assert list(cast("dict[str, str]", records[0].original)) == ["source", "target"], "in the order for a writer"


def test_files_are_paired_in_order(tmp_path: Path) -> None:
    records, _ = read(given_as(tmp_path, source=("a\nb\n", "c\n"), target=("A\nB\n", "C\n")))
    assert pairs(records) == [("a", ("A",)), ("b", ("B",)), ("c", ("C",))]
    assert records[2].place == f"{tmp_path}/b.source: line 1", "lines are counted in each file"


def test_lines_may_not_run_over_into_the_next_file(tmp_path: Path) -> None:
    said = refusal(tmp_path, source=("a\nb\n", "c\n"), target=("A\n", "B\nC\n"))
    assert said.startswith("a.source has 2 lines, a.target 1: line 2 of a.source has no line beside it")


def test_several_target_files_of_one_source_are_several_right_targets(tmp_path: Path) -> None:
    records, _ = read(given_as(tmp_path, source=("a\nb\n",), target=("A\nB\n", "A2\nB2\n", "A3\nB3\n")))
    assert pairs(records) == [("a", ("A", "A2", "A3")), ("b", ("B", "B2", "B3"))]
    assert records[1].original == {"source": "b", "target": ["B", "B2", "B3"]}


@pytest.mark.parametrize(
    ("sources", "targets", "said"),
    [
        (2, 4, "if they are 2 right targets of each line, join the source files into one, and the target files of "),
        (2, 3, "give as many of the one as of the other, in the same order, or one source with several targets"),
        (3, 1, "give as many of the one as of the other"),
    ],
)
def test_files_that_cannot_be_paired_are_refused(tmp_path: Path, sources: int, targets: int, said: str) -> None:
    message = refusal(tmp_path, UsageError, source=("a\n",) * sources, target=("A\n",) * targets)
    assert message.startswith(f"{sources} source files and {targets} target file")
    assert said in message


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("x\n" * 100, "y\n" * 99, "a.source has 100 lines, a.target 99: line 100 of a.source has no line beside it"),
        ("x\n", "y\n" * 1200, "a.source has 1 line, a.target 1,200: line 2 of a.target has no line beside it"),
        ("x\ny\n\n", "X\nY\n", "a.source has 3 lines, a.target 2: line 3 of a.source has no line beside it; line n of "
         "the one must go with line n of the other (line 3 of a.source is empty)"),
    ],
)  # fmt: skip
def test_unequal_files_are_refused_with_the_first_line_that_differs(
    tmp_path: Path, source: str, target: str, said: str
) -> None:
    assert refusal(tmp_path, source=(source,), target=(target,)).startswith(said)


def test_the_target_that_differs_is_named(tmp_path: Path) -> None:
    said = refusal(tmp_path, source=("a\nb\n",), target=("A\nB\n", "A\nB\nC\n"))
    assert said.startswith("a.source has 2 lines, b.target 3: line 3 of b.target has no line beside it")


@pytest.mark.parametrize("skip", [False, True])
def test_an_empty_line_in_unequal_files_is_told_with_them(tmp_path: Path, skip: bool) -> None:
    """The line that was put in, not each that stands beside a wrong one since, is what must be mended."""
    roles = given_as(tmp_path, source=("a\nb\nc\n",), target=("A\n\nB\nC\n",))
    problems = Problems(skip=skip, note=lambda _: None)
    with pytest.raises(DataError) as caught:
        list(read_parallel(roles, Reading(), problems, targets=True))
    assert str(caught.value).replace(f"{tmp_path}/", "") == (
        "a.source has 3 lines, a.target 4: line 4 of a.target has no line beside it; line n of the one must go with "
        "line n of the other (line 2 of a.target is empty, line 2 of a.source is not)"
    )


@pytest.mark.parametrize("blank", ["", " \t", "\N{NO-BREAK SPACE}", "\u2028", "\x0c"])
@pytest.mark.parametrize(
    ("role", "said"),
    [
        ("target", "a.target: line 2: the target is empty; leave line 2 out of the source and the target alike"),
        ("source", "a.source: line 2: the source is empty; leave line 2 out of the source and the target alike"),
        ("both", "a.source: line 2: the source and the target are empty; leave line 2 out of the source and the "
         "target alike"),
    ],
)  # fmt: skip
def test_an_empty_side_is_reported_with_its_line(tmp_path: Path, blank: str, role: str, said: str) -> None:
    texts = {"source": f"a\n{blank if role != 'target' else 'b'}\nc\n"}
    texts["target"] = f"A\n{blank if role != 'source' else 'B'}\nC\n"
    assert refusal(tmp_path, source=(texts["source"],), target=(texts["target"],)) == said
    problems = Problems(skip=True, note=lambda _: None)
    roles = given_as(tmp_path, source=(texts["source"],), target=(texts["target"],))
    records = list(read_parallel(roles, Reading(), problems, targets=True))
    assert pairs(records) == [("a", ("A",)), ("c", ("C",))]
    assert [each.replace(f"{tmp_path}/", "") for each in problems.skipped] == [said]


def test_an_empty_line_of_one_of_several_targets_is_named(tmp_path: Path) -> None:
    said = refusal(tmp_path, source=("a\nb\n",), target=("A\nB\n", "A\n \n"))
    assert said.startswith("b.target: line 2: the target is empty")


@pytest.mark.parametrize("inside", ["\u2028", "\u2029", "\x0c", "\x0b", "\x85", "\x1c", "\x1d", "\x1e"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_what_breaks_lines_elsewhere_is_text_here(tmp_path: Path, inside: str, encoding: str) -> None:
    source, target = f"a{inside}b\nc\n".encode(encoding), "A\nC\n".encode(encoding)
    records, _ = read(given_as(tmp_path, source=(source,), target=(target,)), encoding=encoding)
    assert pairs(records) == [(f"a{inside}b", ("A",)), ("c", ("C",))]


LINE = st.text(st.characters(exclude_characters="\0\r\n\ufeff", exclude_categories=["Cs"]), min_size=1).filter(
    str.strip
)


@given(st.lists(st.tuples(LINE, LINE), min_size=1), st.sampled_from(["\n", "\r\n"]))
def test_any_texts_come_back_as_they_were(lines: list[tuple[str, str]], end: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        standard_input(patch, "".join(source + end for source, _ in lines))
        roles = {"source": Given((STANDARD,)), "target": Given(memory=[target for _, target in lines])}
        assert pairs(read(roles)[0]) == [(source, (target,)) for source, target in lines]


@pytest.mark.parametrize(
    ("suffix", "pack"), [("", bytes), (".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
def test_both_sides_are_unpacked_and_decoded(tmp_path: Path, suffix: str, pack: Any) -> None:
    (tmp_path / f"a.de{suffix}").write_bytes(pack(codecs.BOM_UTF8 + "größer\r\n ja \r\n".encode()))
    (tmp_path / "a.en").write_bytes("bigger\nyes\n".encode("utf-16"))
    roles = {"source": Given((tmp_path / f"a.de{suffix}",)), "target": Given((tmp_path / "a.en",))}
    records, notes = read(roles)
    assert pairs(records) == [("größer", ("bigger",)), (" ja ", ("yes",))], "blanks are kept, ends and marks are not"
    assert len(notes) == 2 and "Windows line ends" in notes[0] and "UTF-16" in notes[1]


def test_the_encoding_is_that_which_was_asked_for(tmp_path: Path) -> None:
    roles = given_as(tmp_path, source=("größer\n".encode("cp1252"),), target=("bigger €\n".encode("cp1252"),))
    assert pairs(read(roles, encoding="cp1252")[0]) == [("größer", ("bigger €",))]
    with pytest.raises(DataError, match=r"a\.source: line 1, byte offset 2: byte 0xf6 is not utf-8"):
        read(roles)


def test_a_file_on_both_sides_is_told(tmp_path: Path) -> None:
    roles = given_as(tmp_path, source=("a\nb\n",))
    twice = {"source": roles["source"], "target": Given((tmp_path / "." / "x" / ".." / "a.source",))}
    (tmp_path / "x").mkdir()
    records, notes = read(twice)
    assert pairs(records) == [("a", ("a",)), ("b", ("b",))]
    assert notes == [f"{tmp_path}/a.source is both the source and the target: there is nothing to learn but copying"]
    texts = ["a", "b"]
    assert len(read({"source": Given(memory=texts), "target": Given(memory=texts)})[1]) == 1
    assert read({"source": Given(memory=texts), "target": Given(memory=list(texts))})[1] == []
    assert read({"source": Given(memory=np.array(texts)), "target": roles["source"]})[1] == []


def test_the_source_alone_is_read_where_no_target_is_needed(tmp_path: Path) -> None:
    roles = given_as(tmp_path, source=("a\nb\n", "c\n"), target=("A\n",))
    records, notes = read(roles, targets=False)
    assert pairs(records) == [("a", None), ("b", None), ("c", None)] and notes == []
    assert [each.original for each in records] == [{"source": "a"}, {"source": "b"}, {"source": "c"}]
    said = refusal(tmp_path, targets=False, source=("a\n\n",))
    assert said == "a.source: line 2: the source is empty; leave it out"


def test_lines_of_standard_input_come_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sends a line and waits for its translation gets it before the next is sent."""
    receiving, sending = os.pipe()
    with os.fdopen(sending, "wb", buffering=0) as out, os.fdopen(receiving, "rb") as raw:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw))
        records = read_parallel({"source": Given((STANDARD,))}, Reading(), Problems(), targets=False)
        for number, text in enumerate(["ein Hund", "ja"], 1):
            out.write(f"{text}\n".encode())  # a reader that wanted more would wait for ever
            record = next(records)
            assert (record.content, record.place) == (text, f"standard input: line {number}")
        out.close()
        assert list(records) == []


def test_standard_input_is_one_side_at_most(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="standard input can be read once, and is given twice"):
        read({"source": Given((STANDARD,)), "target": Given((STANDARD,))})


@pytest.mark.parametrize(
    ("roles", "targets", "said"),
    [
        ({"source": ("a\n",)}, True, "there is no target; give its files, or its texts in memory"),
        ({"target": ("a\n",)}, True, "there is no source"),
        ({"target": ("a\n",)}, False, "there is no source"),
    ],
)
def test_a_missing_side_is_refused(tmp_path: Path, roles: Any, targets: bool, said: str) -> None:
    assert refusal(tmp_path, UsageError, targets=targets, **roles).startswith(said)


@pytest.mark.parametrize(
    "target",
    [
        [["A"], ["B", "B2"]],
        ["A", ("B", "B2")],
        iter([["A\n"], ["B\r\n", "B2"]]),
        [np.array(["A"]), np.array(["B", "B2"], object)],
    ],
)
def test_texts_in_memory_may_have_several_right_targets(tmp_path: Path, target: Any) -> None:
    records, _ = read(given_as(tmp_path, source=[np.array(["a", "b"])], target=[target]))
    assert pairs(records) == [("a", ("A",)), ("b", ("B", "B2"))]
    assert [each.place for each in records] == ["row 1 of source", "row 2 of source"]
    assert records[0].original == {"source": "a", "target": "A"}
    assert all(type(text) is str for each in records for text in (each.content, *each.target.right))  # type: ignore[union-attr]


def test_one_side_in_memory_one_in_files(tmp_path: Path) -> None:
    roles = given_as(tmp_path, source=[["a", "b"]], target=("A\nB\n", "A2\nB2\n"))
    assert pairs(read(roles)[0]) == [("a", ("A", "A2")), ("b", ("B", "B2"))]
    said = refusal(tmp_path, source=("a\n",), target=[["A", "B", "C"]])
    assert said.startswith("a.source has 1 line, target 3: row 2 of target has no line beside it")
    assert refusal(tmp_path, UsageError, source=("a\n", "b\n"), target=[["A"]]).startswith(
        "2 source files and target in memory cannot be paired"
    )


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (None, "row 2 of target: the target is empty; leave row 2 out of"),
        (float("nan"), "row 2 of target: the target is empty"),
        ([], "row 2 of target: the target is empty"),
        ([" "], "row 2 of target: the target is empty"),
        (["B", "\t"], "row 2 of target: the target is 2 texts, of which number 2 is empty"),
        (3, "row 2 of target: the target is '3' (int), not a text"),
        (["B", 4], "row 2 of target: the target is 2 texts, of which number 2 is '4' (int), not a text"),
        ("B \ud83d", r"row 2 of source: 'B \ud83d' holds half of a surrogate pair"),
        (["B", "B \ud83d"], r"row 2 of source: 'B \ud83d' holds half of a surrogate pair"),
    ],
)
def test_what_is_no_text_in_memory_is_reported(tmp_path: Path, item: Any, said: str) -> None:
    assert refusal(tmp_path, source=[["a", "b"]], target=[["A", item]]).startswith(said)


def test_what_is_no_text_is_not_taken_for_an_empty_line(tmp_path: Path) -> None:
    assert refusal(tmp_path, source=[["a", "b", "c"]], target=[["A", 3]]).startswith(
        "row 2 of target: the target is '3'"
    )


def test_half_a_pair_in_the_source_is_refused_and_can_be_skipped(tmp_path: Path) -> None:
    roles = given_as(tmp_path, source=[["a\ud83d", "b"]], target=[["A", "B"]])
    problems = Problems(skip=True)
    assert pairs(list(read_parallel(roles, Reading(), problems, targets=True))) == [("b", ("B",))]
    assert problems.skipped[0].startswith(r"row 1 of source: 'a\ud83d' holds half of a surrogate pair")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("a b", "source in memory must be texts, one after the other, not str"),
        (7, "source in memory must be texts, one after the other, not int"),
        ({"de": ["a"]}, "source in memory is a table; give its column of texts, or the table as data"),
        ([{"de": "a"}], "source in memory is a table"),
        ([["a", "b"]], "row 1 of source: the source is \"['a', 'b']\" (list), not a text"),
    ],
)
def test_what_is_no_side_in_memory_is_refused(tmp_path: Path, source: Any, said: str) -> None:
    assert refusal(tmp_path, source=[source], target=[["A"]]).startswith(said)


def test_memory_does_not_grow_with_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_BLOCK", 1 << 12)  # of which a file is read at a time

    def peak(lines: int) -> int:
        roles = given_as(tmp_path, source=("ein Hund bellt im Wald\n" * lines,), target=("a dog barks\n" * lines,) * 2)
        records = read_parallel(roles, Reading(), Problems(), targets=True)
        return peak_memory(lambda: sum(1 for _ in records))

    peak(1000)  # what is made once
    assert peak(20_000) < 2 * peak(2000), "twenty thousand records kept would take ten times as much"


LONG, SHORT = "x" * 190, "y" * 21


def lengths_told(odd: list[tuple[str, ...]], plain: int) -> list[str]:
    def records() -> Iterator[Record]:
        texts = [(SHORT, SHORT)] * plain + odd
        for number, (source, *right) in enumerate(texts, 1):
            yield Record(source, Sequences(tuple(right)), f"row {number} of source")

    notes: list[str] = []
    note_lengths(records(), notes.append)
    return notes


def test_pairs_of_odd_lengths_are_told_where_they_are_many() -> None:
    end = "; are the texts aligned?"
    two = [(LONG, SHORT), (SHORT, LONG)]
    assert lengths_told(two, 197) == [
        f"2 of 199 pairs have a side over 9 times as long as the other, the first row 198 of source{end}"
    ]
    assert lengths_told(two, 198) == [], "1 % of all is not more than 1 %"
    assert lengths_told([(SHORT, SHORT, LONG)], 0) == [
        f"1 of 2 pairs has a side over 9 times as long as the other, the first row 1 of source{end}"
    ], "each right target is a pair"
    assert lengths_told([("y" * 20, "x" * 999)], 0) == [], "a short text says little"
    assert lengths_told([(SHORT, "x" * 189)], 0) == [], "9 times is not more than 9 times"
    assert lengths_told([], 0) == []
