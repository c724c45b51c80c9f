"""Files become documents and nothing is lost; what cannot be read is said with place and cure."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_files import files_called
from small_readers import refusal

from throughtime.data.formats.text import read_text
from throughtime.data.user_data import Given
from throughtime.errors import DataError

written = files_called("text.txt")


def read(*paths: Path, **how: object) -> tuple[list[object], list[str]]:
    notes: list[str] = []
    text = read_text(Given(paths), note=notes.append, **how)  # type: ignore[arg-type]
    return [document.content for document in text.documents], notes


def test_each_file_is_a_document(tmp_path: Path) -> None:
    paths = written(tmp_path, b"one\n", "a"), written(tmp_path, "zwei ü 🙂".encode(), "b")
    assert read(*paths) == (["one\n", "zwei ü 🙂"], [])


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    assert read(written(tmp_path, b"\xef\xbb\xbfhi"))[0] == ["hi"]
    assert read(written(tmp_path, "hi".encode("utf-16")), encoding="utf-16")[0] == ["hi"]
    assert read(written(tmp_path, b"\xef\xbb\xbfhi"), as_bytes=True)[0] == [b"\xef\xbb\xbfhi"]


def test_windows_line_ends_are_read_as_plain_ones_and_it_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, b"a\r\nb\r\n")
    contents, notes = read(path)
    assert contents == ["a\nb\n"]
    assert len(notes) == 1 and "Windows line ends" in notes[0] and str(path) in notes[0]
    assert read(path, as_bytes=True) == ([b"a\r\nb\r\n"], [])


@pytest.mark.parametrize("as_bytes", [False, True])
def test_a_packed_file_is_unpacked_whatever_its_name(tmp_path: Path, as_bytes: bool) -> None:
    for name, said in (("a.txt.gz", 0), ("a.txt", 1)):
        contents, notes = read(written(tmp_path, gzip.compress(b"so good\n"), name), as_bytes=as_bytes)
        assert contents == [b"so good\n" if as_bytes else "so good\n"] and len(notes) == said


def test_line_ends_of_old_macs_and_utf16_are_told_and_zero_bytes_refused(tmp_path: Path) -> None:
    contents, notes = read(written(tmp_path, b"one\rtwo\r"))
    assert contents == ["one\ntwo\n"] and "bare carriage returns" in notes[0]
    contents, notes = read(written(tmp_path, "one\ntwo\n".encode("utf-16-le")))
    assert contents == ["one\ntwo\n"] and "UTF-16 (utf-16-le)" in notes[0]
    with pytest.raises(DataError, match="line 2 holds a character NUL"):
        read(written(tmp_path, b"one\ntw\0o\n"))


def test_one_huge_line(tmp_path: Path) -> None:
    assert len(str(read(written(tmp_path, b"ab" * 3_000_000))[0][0])) == 6_000_000


def test_documents_inside_a_file(tmp_path: Path) -> None:
    path = written(tmp_path, b"ann--bob----cid--")
    assert read(path, separator="--")[0] == ["ann", "bob", "", "cid", ""]
    assert read(path, separator="--", as_bytes=True)[0] == [b"ann", b"bob", b"", b"cid", b""]


@given(st.text(), st.text(min_size=1, max_size=2))
def test_the_length_is_that_of_the_text_as_it_was(content: str, separator: str) -> None:
    if not content:
        return
    text = read_text(Given(memory=content), separator=separator, note=print)
    assert separator.join(str(document.content) for document in text.documents) == content
    assert len(text) == text.characters == len(content)


@pytest.mark.parametrize(
    ("raw", "encoding", "place"),
    [
        (b"fine\nalso fine\nca\xe9t\n", "utf-8", "line 3, byte offset 17: byte 0xe9 is not utf-8"),
        (b"\xff", "utf-8", "line 1, byte offset 0: byte 0xff"),
        ("a\nb\n".encode("utf-16-le") + b"\x00\xd8a\x00", "utf-16-le", "line 3, byte offset 8"),
        ("é".encode(), "ascii", "line 1, byte offset 0: byte 0xc3 is not ascii"),
    ],
)
def test_undecodable_bytes_are_named_by_line_and_offset(tmp_path: Path, raw: bytes, encoding: str, place: str) -> None:
    message = refusal(read, written(tmp_path, raw), encoding=encoding)
    assert place in message and "--encoding" in message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    cases = {
        tmp_path / "no.txt": "no such file",
        tmp_path: "is a folder",
        written(tmp_path, b"", "empty.txt"): "is empty",
        written(tmp_path, b"\xef\xbb\xbf", "mark.txt"): "is empty",
    }
    for path, words in cases.items():
        assert words in refusal(read, path)


def test_text_in_memory() -> None:
    def contents(memory: object, **how: object) -> list[object]:
        text = read_text(Given(memory=memory), note=print, **how)  # type: ignore[arg-type]
        return [document.content for document in text.documents]

    assert contents("abc") == ["abc"]
    assert contents(["a", "b"]) == ["a", "b"]
    assert contents("é", as_bytes=True) == ["é".encode()]
    assert contents(b"\xff", as_bytes=True) == [b"\xff"]
    assert contents("a\r\n") == ["a\r\n"], "what is in memory is taken as it is"


@pytest.mark.parametrize(
    ("memory", "words"),
    [("", "empty"), (["", ""], "empty"), ([], "empty"), (b"x", "bytes were given"), (7, "int"), ([7], "int")],
)
def test_what_is_no_text_is_refused(memory: object, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_text(Given(memory=memory), note=print)


@pytest.mark.parametrize("as_bytes", [False, True])
def test_halves_of_surrogate_pairs_in_memory(as_bytes: bool) -> None:
    for memory, what in (("good \ud83d", "the text given"), (["a", "good \ud83d"], "text 2 of those given")):
        with pytest.raises(DataError) as caught:
            read_text(Given(memory=memory), as_bytes=as_bytes, note=print)
        assert str(caught.value).startswith(f"{what} holds half of a surrogate pair (\\ud83d at character 6)")
