"""From files to pairs of texts: parallel files, tables, lines to translate. Loads no torch."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from throughtime.data.encoding.building import Unit
from throughtime.data.encoding.embeddings import Vectors
from throughtime.data.encoding.features import TokenFeatures, text_of
from throughtime.data.encoding.items import Items
from throughtime.data.encoding.units import Bytes
from throughtime.data.files import STANDARD, suffixes
from throughtime.data.formats.file_loader import FileLoader
from throughtime.data.formats.parallel import note_lengths, read_parallel
from throughtime.data.formats.registry import COLUMN_FORMATS, FORMATS
from throughtime.data.planning.buckets import Costs
from throughtime.data.reading import Note, Problems, Reading
from throughtime.data.record import Record, Sequences
from throughtime.data.user_data import DATA, UserData
from throughtime.doors import named, option
from throughtime.errors import UsageError
from throughtime.tasks.options import check_vocabulary_size
from throughtime.tasks.supervised.examples import Examples, Prepared, SavedInputs
from throughtime.tasks.supervised.reader import RecordReader
from throughtime.tasks.supervised.targets import Targets
from throughtime.tasks.translate.options import Config
from throughtime.tasks.writing.targets import Right, WrittenTargets, right_of
from throughtime.tasks.writing.vocabularies import build_side, is_spaced, unit_of

__all__ = ["TranslateReader"]

_OF_TABLES = ("source_column", "target_column", "header", "separator", "format")


class TranslateReader(RecordReader[Right]):
    """Reads pairs of texts.

    Args:
        config: the options.
        asked: those that were given anew, for data that a trained network is used on.
    """

    config: Config

    @property
    def how(self) -> Reading:
        return replace(super().how, text_column=self.config.source_column, target_type="sequences")

    def read(self, data: UserData, *, known: Path | None, note: Note) -> Prepared[Right]:
        if DATA not in data.training() and DATA not in data.validation():
            self._refuse_columns(_OF_TABLES)
        for source, target in (("source", "target"), ("valid_source", "valid_target")):
            _require_both(data, source, target)
        return super().read(data, known=known, note=note)

    def read_to_evaluate(self, data: UserData, folder: Path, note: Note) -> Examples[Right]:
        _require_both(data, "source", "target")
        return super().read_to_evaluate(data, folder, note)

    def read_to_predict(
        self, data: UserData, folder: Path, problems: Problems, form: str | None = None
    ) -> Iterator[Record]:
        if "target" in data:
            raise UsageError(f"{named('target')} is what is to be predicted; leave it out")
        yield from super().read_to_predict(data, folder, problems, form)

    def records(
        self, data: UserData, problems: Problems, load: FileLoader, *, targets: bool, form: str | None = None
    ) -> Iterator[Record]:
        if DATA in data and len(data) > 1:
            others = " and ".join(named(role) for role in data if role != DATA)
            raise UsageError(f"give tables of pairs, or {others}, not both")
        if DATA in data:
            form = form or (None if targets else self.form_to_predict(data))
            records = super().records(data, problems, load, targets=targets, form=form)
        else:
            self._refuse_columns(self.asked)
            records = read_parallel(data, self.how, problems, targets=targets)
        yield from map(self._in_form, records)

    def form_to_predict(self, data: UserData) -> str | None:
        """Lines, where no name of a file, and no option, says that they are tables."""
        paths = [path for given in data.values() for path in given.paths]
        tables = {suffix for name in COLUMN_FORMATS for suffix in FORMATS[name].suffixes}
        named_so = any(path != STANDARD and suffixes(path)[0] in tables for path in paths)
        asked = self.config.format is not None or not set(_OF_TABLES).isdisjoint(self.asked)
        return "lines" if paths and (DATA not in data or not (named_so or asked)) else None

    def _refuse_columns(self, given: Collection[str]) -> None:
        """See that no option of tables was given for files of lines."""
        for name in _OF_TABLES:
            if name in given and getattr(self.config, name) is not None:
                raise UsageError(f"{named(name)} is for tables, and {named('source')} holds lines; leave it out")

    def _in_form(self, record: Record) -> Record:
        """Bring a record's texts into the form that was asked for."""
        if not (self.config.lowercase or self.config.normalise):
            return record
        target = record.target
        if isinstance(target, Sequences):
            target = Sequences(tuple(self._text_in_form(cast(str, text)) for text in target.right))
        return replace(record, content=self._text_in_form(text_of(record)), target=target)

    def _text_in_form(self, text: str) -> str:
        text = text.lower() if self.config.lowercase else text
        return unicodedata.normalize(self.config.normalise, text) if self.config.normalise else text

    def settle(self, records: list[Record], problems: Problems) -> list[Record]:
        """Keep pairs of one source together, so that none is held out whose source is learned from."""
        note_lengths(records, problems.note)
        counts = Counter(text_of(record) for record in records)
        return [
            replace(record, group=text) if counts[text := text_of(record)] > 1 and record.group is None else record
            for record in records
        ]

    def problem(self, record: Record, inputs: SavedInputs[Right]) -> str | None:
        wrong = inputs.features.problem(record)
        text, most = text_of(record), self.config.max_source
        if wrong is not None or len(text.encode()) < most:  # no token is shorter than a byte
            return wrong
        tokens = len(cast(TokenFeatures, inputs.features).ids(text))
        if tokens <= most:
            return None
        return f"the source has {tokens:,} tokens, and {option('max_source')} is {most:,}; split it, or allow more"

    def collect(self, records: Sequence[Record]) -> Targets[Right]:
        """Say nothing yet: the tokens of what is written are told from what is learned from alone."""
        return WrittenTargets(Bytes())

    def new_inputs(
        self, records: Sequence[Record], targets: Targets[Right], vectors: Vectors | None
    ) -> SavedInputs[Right]:
        config = self.config
        sources, right = [text_of(record) for record in records], [text for each in records for text in right_of(each)]
        both = [*sources, *right]
        units: list[Unit]
        if config.joint:
            units = [config.unit or unit_of(both)]
            vocabularies = [build_side(units[0], both, config.vocabulary_size)] * 2
        else:
            units = [config.unit or unit_of(sources), config.target_unit or config.unit or unit_of(right)]
            sides = zip(units, (sources, right), strict=True)
            vocabularies = [build_side(unit, texts, config.vocabulary_size) for unit, texts in sides]
        check_vocabulary_size(units[0] if {"words", "bpe"}.isdisjoint(units) else None, config.vocabulary_size)
        features = TokenFeatures(vocabularies[0], spaced=is_spaced(vocabularies[0]))
        written = WrittenTargets(vocabularies[1]).fitted(features.items(records).lengths, records)
        return SavedInputs(features, config.embedding, written)

    def features(self, records: Sequence[Record], vectors: Vectors | None) -> TokenFeatures:
        raise NotImplementedError("both sides are told together, in new_inputs")

    def load_targets(self, saved: Mapping[str, Any]) -> WrittenTargets:
        return WrittenTargets.from_mapping(saved)

    def costs(self, items: Items, targets: Sequence[Right] | None) -> Costs:
        if targets is None:
            return items.lengths
        return items.lengths + np.array([len(right[0]) for right in targets])


def _require_both(data: UserData, source: str, target: str) -> None:
    """See that neither side of parallel texts is given alone."""
    for one, other in ((source, target), (target, source)):
        if one in data and other not in data and DATA not in data:
            raise UsageError(f"{named(one)} has nothing beside it; give {option(other)}, line n for line n")
