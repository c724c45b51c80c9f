"""The end of a text is held out, and nothing is lost where it is cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from throughtime.data.planning.split import hold_out_text
from throughtime.data.text import Document, Text
from throughtime.errors import DataError


def texts(*contents: str, gap: int = 0) -> Text:
    return Text(tuple(Document(content, gap) for content in contents))


def test_the_last_part_is_held_out() -> None:
    first, rest = hold_out_text(texts("0123456789" * 10), 0.1)
    assert [document.content for document in rest.documents] == ["0123456789"]
    assert len(first) == 90


def test_the_cut_may_fall_between_documents_or_inside_one() -> None:
    first, rest = hold_out_text(texts("a" * 10, "b" * 10, "c" * 10), 0.5)
    assert [len(document.content) for document in first.documents] == [10, 5]
    assert [len(document.content) for document in rest.documents] == [5, 10]
    first, rest = hold_out_text(texts("a" * 10, "b" * 10), 0.5)
    assert [document.content for document in (*first.documents, *rest.documents)] == ["a" * 10, "b" * 10]


@given(st.lists(st.text(max_size=9), min_size=1, max_size=9), st.integers(0, 3), st.floats(0.05, 0.95))
def test_nothing_is_lost_in_the_cut(contents: list[str], gap: int, share: float) -> None:
    text = texts(*contents, gap=gap)
    try:
        first, rest = hold_out_text(text, share)
    except DataError as error:
        assert "too short" in str(error)
        return
    joined = [document.content for part in (first, rest) for document in part.documents]
    assert "".join(map(str, joined)) == "".join(contents)
    assert len(first) + len(rest) == len(text)


def test_bytes_are_cut_where_a_character_starts() -> None:
    content = ("é" * 50).encode()
    first, rest = hold_out_text(Text((Document(content),)), 0.17)
    pieces = [document.content for part in (first, rest) for document in part.documents]
    assert b"".join(bytes(piece) for piece in pieces if isinstance(piece, bytes)) == content
    assert all(isinstance(piece, bytes) and piece.decode() for piece in pieces)
