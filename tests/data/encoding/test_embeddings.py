"""Word vectors from files of GloVe and fastText: which words are taken, and which lines are refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from small_readers import refusal

from throughtime.data.encoding import embeddings
from throughtime.data.encoding.embeddings import Vectors, read_vectors

GLOVE = "the 0.1 -2 3e-1\ncat 1 2 3\nÜber 4 5 6\n"
FASTTEXT = "3 3\n" + GLOVE.replace("\n", " \n")  # lines end in a space


def read(path: Path, *wanted: str) -> Vectors:
    return read_vectors(path, set(wanted), pytest.fail)


@pytest.mark.parametrize("content", [GLOVE, FASTTEXT, GLOVE.rstrip("\n"), "\ufeff" + GLOVE])
@pytest.mark.parametrize("packed", [False, True])
def test_both_formats_packed_or_not(tmp_path: Path, content: str, packed: bool) -> None:
    path = tmp_path / ("v.vec.gz" if packed else "v.txt")
    path.write_bytes(gzip.compress(content.encode()) if packed else content.encode())
    vectors = read(path)
    assert vectors.words == ["the", "cat", "über"]
    assert vectors.rows.dtype == np.float32
    assert vectors.rows.tolist() == np.array([[0.1, -2, 0.3], [1, 2, 3], [4, 5, 6]], np.float32).tolist()


def test_of_words_that_differ_in_case_the_first_counts(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("The 1 1\nthe 2 2\nA 3 3\nTHE 4 4\n")
    vectors = read(tmp_path / "v.txt")
    assert vectors.words == ["the", "a"]
    assert vectors.rows.tolist() == [[1, 1], [3, 3]]


@pytest.mark.parametrize("header", ["", "5 1\n"])
def test_past_the_frequent_words_only_those_wanted_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, header: str
) -> None:
    monkeypatch.setattr(embeddings, "FREQUENT", 2 + bool(header))
    (tmp_path / "v.txt").write_text(header + "a 1 1\nb 2 2\nc 3 3\nD 4 4\ne 5 5\n")
    vectors = read(tmp_path / "v.txt", "d", "a", "missing")
    assert vectors.words == ["a", "b", "d"]
    assert vectors.rows[:, 0].tolist() == [1, 2, 4]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a 1 2\nb 3\n", "line 2: 1 numbers, not 2 as in the lines before"),
        ("2 2\na 1 2\nb 3 4 5\n", "line 3: 3 numbers, not 2"),
        ("a 1 2\nb 3 x\n", "line 2: expected a word and numbers"),
        ("a 1 2\nb\n", "line 2: a number is missing"),
        ("a 1 2\n\nb 1 2\n", "line 2: a number is missing"),
        ("a 1 nan\n", "line 1: a number is missing or not finite"),
        ("a 1 1e39\n", "line 1: a number is missing or not finite"),
        ("a\t1\t2\n", "line 1: "),
        ("2 300\n", "has no word vectors in it"),
        ("", "is empty"),
    ],
)
def test_a_bad_line_is_refused_with_file_and_number(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "v.txt").write_text(content)
    assert message in refusal(read, tmp_path / "v.txt")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "no such file: " in refusal(read, tmp_path / "v.txt")
