"""Tunes as frames: which of a piano's keys sound at each step. Loads no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from throughtime.data.music.tune import Tune
from throughtime.data.planning.batch import of_each_token
from throughtime.data.planning.lanes import Span
from throughtime.data.source import Lengths
from throughtime.tasks.generate.music.kept import Form, Range

__all__ = ["FRAMES", "KEYS", "LOWEST", "FrameBatch", "FrameCorpus", "frame_batch", "frame_corpus", "keys_of"]

LOWEST, KEYS = 21, 88
"""The lowest key of a piano, A0, and how many there are, up to C8."""
Rows = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FrameCorpus:
    """Tunes as frames, laid end to end; before each stands a mark, a row of zeros."""

    rows: Rows
    """1 where a key sounds, (marks and frames, 88)."""
    lengths: Lengths
    """Frames of each tune, and its mark, (tunes,)."""
    starts: NDArray[np.int64]
    """The row of each tune's mark, (tunes,)."""
    conditions: NDArray[np.int64] | None = None
    """Number of the label of each tune, (tunes,); None where they have none."""

    @property
    def frames(self) -> int:
        """Frames to predict: all of them, the first of each tune too."""
        return len(self.rows) - len(self.lengths)

    def __getitem__(self, tune: int, /) -> Rows:
        """Give the rows of a tune, its mark first."""
        start = self.starts[tune]
        return self.rows[start : start + self.lengths[tune]]

    @property
    def content_key(self) -> str:
        """A hash of the frames and the labels, the same on every machine."""
        digest = hashlib.blake2b(digest_size=16)
        digest.update(np.ascontiguousarray(self.lengths, "<i8").data)
        digest.update(np.ascontiguousarray(self.rows).data)
        if self.conditions is not None:
            digest.update(np.ascontiguousarray(self.conditions, "<i8").data)
        return digest.hexdigest()


def frame_corpus(tunes: Sequence[Tune], conditions: NDArray[np.int64] | None = None) -> FrameCorpus:
    """Turn tunes into frames.

    Args:
        tunes: the tunes.
        conditions: (tunes,) numbers of their labels, or None.

    Returns:
        The corpus.

    Example:
        >>> from throughtime.data.music.tune import tune_of_frames
        >>> corpus = frame_corpus([tune_of_frames([[60, 64], [62]], 0.5)])
        >>> corpus.rows.sum(1).tolist(), corpus.frames
        ([0, 2, 1], 2)
    """
    items = [keys_of(tune) for tune in tunes]
    mark = np.zeros((1, KEYS), np.uint8)
    rows = np.concatenate([part for item in items for part in (mark, item)])
    lengths = np.array([len(item) + 1 for item in items], np.int64)
    return FrameCorpus(rows, lengths, np.cumsum(lengths) - lengths, conditions)


def keys_of(tune: Tune) -> Rows:
    """Give the keys that sound at each step of a tune.

    Args:
        tune: the tune; its pitches are those of a piano.

    Returns:
        1 where a key sounds, (steps, 88).
    """
    frames = tune.frames
    rows = np.zeros((len(frames), KEYS), np.uint8)
    for row, frame in zip(rows, frames, strict=True):
        row[[pitch - LOWEST for pitch in frame]] = 1
    return rows


class FrameBatch(NamedTuple):
    """One step's input and what is to be predicted, row by row."""

    inputs: NDArray[np.float32]
    """Keys, and whether a tune starts, (B, T, 89)."""
    targets: NDArray[np.float32]
    """The keys after each, (B, T, 88)."""
    scored: NDArray[np.bool_]
    """Whether there are such, (B, T): after the last frame of a tune there are none."""
    resets: NDArray[np.bool_]
    """Where the state is cleared before the step, (B, T)."""
    conditions: NDArray[np.int64] | None
    """Number of the label of each, (B, T); None where there are none."""


def frame_batch(corpus: FrameCorpus, spans: Sequence[Span]) -> FrameBatch:
    """Lay spans of tunes out as rows for the prediction of the next frame.

    Args:
        corpus: the tunes.
        spans: one step of a plan, ordered by row; all rows have the same number of steps.

    Returns:
        The batch.
    """
    rows, width = spans[-1].row + 1, sum(span.stop - span.start for span in spans if span.row == 0)
    inputs = np.zeros((rows, width, KEYS + 1), np.float32)
    targets = np.zeros((rows, width, KEYS), np.float32)
    scored, resets = np.zeros((rows, width), np.bool_), np.zeros((rows, width), np.bool_)
    starts, column, row = corpus.starts, 0, 0
    for span in spans:
        column = column if span.row == row else 0
        row, first, count = span.row, starts[span.item], span.stop - span.start
        place = slice(column, column + count)
        inputs[row, place, :KEYS] = corpus.rows[first + span.start : first + span.stop]
        inputs[row, column, KEYS] = span.start == 0
        resets[row, column] |= span.reset
        if span.scored:
            following = corpus.rows[first + span.start + 1 : first + min(span.stop + 1, corpus.lengths[span.item])]
            targets[row, column : column + len(following)] = following
            scored[row, column : column + len(following)] = True
        column += count
    conditions = None if corpus.conditions is None else of_each_token(corpus.conditions, spans)
    return FrameBatch(inputs, targets, scored, resets, conditions)


FRAMES = Form("frames: the keys that sound at each step", Range(LOWEST, LOWEST + KEYS - 1), frame_corpus)
"""How the unit frames has tunes."""
