"""The data of the toy task: two inputs, a sequence as target, files in three roles or a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from throughtime.data.encoding.building import build_features
from throughtime.data.encoding.embeddings import Vectors
from throughtime.data.encoding.items import Items
from throughtime.data.encoding.joined import CONTENT, JoinedFeatures, part_of
from throughtime.data.encoding.units import Characters
from throughtime.data.files import open_lines
from throughtime.data.formats.file_loader import FileLoader
from throughtime.data.planning.buckets import Costs
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record, Sequences
from throughtime.data.user_data import DATA, Given, UserData
from throughtime.errors import DataError
from throughtime.tasks.supervised.content_reader import ContentReader
from throughtime.tasks.supervised.targets import Targets
from toy.options import Config

Ids = np.ndarray


class WrittenTargets(Targets[Ids]):
    """Characters of the first right sequence, the mark of its end behind them."""

    def __init__(self, characters: str) -> None:
        self.characters, self.vocabulary = characters, Characters(characters)

    def encode(self, record: Record) -> Ids:
        assert isinstance(record.target, Sequences), record
        return np.append(self.vocabulary.encode(str(record.target.right[0])), self.vocabulary.document)

    def scored(self, target: Ids) -> int:
        return len(target)

    def to_mapping(self) -> dict[str, Any]:
        return {"characters": self.characters}


class ToyReader(ContentReader[Ids]):
    config: Config

    @property
    def how(self) -> Reading:
        beside = (("question", self.config.question_column),)
        return replace(super().how, target_type="sequences", beside_columns=beside)

    def records(
        self, data: UserData, problems: Problems, load: FileLoader, *, targets: bool, form: str | None = None
    ) -> Iterator[Record]:
        if DATA in data:
            yield from super().records(data, problems, load, targets=targets, form=form)
            return
        names = ["source", "question", *(["target"] if targets else [])]
        columns = [list(self._lines(data[name], problems)) for name in names]
        if len(set(map(len, columns))) > 1:
            raise DataError(f"{', '.join(names)} must have as many lines each, not {[len(each) for each in columns]}")
        for number, row in enumerate(zip(*columns, strict=True), 1):
            target = Sequences((row[2],)) if targets else None
            cells = dict(zip(names, row, strict=True))
            yield Record(row[0], target, f"line {number}", cells, {"question": row[1]})

    def _lines(self, given: Given, problems: Problems) -> Iterator[str]:
        if given.memory is not None:
            yield from given.memory  # type: ignore[misc]
        for path in given.paths:
            yield from open_lines(path, self.config.encoding, problems.note)

    def collect(self, records: Sequence[Record]) -> WrittenTargets:
        texts = [str(text) for record in records for text in record.target.right]  # type: ignore[union-attr]
        return WrittenTargets("".join(sorted(set("".join(texts)))))

    def load_targets(self, saved: Mapping[str, Any]) -> WrittenTargets:
        return WrittenTargets(saved["characters"])

    def features(self, records: Sequence[Record], vectors: Vectors | None) -> JoinedFeatures:
        questions = [part_of(record, "question") for record in records]
        return JoinedFeatures(
            {
                CONTENT: build_features(records, unit="characters", spelled=False, per_word=False),
                "question": build_features(questions, unit="words", spelled=False, per_word=False),
            }
        )

    def costs(self, items: Items, targets: Sequence[Ids] | None) -> Costs:
        written = self.config.longest if targets is None else np.array([len(target) for target in targets])
        return items.lengths + written
