"""The options of ``generate``: how a text is read, the network, and how it is trained. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from throughtime.data.encodings import check_encoding
from throughtime.doors import named, option
from throughtime.errors import UsageError
from throughtime.tasks.options import STACK, NetworkOptions, check_vocabulary_size

__all__ = ["MUSIC", "Config"]

MUSIC = ("events", "frames")
"""Units of music; the others are of text."""
MIDI_STEPS = 4
"""Frames to a quarter note of MIDI where no other number is asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(NetworkOptions):
    """Options of ``fit("generate", ...)``."""

    ARCHITECTURE: ClassVar[frozenset[str]] = frozenset(["unit", "vocabulary_size", "tied", "steps_per_beat"]) | STACK
    """Options that the weights depend on."""
    READING: ClassVar[frozenset[str]] = frozenset({"encoding", "condition", "text_column", "header", "format"})
    """Options that may be others for other files."""
    CALLED: ClassVar[Mapping[str, str]] = {"target_column": "condition"}
    """What options of reading are called in this task, where it has another name for them."""
    CHANGEABLE: ClassVar[frozenset[str]] = NetworkOptions.CHANGEABLE | {"rival"}
    """Options that may change when a run is resumed."""
    TRAINING_ONLY: ClassVar[frozenset[str]] = NetworkOptions.TRAINING_ONLY | {"rival", "transpose", "skip_bad"}
    """Options that mean nothing to a trained network."""

    condition: str | None = None
    """Column that holds the labels of a table of texts, such as the countries of names; each row is one text, or names
    a MIDI file, and the network learns to write one for a label."""
    text_column: str | None = None
    """Column of such a table that holds the text, or the names of MIDI files; if not given, the first of text, poem,
    name, title ... there is."""
    header: bool | None = None
    """Whether the first line of a table names its columns; if not given, it is told from the line."""
    format: str | None = None
    """Format of such a table (csv, tsv, jsonl, json, parquet); if not given, it is told from each file."""
    unit: Literal["characters", "bytes", "words", "bpe", "events", "frames"] = "characters"
    """What one step is: of text a character, a byte, a word, or a piece of a word (byte pair encoding); of music an
    event (a note begins or ends, time goes on, loudness changes) or a frame (the pitches that sound). If not given,
    MIDI is learned as events and JSON of pitches as frames; for both, what is not given of sizes and training is as
    suits them."""
    vocabulary_size: int | None = None
    """Number of words or word pieces to know, for the units words (10000 if not given) and bpe (2000)."""
    separator: str | None = None
    """Text that stands between documents inside a file; without it each file is one document."""
    steps_per_beat: int | None = None
    """Frames to a quarter note; if not given, 4 for MIDI, and 1 for JSON of pitches, each step of which is a frame."""
    transpose: int = 0
    """Keys up and down in which each tune to learn from is heard too: 5 makes eleven of each."""
    skip_bad: bool = False
    """Skip MIDI files that cannot be read, count them and list them in skipped.txt."""
    encoding: str = "utf-8"
    """Encoding of the files, such as utf-8 or latin-1."""
    hidden: int = 512
    """Units of each recurrent layer."""
    embedding: int = 128
    """Size of the vector that stands for a token."""
    tied: bool = False
    """Use the embedding's weights for the output too."""
    dropout: float = 0.3
    """Share of the units dropped between the recurrent layers and before the output, the same at all steps."""
    rival: bool = True
    """Say at the end what an n-gram model, which counts, reaches on the same text."""
    lanes: int | None = None
    """Places in the text that are read side by side: the batch size; if not given, 32, or for a table of few texts as
    many as make an epoch of 100 steps."""
    tbptt: int = 64
    """Tokens that gradients reach back through (truncated backpropagation through time)."""

    def _settle(self) -> None:
        NetworkOptions._settle(self)
        if self.unit == "frames" and self.steps_per_beat is None:
            object.__setattr__(self, "steps_per_beat", MIDI_STEPS)

    def _check_values(self) -> None:
        NetworkOptions._check_values(self)
        self._at_least(1, "lanes", "tbptt", "steps_per_beat")
        self._at_least(0, "transpose")
        self._check_unit()
        if self.separator == "":
            raise UsageError(f"{named('separator')} must not be empty; leave it out to make each file one document")
        self._check_table()
        if self.unit not in MUSIC:
            check_vocabulary_size(self.unit, self.vocabulary_size)
        if self.unit == "bpe" and self.vocabulary_size is not None and self.vocabulary_size < 257:
            raise UsageError(
                f"{named('vocabulary_size')} must be at least 257 (all bytes) for bpe, not {self.vocabulary_size}"
            )
        if self.unit == "bytes" and self.encoding != "utf-8":
            raise UsageError(f"{named('encoding')} has no meaning for the unit bytes, which reads files as they are")
        check_encoding(self.encoding)

    def _check_unit(self) -> None:
        """Raise where an option of music stands beside text, or the other way round."""
        music = {"transpose": self.transpose, "skip_bad": self.skip_bad}
        text = {"vocabulary_size": self.vocabulary_size, "separator": self.separator}
        if self.condition is None and self.encoding != "utf-8":
            text["encoding"] = self.encoding
        if self.unit != "frames" and self.steps_per_beat is not None:
            raise UsageError(f"{named('steps_per_beat')} is for the unit frames; the {named('unit')} is {self.unit}")
        if self.unit == "frames" and self.tied:
            raise UsageError(f"{named('tied')} is for units that are one token; the {named('unit')} is {self.unit}")
        if self.unit in MUSIC and (given := next((name for name, value in text.items() if value is not None), None)):
            raise UsageError(
                f"{named(given)} is for texts; the {named('unit')} is {self.unit}: leave {named(given)} out"
            )
        if self.unit not in MUSIC and (given := next((name for name, value in music.items() if value), None)):
            raise UsageError(
                f"{named(given)} is for music; the {named('unit')} is {self.unit}: leave {named(given)} out"
            )

    def _check_table(self) -> None:
        """Raise where an option of tables stands beside none, or one of other texts beside one."""
        given = [name for name in ("text_column", "header", "format") if getattr(self, name) is not None]
        if self.condition is None and given:
            raise UsageError(
                f"{named(given[0])} is for a table of texts with labels; name the column of labels with "
                f"{option('condition')}, or leave it out"
            )
        if self.condition is not None and self.separator is not None:
            raise UsageError(
                f"{named('separator')} is for documents inside a file, and each row of a table is one "
                f"({named('condition')}); leave it out"
            )
