"""From files to a corpus: what a language model learns from, as ids. Loads no torch."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from throughtime.data.encoding.vocabulary import Vocabulary, build_vocabulary, encode_text
from throughtime.data.formats.text import read_text
from throughtime.data.planning.split import hold_out_text
from throughtime.data.reading import Note
from throughtime.data.source import TokenSource
from throughtime.data.text import Text
from throughtime.data.user_data import DATA, UserData
from throughtime.doors import named, option
from throughtime.errors import DataError, UsageError
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

    @property
    def predictions(self) -> int:
        """Tokens to predict: all but the very first document mark."""
        return int(self.source.lengths.sum()) - 1


@dataclass(frozen=True, slots=True)
class PreparedText:
    """All that was read before there is a network."""

    vocabulary: Vocabulary
    """Text to ids and back."""
    train: Corpus
    """The training text."""
    valid: Corpus
    """The held-out text."""


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
            CheckpointError: the vocabulary in ``known`` is missing or damaged.
        """
        text = self.text(data.training(), note)
        self._require_separator(text)
        if validation := data.validation():
            held_out = self.text(validation, note)
        else:
            text, held_out = hold_out_text(text, HELD_OUT)
            amount = f"{len(held_out):,} {'bytes' if self.config.unit == 'bytes' else 'characters'}"
            note(f"no validation text given: the last {HELD_OUT:.0%} of the text is held out for it ({amount})")
        _note_copies(text, held_out, note)
        vocabulary = self._vocabulary(text, known, note)
        train = self.encode(vocabulary, text, "the training text", note)
        return PreparedText(vocabulary, train, self.encode(vocabulary, held_out, "the validation text", note))

    def read_to_evaluate(self, data: UserData, folder: Path, note: Note) -> Corpus:
        """Read text that a trained model is to be scored on.

        Args:
            data: files or text in memory.
            folder: the run of the model.
            note: called with what the user should know, one line each.

        Returns:
            The text in the ids of the run's vocabulary.

        Raises:
            DataError: the text cannot be read.
            CheckpointError: the vocabulary is missing or damaged.
        """
        vocabulary = saved_vocabulary(self.config.unit, folder)
        return self.encode(vocabulary, self.text(data, note), "the text", note)

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
        if list(data) != [DATA]:
            raise UsageError(f"generate learns from one text, its data; it has none called {', '.join(data)}")
        config = self.config
        as_bytes = config.unit == "bytes"
        if data[DATA].memory is not None and "encoding" in self.asked:
            note(f"of no use for text in memory: {named('encoding')}")
        return read_text(data[DATA], encoding=config.encoding, as_bytes=as_bytes, separator=config.separator, note=note)

    def encode(self, vocabulary: Vocabulary, text: Text, name: str, note: Note) -> Corpus:
        """Turn text into ids and count what there is.

        Args:
            vocabulary: text to ids.
            text: the documents.
            name: what to call the text, for messages.
            note: told how much of it the vocabulary does not know, if anything.

        Returns:
            The corpus.
        """
        source = encode_text(vocabulary, text)
        known = vocabulary.unknown is None
        unknown = 0 if known else sum(int((item == vocabulary.unknown).sum()) for item in source)
        corpus = Corpus(source, text.characters, len(text) if self.config.unit == "bytes" else None, unknown)
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
