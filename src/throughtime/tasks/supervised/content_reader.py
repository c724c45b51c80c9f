"""Reads the data of a task whose network reads the content of a record alone, whatever it is. Loads no torch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from throughtime.data.encoding.building import build_features
from throughtime.data.encoding.embeddings import Vectors, read_vectors
from throughtime.data.encoding.features import Features, words_of
from throughtime.data.reading import Note
from throughtime.data.record import Record
from throughtime.doors import named
from throughtime.errors import UsageError
from throughtime.tasks.supervised.examples import Examples, SavedInputs
from throughtime.tasks.supervised.options import SupervisedOptions
from throughtime.tasks.supervised.reader import RecordReader
from throughtime.tasks.supervised.remarks import note_unknown
from throughtime.tasks.supervised.targets import Target

__all__ = ["ContentReader"]


class ContentReader(RecordReader[Target]):
    """Reads texts, words, sounds, images, clips and series.

    Args:
        config: the options.
        asked: those that were given anew, for data that a trained network is used on.
    """

    def __init__(self, config: SupervisedOptions, asked: Collection[str] = ()) -> None:
        super().__init__(config, asked)
        self.config = config

    def features(self, records: Sequence[Record], vectors: Vectors | None) -> Features:
        config = self.config
        return build_features(
            records,
            unit="words" if vectors is not None else config.unit,
            spelled=config.spelling > 0,
            per_word=self.per_step,
            at_least=config.min_count,
            vocabulary_size=config.vocabulary_size,
            extra_words=vectors.words if vectors is not None else (),
        )

    def vectors(self, records: Sequence[Record], note: Note) -> Vectors | None:
        if self.config.embeddings is None:
            return None
        if not isinstance(records[0].content, str | tuple) or self.config.unit not in (None, "words"):
            raise UsageError(f"{named('embeddings')} are vectors of words; this data is not read word by word")
        wanted = {word.lower() for each in records for word in words_of(each)}
        return read_vectors(Path(self.config.embeddings), wanted, note)

    def remark_unknown(self, valid: Examples[Target], inputs: SavedInputs[Target], note: Note, *, known: bool) -> None:
        note_unknown(valid, inputs, self.config, note, known=known)
