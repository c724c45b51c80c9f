"""Word vectors in the text format of GloVe and fastText: a word and its numbers on each line."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from throughtime.data.files import open_lines
from throughtime.data.reading import Note
from throughtime.errors import DataError

__all__ = ["Vectors", "read_vectors"]

FREQUENT = 50_000
"""Vectors that are taken whether or not the data has the word; such files begin with the most frequent words."""


class Vectors(NamedTuple):
    """Words and their vectors."""

    words: list[str]
    """The words, in lower case."""
    rows: NDArray[np.float32]
    """(words, size) one vector for each."""


def read_vectors(path: Path, wanted: Collection[str], note: Note) -> Vectors:
    """Read the vectors of some words, and of the most frequent ones.

    Args:
        path: a file of lines "word number number ..."; a first line "count size" is passed over.
        wanted: words of the data, in lower case.
        note: called with what the user should know, one line each.

    Returns:
        The vectors; of words that differ in case only, the first one's.

    Raises:
        DataError: the file cannot be read, or a line has not as many numbers as the first one.
    """
    rows: dict[str, NDArray[np.float32]] = {}
    size = 0
    for number, (word, values) in enumerate(_lines(path, note), 1):
        if number == 1 and len(values) == 1:
            continue
        word = word.lower()
        if word in rows or (word not in wanted and number > FREQUENT):
            continue
        rows[word] = _vector(path, number, values)
        size = size or len(values)
        if len(values) != size:
            raise DataError(f"{path}: line {number}: {len(values)} numbers, not {size} as in the lines before")
    if not rows:
        raise DataError(f"{path} has no word vectors in it")
    return Vectors(list(rows), np.stack(list(rows.values())))


def _lines(path: Path, note: Note) -> Iterator[tuple[str, list[str]]]:
    for line in open_lines(path, "utf-8", note):
        word, *values = line.rstrip().split(" ")
        yield word, values


def _vector(path: Path, number: int, values: list[str]) -> NDArray[np.float32]:
    try:
        with np.errstate(over="ignore"):  # what is too large is refused below
            vector = np.array(values, np.float32)
    except ValueError:
        raise DataError(f"{path}: line {number}: expected a word and numbers, separated by spaces") from None
    if not len(vector) or not np.isfinite(vector).all():
        raise DataError(f"{path}: line {number}: a number is missing or not finite")
    return vector
