"""From pictures with captions to examples. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from throughtime.data.encoding.embeddings import Vectors
from throughtime.data.encoding.items import Items
from throughtime.data.encoding.pictures import PictureFeatures, is_grid
from throughtime.data.encoding.units import Bytes
from throughtime.data.formats.file_loader import FileLoader
from throughtime.data.media.resizing import resized
from throughtime.data.planning.buckets import Costs
from throughtime.data.planning.split import content_hash
from throughtime.data.reading import Note, Problems, Reading
from throughtime.data.record import Picture, Record, Sequences
from throughtime.data.source import Lengths
from throughtime.data.user_data import UserData
from throughtime.doors import option
from throughtime.errors import DataError
from throughtime.tasks.caption.options import Config
from throughtime.tasks.options import check_vocabulary_size
from throughtime.tasks.supervised.examples import SavedInputs
from throughtime.tasks.supervised.reader import RecordReader
from throughtime.tasks.supervised.targets import Targets
from throughtime.tasks.writing.targets import SENTENCE, Right, WrittenTargets, right_of
from throughtime.tasks.writing.vocabularies import build_side, unit_of

__all__ = ["CaptionReader", "CaptionTargets"]

MOST_PIXELS = 128
"""Pixels of a side at most, where no size was asked for."""


class CaptionTargets(WrittenTargets):
    """Captions as tokens; all of a picture are learned from, and counted."""

    def scored(self, target: Right) -> int:
        return sum(map(len, target))

    def fitted(self, lengths: Lengths, records: Sequence[Record]) -> CaptionTargets:
        """The same for captions like these: with room for all but one in a thousand."""
        words = np.median([len(text.split()) for record in records for text in right_of(record)])
        ratio = super().fitted(lengths, records).ratio
        return CaptionTargets(self.vocabulary, ratio, sentences=bool(words >= SENTENCE))


class CaptionReader(RecordReader[Right]):
    """Reads pictures, or grids of features, with their captions.

    Args:
        config: the options.
        asked: those that were given anew, for data that a trained network is used on.
    """

    config: Config

    @property
    def how(self) -> Reading:
        return replace(super().how, image_steps="none", target_type="sequences")

    def records(
        self, data: UserData, problems: Problems, load: FileLoader, *, targets: bool, form: str | None = None
    ) -> Iterator[Record]:
        said: set[str] = set()

        def note(what: str, message: str) -> None:
            if what not in said:
                said.add(what)
                problems.note(message)

        for record in super().records(data, problems, load, targets=targets, form=form):
            try:
                content = self._picture(record, load)
                if not is_grid(content):
                    content = self._sized(content, record.place, problems.note, note)
            except DataError as error:
                problems.report(record.place, str(error))
                continue
            yield self._in_form(replace(record, content=content))

    def _picture(self, record: Record, load: FileLoader) -> Picture:
        """The picture of a record; of a line, or of a row in memory, the file that it names."""
        content = record.content
        if isinstance(content, str):
            return cast(Picture, load(Path(content.strip())))
        if not isinstance(content, np.ndarray) or content.ndim != 3:
            raise DataError("no picture: neither an array (H, W, C) nor the name of a file")
        return content

    def _sized(self, picture: Picture, place: str, note: Note, note_once: Any) -> Picture:
        """Bring a picture to the size of all, which the first one tells where none was asked for."""
        height, width = picture.shape[:2]
        if not self.found.size:
            smaller = min(1.0, MOST_PIXELS / max(height, width))
            told = [max(1, round(side * smaller)) for side in (height, width)]
            self.found.size = self.config.height_and_width or told
            if self.config.size is None:
                shown = _size(*self.found.size)
                note(f"pictures are read at {shown} pixels, as the first tells; {option('size', shown)} says otherwise")
        if [height, width] != self.found.size:
            note_once(
                "size", f"{place}: {_size(height, width)} pixels, brought to {_size(*self.found.size)} (said once)"
            )
        return resized(picture, *self.found.size)

    def _in_form(self, record: Record) -> Record:
        if not (self.config.lowercase and isinstance(record.target, Sequences)):
            return record
        return replace(record, target=Sequences(tuple(text.lower() for text in right_of(record))))

    def settle(self, records: list[Record], problems: Problems) -> list[Record]:
        """Take all captions of one picture together, so that they are never parted, and each picture is read once."""
        by_picture: dict[bytes, Record] = {}
        for record in records:
            key = content_hash(record)
            first = by_picture.setdefault(key, record)
            if first is not record:
                both = dict.fromkeys([*right_of(first), *right_of(record)])
                by_picture[key] = replace(first, target=Sequences(tuple(both)))
        if len(by_picture) < len(records):
            problems.note(f"{len(records):,} records are of {len(by_picture):,} pictures; captions of one go together")
        return list(by_picture.values())

    def collect(self, records: Sequence[Record]) -> Targets[Right]:
        """Say nothing yet: the tokens of captions are told from what is learned from alone."""
        return CaptionTargets(Bytes())

    def new_inputs(
        self, records: Sequence[Record], targets: Targets[Right], vectors: Vectors | None
    ) -> SavedInputs[Right]:
        captions = [text for record in records for text in right_of(record)]
        unit = self.config.unit or unit_of(captions)
        check_vocabulary_size(unit, self.config.vocabulary_size)
        vocabulary = build_side(unit, captions, self.config.vocabulary_size)
        features = self.features(records, vectors)
        written = CaptionTargets(vocabulary).fitted(features.items(records).lengths, records)
        return SavedInputs(features, self.config.embedding, written)

    def features(self, records: Sequence[Record], vectors: Vectors | None) -> PictureFeatures:
        return PictureFeatures.of(records)

    def load_targets(self, saved: Mapping[str, Any]) -> CaptionTargets:
        return CaptionTargets.from_mapping(saved)

    def costs(self, items: Items, targets: Sequence[Right] | None) -> Costs:
        if targets is None:
            return items.lengths
        return items.lengths + np.array([sum(map(len, right)) for right in targets])


def _size(height: int, width: int) -> str:
    return f"{width}x{height}"
