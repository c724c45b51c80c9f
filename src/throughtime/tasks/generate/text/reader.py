"""From files to a corpus: what a language model learns from, as ids. Loads no torch."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.labels import Labels
from throughtime.data.encoding.vocabulary import Vocabulary, build_vocabulary, encode_text
from throughtime.data.formats.text import read_text
from throughtime.data.planning.split import hold_out_text
from throughtime.data.reading import Note, Reading
from throughtime.data.record import Record
from throughtime.data.source import Lengths, TokenSource
from throughtime.data.text import Text
from throughtime.data.user_data import DATA, Given, UserData
from throughtime.doors import named, option
from throughtime.errors import DataError, UsageError
from throughtime.tasks.generate.labels import LABELS_FILE, label_numbers, labelled_text, saved_labels, written_labels
from throughtime.tasks.generate.options import Config
from throughtime.tasks.saved_vocabulary import saved_vocabulary

__all__ = ["HELD_OUT", "Corpus", "PreparedText", "TextReader"]

HELD_OUT = 0.1
"""Share of the text that is kept for validation where none is given."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """A text as ids, and how much text that is."""

    source: TokenSource
    """One item per document."""
    characters: int
    """Characters of the text, separators included."""
    bytes: int | None
    """Bytes of the text, where the unit is bytes."""
    unknown: int
    """Tokens that the vocabulary does not know."""
    conditions: NDArray[np.int64] | None = None
    """Number of the label of each document, (documents,); None where they have none."""

    @property
    def lengths(self) -> Lengths:
        """Tokens of each document, its mark included, (documents,)."""
        return self.source.lengths

    @property
    def predictions(self) -> int:
        """Tokens to predict: all but the very first document mark."""
        return int(self.source.lengths.sum()) - 1

    @property
    def content_key(self) -> str:
        """A hash of the ids and the labels, the same on every machine."""
        if self.conditions is None:
            return self.source.content_key
        labels = TokenSource(self.conditions.astype(np.uint32), [len(self.conditions)])
        return f"{self.source.content_key}-{labels.content_key}"


@dataclass(frozen=True, slots=True)
class PreparedText:
    """All that was read before there is a network."""

    vocabulary: Vocabulary
    """Text to ids and back."""
    train: Corpus
    """The training text."""
    valid: Corpus
    """The held-out text."""
    labels: Labels | None = None
    """What texts are written for; None where they have no labels."""

    @property
    def artifacts(self) -> dict[str, str]:
        """What a run keeps of the text: content by file name."""
        labels = {} if self.labels is None else {LABELS_FILE: written_labels(self.labels)}
        return {self.vocabulary.file_name: self.vocabulary.to_json(), **labels}


class TextReader:
    """Reads texts for a language model.

    Args:
        config: unit, encoding, separator and size of the vocabulary.
        asked: options that were given anew, for text that a trained network is scored on.
    """

    def __init__(self, config: Config, asked: Collection[str] = ()) -> None:
        self.config, self.asked = config, asked

    def read(self, data: UserData, *, known: Path | None, note: Note) -> PreparedText:
        """Read all that training needs, writing nothing.

        Args:
            data: text to learn, and to validate on; without the latter the last part of the first is held out.
            known: folder of a run whose vocabulary is used, or None to build one from the training text.
            note: called with what the user should know, one line each.

        Returns:
            The vocabulary and the texts in its ids.

        Raises:
            DataError: the text cannot be read, or is too short.
            UsageError: the run in ``known`` has labels and this text has not, or the other way round.
            CheckpointError: the vocabulary in ``known`` is missing or damaged.
        """
        if known is not None:
            self._require_alike(known)
        text, held_out = self._parts(data, note) if self.config.condition is None else self._table_parts(data, note)
        _note_copies(text, held_out, note)
        vocabulary, labels = self._vocabulary(text, known, note), self._labels(text, known)
        train = self.encode(vocabulary, text, "the training text", note, labels)
        valid = self.encode(vocabulary, held_out, "the validation text", note, labels)
        return PreparedText(vocabulary, train, valid, labels)

    def read_to_evaluate(self, data: UserData, folder: Path, note: Note) -> Corpus:
        """Read text that a trained model is to be scored on.

        Args:
            data: files or text in memory.
            folder: the run of the model.
            note: called with what the user should know, one line each.

        Returns:
            The text in the ids of the run's vocabulary.

        Raises:
            DataError: the text cannot be read, or has labels that were not learned from.
            UsageError: a column of labels was named, and the run has learned from none.
            CheckpointError: the vocabulary is missing or damaged.
        """
        self._require_alike(folder)
        vocabulary = saved_vocabulary(self.config.unit, folder)
        labels = None if self.config.condition is None else saved_labels(folder)
        return self.encode(vocabulary, self.text(data, note), "the text", note, labels)

    def text(self, data: UserData, note: Note) -> Text:
        """Read text the way the options say.

        Args:
            data: files or text in memory.
            note: called with what the user should know, one line each.

        Returns:
            The documents.

        Raises:
            DataError: the text cannot be read.
            UsageError: it stands in another role than ``data``.
        """
        as_bytes = self.config.unit == "bytes"
        if self.config.condition is not None:
            return labelled_text(self._records(data, note), as_bytes=as_bytes)
        given, config = self._given(data, note), self.config
        return read_text(given, encoding=config.encoding, as_bytes=as_bytes, separator=config.separator, note=note)

    def _given(self, data: UserData, note: Note) -> Given:
        """What stands in the one role there is."""
        if list(data) != [DATA]:
            raise UsageError(f"generate learns from one text, its data; it has none called {', '.join(data)}")
        if data[DATA].memory is not None and "encoding" in self.asked:
            note(f"of no use for text in memory: {named('encoding')}")
        return data[DATA]

    def _parts(self, data: UserData, note: Note) -> tuple[Text, Text]:
        """Read text, and what is validated on: given, or the end of it."""
        text = self.text(data.training(), note)
        self._require_separator(text)
        if validation := data.validation():
            return text, self.text(validation, note)
        text, held_out = hold_out_text(text, HELD_OUT)
        amount = f"{len(held_out):,} {'bytes' if self.config.unit == 'bytes' else 'characters'}"
        note(f"no validation text given: the last {HELD_OUT:.0%} of the text is held out for it ({amount})")
        return text, held_out

    def _table_parts(self, data: UserData, note: Note) -> tuple[Text, Text]:
        """Read a table of texts with labels, and what is validated on: given, or some rows of each label."""
        from throughtime.tasks.supervised.records import split  # not for plain text

        records = self._records(data.training(), note)
        if validation := data.validation():
            held_out = self._records(validation, note)
        else:
            records, held_out = split(records, note, per_step=False)
        as_bytes = self.config.unit == "bytes"
        return labelled_text(records, as_bytes=as_bytes), labelled_text(held_out, as_bytes=as_bytes)

    def _records(self, data: UserData, note: Note) -> list[Record]:
        from throughtime.tasks.generate.labelled import read_labelled  # knows all formats: not for plain text

        config = self.config
        how = Reading(
            encoding=config.encoding,
            format=config.format,
            header=config.header,
            text_column=config.text_column,
            target_column=config.condition,
        )
        return read_labelled(self._given(data.in_hand(), note), how, note)

    def _require_alike(self, folder: Path) -> None:
        """Raise where a run has learned texts for labels and this one has none, or the other way round."""
        labelled = (folder / LABELS_FILE).exists()
        if labelled and self.config.condition is None:
            raise UsageError(f"{folder} writes texts for labels: name their column with {option('condition')}")
        if not labelled and self.config.condition is not None:
            raise UsageError(f"{folder} has learned from no labels; leave {named('condition')} out")

    def _labels(self, text: Text, known: Path | None) -> Labels | None:
        """Take the labels of a run, or those of the training text."""
        if self.config.condition is None:
            return None
        return saved_labels(known) if known else Labels.build(document.label or "" for document in text.documents)

    def encode(self, vocabulary: Vocabulary, text: Text, name: str, note: Note, labels: Labels | None = None) -> Corpus:
        """Turn text into ids and count what there is.

        Args:
            vocabulary: text to ids.
            text: the documents.
            name: what to call the text, for messages.
            note: told how much of it the vocabulary does not know, if anything.
            labels: what the documents are texts for, where they have labels.

        Returns:
            The corpus.

        Raises:
            DataError: a label is not known.
        """
        conditions = (
            None
            if labels is None
            else label_numbers(labels, [document.label or "" for document in text.documents], name)
        )
        source = encode_text(vocabulary, text)
        known = vocabulary.unknown is None
        unknown = 0 if known else sum(int((item == vocabulary.unknown).sum()) for item in source)
        corpus = Corpus(
            source, text.characters, len(text) if self.config.unit == "bytes" else None, unknown, conditions
        )
        if unknown:
            share = f"{unknown:,} of {corpus.predictions:,} {vocabulary.unit}"
            tries = f"{option('unit', 'bytes')} or {option('unit', 'bpe')}"
            mend = "" if 2 * unknown <= corpus.predictions else f"; that is most of it: try {tries}"
            note(f"{name} has {share} that the vocabulary does not know; each is scored as one unknown token{mend}")
        return corpus

    def _vocabulary(self, text: Text, known: Path | None, note: Note) -> Vocabulary:
        """Take the vocabulary of a run, or build one from the training text."""
        unit, size = self.config.unit, self.config.vocabulary_size
        vocabulary = saved_vocabulary(unit, known) if known else build_vocabulary(unit, text, size)
        if size is not None and len(vocabulary) < size:
            note(f"the training text has only {len(vocabulary):,} {unit} to know, not {size:,}")
        return vocabulary

    def _require_separator(self, text: Text) -> None:
        """Raise where a separator was given that the training text does not have."""
        separator = self.config.separator
        if separator is not None and not any(document.gap for document in text.documents):
            raise DataError(
                f"the {named('separator')} {separator!r} does not occur in the training text; "
                "in a shell, a line end is written $'\\n' and an empty line between documents $'\\n\\n'"
            )


def _note_copies(train: Text, valid: Text, note: Note) -> None:
    """Tell of documents to validate on that are learned from too."""
    learned = {document.content for document in train.documents}
    given = [document.content for document in valid.documents if document.content]
    if copies := sum(content in learned for content in given):
        note(
            f"{copies:,} of the {len(given):,} validation documents ({copies / len(given):.1%}) also stand in the "
            "training text, so the scores tell in part what was learned by heart; leave them out of one of the two"
        )
