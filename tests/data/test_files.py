"""Lines come out of files of every kind as an editor shows them; what cannot be read is said with place and cure."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peak_memory import peak_memory
from small_files import files_called, standard_input
from small_readers import refusal

import throughtime.data.files as files
from throughtime.data.encodings import check_encoding
from throughtime.data.files import STANDARD, open_lines, suffixes
from throughtime.errors import UsageError

written = files_called("text.txt")


def read(path: Path, encoding: str = "utf-8") -> tuple[list[str], list[str]]:
    notes: list[str] = []
    return list(open_lines(path, encoding, notes.append)), notes


def message(path: Path, encoding: str = "utf-8") -> str:
    return refusal(read, path, encoding).replace(f"{path.parent}/", "")


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"a\nb\n", ["a", "b"]),
        (b"a\nb", ["a", "b"]),
        (b"\n\na\n\n", ["", "", "a", ""]),
        (b"\n", [""]),
        ("ü\U0001f642\n".encode(), ["ü\U0001f642"]),
        (codecs.BOM_UTF8 + b"a\nb\n", ["a", "b"]),
        ("a\u2028b\x0bc\x85d\n".encode(), ["a\u2028b\x0bc\x85d"]),
    ],
)
def test_lines_are_what_an_editor_shows(tmp_path: Path, content: bytes, lines: list[str]) -> None:
    assert read(written(tmp_path, content)) == (lines, [])


def test_mixed_line_ends_are_read_and_told_once(tmp_path: Path) -> None:
    path = written(tmp_path, b"a\r\nb\nc\rd\r\ne\r\n")
    lines, notes = read(path)
    assert lines == ["a", "b", "c", "d", "e"]
    assert sorted(notes) == [
        f"{path} has Windows line ends; they are read as plain line ends",
        rf"{path} has bare carriage returns (\r); each ends a line",
    ]


@given(
    st.lists(st.text(st.characters(exclude_characters="\0\r\n\ufeff", exclude_categories=["Cs"])), min_size=1),
    st.data(),
)
def test_blocks_of_any_size_give_the_same_lines(lines: list[str], data: st.DataObject) -> None:
    ends = [data.draw(st.sampled_from(["\n", "\r\n"])) for _ in lines]
    raw = "".join(line + end for line, end in zip(lines, ends, strict=True)).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_BLOCK", data.draw(st.integers(1, 5)))
        standard_input(patch, raw)
        assert read(STANDARD)[0] == lines


@pytest.mark.parametrize(
    ("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress), (".GZ", gzip.compress)]
)
def test_packed_files_are_read_as_they_are(tmp_path: Path, suffix: str, pack: object) -> None:
    packed = pack("one\nzwei ü\n".encode())  # type: ignore[operator]
    assert read(written(tmp_path, packed, f"a.txt{suffix}")) == (["one", "zwei ü"], [])
    cut = written(tmp_path, packed[: len(packed) - 9], f"cut.txt{suffix}")
    assert message(cut).startswith(f"cut.txt{suffix} is no whole {suffix.lower()} file (")
    wrong = written(tmp_path, b"plain text all the same", f"wrong.txt{suffix}")
    assert message(wrong).startswith(f"wrong.txt{suffix} is not packed, though its name ends in {suffix.lower()};")
    bare = written(tmp_path, packed, "bare.txt")
    lines, notes = read(bare)
    assert lines == ["one", "zwei ü"] and notes == [f"{bare} is packed ({suffix.lower()}); it is unpacked on the way"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_wide_encodings_are_told_from_the_bytes(tmp_path: Path, encoding: str, newline: str) -> None:
    text = newline.join(["text\tlabel", "so good\tpos", "größer\tneg"])
    raw = text.encode(encoding)
    lines, notes = read(written(tmp_path, raw))
    assert lines == text.split(newline)
    assert any("read as such" in note for note in notes)
    quiet = read(written(tmp_path, raw), encoding)
    assert quiet[0] == lines and not any("read as such" in note for note in quiet[1])


@pytest.mark.parametrize("raw", [b"good\nba\0d\n", bytes(range(256)) * 4, b"\0" * 50])
def test_zero_bytes_are_never_text(tmp_path: Path, raw: bytes) -> None:
    assert "--encoding" in message(written(tmp_path, raw))
    assert "line 2 holds a character NUL" in message(written(tmp_path, b"good\nba\0d\n"))


def test_the_mark_decides_against_what_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, "süß\n".encode("utf-16"))
    lines, notes = read(path, "latin-1")
    assert lines == ["süß"] and notes == [f"{path} begins with the mark of UTF-16; it is read as such"]


def test_broken_gzip_inside(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(bytes(range(32, 127)) * 1000))
    packed[40:60] = b"x" * 20
    assert message(written(tmp_path, bytes(packed), "a.gz")).startswith("a.gz is no whole .gz file (")


def test_several_gzip_members_are_one_file(tmp_path: Path) -> None:
    assert read(written(tmp_path, gzip.compress(b"a\n") + gzip.compress(b"b\n"), "a.gz"))[0] == ["a", "b"]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    standard_input(monkeypatch, "a\nb")
    assert read(STANDARD) == (["a", "b"], [])
    assert not sys.stdin.buffer.closed
    standard_input(monkeypatch, "")
    assert message(STANDARD) == "standard input is empty; give a file with text in it"
    standard_input(monkeypatch, b"\xff")
    assert message(STANDARD).startswith("standard input: line 1, byte offset 0: byte 0xff is not utf-8")


@pytest.mark.parametrize(
    ("raw", "encoding", "place"),
    [
        (b"fine\nalso fine\nca\xe9t\n", "utf-8", "line 3, byte offset 17: byte 0xe9 is not utf-8"),
        (codecs.BOM_UTF8 + b"ab\xff", "utf-8", "line 1, byte offset 5: byte 0xff is not utf-8"),
        (codecs.BOM_UTF8 + b"ab\xff", "utf-8-sig", "line 1, byte offset 5: byte 0xff is not utf-8-sig"),
        (b"a\n\xe2\x82", "utf-8", "line 2, byte offset 2: byte 0xe2 is not utf-8 (unexpected end of data)"),
        (b"x" * 99 + b"\n" + b"y" * 99 + b"\xff", "utf-8", "line 2, byte offset 199: byte 0xff"),
        ("a\nb\n".encode("utf-16-le") + b"\x00\xd8a\x00", "utf-16-le", "line 3, byte offset 8"),
        ("a\nb\n".encode("utf-16") + b"\x00\xd8a\x00", "utf-16", "line 3, byte offset 10"),
        ("a\n\u3042\n".encode("shift_jis") + b"\x82", "shift_jis", "line 3, byte offset 5"),
        ("é".encode(), "ascii", "line 1, byte offset 0: byte 0xc3 is not ascii"),
    ],
)
@pytest.mark.parametrize("block", [1, 2, 3, 7, 1 << 20])
def test_undecodable_bytes_are_named_by_line_and_offset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raw: bytes, encoding: str, place: str, block: int
) -> None:
    monkeypatch.setattr(files, "_BLOCK", block)
    said = message(written(tmp_path, raw), encoding)
    assert said.startswith(f"text.txt: {place}")
    assert said.endswith("; give the file's own encoding (--encoding latin-1, cp1252, utf-16 ...)")


def test_other_encodings(tmp_path: Path) -> None:
    for encoding in ("utf-16", "utf-32", "utf-8-sig", "gb18030"):
        assert read(written(tmp_path, "ä\n大\U0001f642".encode(encoding)), encoding) == (["ä", "大\U0001f642"], [])
    assert read(written(tmp_path, b"caf\xe9"), "latin-1") == (["café"], [])
    assert "UTF-16 stream does not start with BOM" in message(written(tmp_path, b"abcd"), "utf-16")


@pytest.mark.parametrize("name", ["utf-9", "hex", "rot13"])
def test_unknown_encodings(name: str) -> None:
    with pytest.raises(UsageError, match=f"unknown encoding '{name}'; try utf-8"):
        check_encoding(name)


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert message(tmp_path / "no.txt") == "no such file: no.txt"
    assert message(tmp_path / "no.txt.gz") == "no such file: no.txt.gz"
    (tmp_path / "folder").mkdir()
    assert message(tmp_path / "folder") == "folder is a folder; give the files in it"
    assert message(written(tmp_path, b"")) == "text.txt is empty; give a file with text in it"
    assert message(written(tmp_path, codecs.BOM_UTF8)) == "text.txt is empty; give a file with text in it"
    assert message(written(tmp_path, gzip.compress(b""), "a.gz")) == "a.gz is empty; give a file with text in it"

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert message(tmp_path / "a.txt") == "cannot read a.txt: Permission denied"


def test_suffixes() -> None:
    names = {"a.csv": (".csv", ""), "a.b.CSV.Gz": (".csv", ".gz"), "a.xz": ("", ".xz"), "a": ("", ""), "-": ("", "")}
    assert {name: suffixes(Path(name)) for name in names} == names


def test_a_line_of_a_million_characters(tmp_path: Path) -> None:
    lines, _ = read(written(tmp_path, ("é" * 3_000_000 + "\nb").encode()))
    assert [len(line) for line in lines] == [3_000_000, 1]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["big.txt", "big.txt.gz"])
def test_memory_stays_small(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with gzip.open(path, "wb", 1) if name.endswith("gz") else path.open("wb") as file:
        for _ in range(500):
            file.write(b"word " * 20 * 1000 + b"\n")

    def read_all() -> None:
        assert sum(len(line) for line in open_lines(path, "utf-8", print)) == 50_000_000

    assert peak_memory(read_all) < 8e6, "a few blocks of 1 MiB, not the file"


@pytest.mark.parametrize("block", [2, 5, 1 << 20])
def test_marks_inside_a_file_are_taken_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(files, "_BLOCK", block)
    path = tmp_path / "joined.txt"
    path.write_bytes("\ufeffa\n\ufeffb\ufeffc\n\ufeffd\n".encode())
    notes: list[str] = []
    assert list(open_lines(path, "utf-8", notes.append)) == ["a", "b\ufeffc", "d"]
    assert notes == [f"{path}: line 2 begins with a byte order mark; it is taken off, here and further on"]
