"""A text knows its length in characters, whatever it is kept in."""

from __future__ import annotations

from throughtime.data.text import Document, Text


def test_bytes_count_characters_where_they_are_utf8() -> None:
    assert Text((Document("né".encode()),)).characters == 2
    assert Text((Document(b"\xff\xfe\xfd"),)).characters == 3
