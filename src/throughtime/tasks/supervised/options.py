"""The options that tasks on records with targets share: data, network, batches. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from throughtime.doors import named, takes
from throughtime.errors import UsageError
from throughtime.tasks.options import STACK, NetworkOptions, check_vocabulary_size
from throughtime.training.options import INHERITED

__all__ = ["FROM_LANGUAGE_MODEL", "DataOptions", "RecordOptions", "SupervisedOptions"]

_STEPS = frozenset(["id_column", "time_column"])
_ROWS = _STEPS | {"text_column"}
"""Options of tables whose rows name no files."""
_NETWORK = STACK | {"unit", "vocabulary_size"}
FROM_LANGUAGE_MODEL: Mapping[str, Mapping[str, object]] = {
    "generate": {**dict.fromkeys(_NETWORK, INHERITED), "bidirectional": False}
}
"""``FROM_OTHERS`` of a task whose network reads the content alone, with ``read`` and ``recurrent``: a language model
becomes the encoder, which reads one way."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DataOptions(NetworkOptions):
    """Options of what learns from records with targets, whatever it reads of them and with whatever network."""

    ARCHITECTURE: ClassVar[frozenset[str]] = _NETWORK - {"unit"}
    """Options that the weights depend on."""
    CHANGEABLE: ClassVar[frozenset[str]] = NetworkOptions.CHANGEABLE | {"rival"}
    """Options that may change when a run is resumed."""
    TRAINING_ONLY: ClassVar[frozenset[str]] = NetworkOptions.TRAINING_ONLY | {
        "skip_bad", "rival", "batch_size", "batch_steps",
    }  # fmt: skip
    """Options that mean nothing to a trained network."""
    READING: ClassVar[frozenset[str]] = frozenset(["format", "separator", "header", "encoding", "target_column"])
    """Options that may be others for other files."""

    format: str | None = None
    """Format of the files (csv, tsv, jsonl, json, parquet, series, conll, conllu, spans, lines, squad, babi, fasttext,
    fasta, arrays, folder, captions); if not given, it is told from each file."""
    separator: str | None = None
    """What stands between the cells of a table of text: comma, tab, semicolon, pipe, space (any run of blanks) or
    any character; if not given, it is told from the file."""
    target_column: str | None = None
    """Column that holds what is predicted; if not given, the first of label, class, target, tag, upos ... there is."""
    header: bool | None = None
    """Whether the first line of a table names its columns; if not given, it is told from the line."""
    encoding: str = "utf-8"
    """Encoding of text files, such as utf-8 or latin-1."""
    skip_bad: bool = False
    """Skip records that cannot be read, count them and list them in skipped.txt."""
    rival: bool = True
    """Say at the end what simple models reach on the same data: the commonest label or the mean, a linear model."""
    batch_size: int = 32
    """Sequences of a step."""
    batch_steps: int = 50_000
    """Sequences times the longest of them, at most: longer ones come in smaller batches."""

    learning_rate: float = 2e-3
    """Highest learning rate of AdamW."""
    weight_decay: float = 0.05
    """Weight decay of AdamW; acts on matrices, not on biases and gains."""
    average: float = 0.998
    """Share of the weights' moving average that each step keeps; the average is validated and saved in place of the
    last weights. 0 makes none."""
    epochs: float = 8.0
    """Passes over the training data."""

    def _check_values(self) -> None:
        NetworkOptions._check_values(self)
        self._at_least(1, "batch_size", "batch_steps")


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordOptions(DataOptions):
    """Options of what learns from records with targets and reads them step by step."""

    ARCHITECTURE: ClassVar[frozenset[str]] = DataOptions.ARCHITECTURE | {"bidirectional"}
    """Options that the weights depend on."""

    bidirectional: bool = True
    """Read sequences from both ends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SupervisedOptions(RecordOptions):
    """Options of what learns from records with targets."""

    ARCHITECTURE: ClassVar[frozenset[str]] = _NETWORK | {"min_count", "spelling", "bidirectional", "fill"}
    """Options that the weights depend on."""
    TRAINING_ONLY: ClassVar[frozenset[str]] = RecordOptions.TRAINING_ONLY | {
        "embeddings", "word_dropout", "character_dropout", "frame_mask",
    }  # fmt: skip
    """Options that mean nothing to a trained network."""

    READING: ClassVar[frozenset[str]] = RecordOptions.READING | {
        "text_column", "file_column", "id_column", "time_column", "ignore_columns", "resample",
    }  # fmt: skip
    """Options that may be others for other files."""

    text_column: str | None = None
    """Column that holds the text or tokens; if not given, the first of text, sentence, review, tokens ... there is."""
    file_column: str | None = None
    """Column that names a file of sound, image, array or text, from the table's folder on."""
    id_column: str | None = None
    """Column that tells series apart, for a table with one row per step."""
    time_column: str | None = None
    """Column that orders the steps of a series; also marks a table as one row per step."""
    feature_columns: str | None = None
    """Columns of series to learn from, with commas between; if not given, all that are nothing else."""
    ignore_columns: str | None = None
    """Columns of series to leave out, with commas between."""
    image_steps: Literal["rows", "pixels"] = "rows"
    """What one step of an image is."""
    colour: bool = False
    """Keep the colours of images."""
    mel_bands: int = 40
    """Numbers that describe 25 ms of sound: the bands of a log-mel spectrogram."""
    resample: int | None = None
    """Samples a second that all sounds are brought to, such as 16000; if not given, all must have the same."""
    fill: Literal["forward", "linear", "zero"] | None = None
    """What takes the place of missing values (empty, NaN, NA) in a table with one row per step: the value before
    (forward; at the start the first one), a straight line over the steps (linear), or zero; for each column the network
    also reads where it was missing. If not given, they are refused."""
    unit: Literal["words", "characters", "bytes", "bpe"] | None = None
    """What one step of a text is; if not given, a word, or a character where the texts have no spaces (names, DNA) or
    their script sets none between words (Chinese, Japanese, Thai)."""
    vocabulary_size: int | None = None
    """Number of words (all if not given) or word pieces (2000) to know."""
    min_count: int = 1
    """How often a word must occur to have a vector of its own."""
    spelling: int = 64
    """Units of each direction of the network that reads the letters of each word; 0 leaves the spelling out."""
    embeddings: str | None = None
    """File of word vectors to start from (GloVe or fastText text format); sets --embedding."""
    word_dropout: float = 0.2
    """Share of the words read as unknown in training, so that the unknown word has a meaning."""
    character_dropout: float = 0.1
    """Share of the letters read as unknown in training."""
    frame_mask: float = 0.1
    """Share of the features, and of the steps, of sound and other frames that training hides in stripes."""

    def _check_values(self) -> None:
        RecordOptions._check_values(self)
        self._at_least(1, "min_count", "mel_bands")
        self._at_least(0, "spelling")
        if self.resample is not None and not 1000 <= self.resample <= 384_000:
            raise UsageError(
                f"{named('resample')} must be between 1000 and 384000 samples a second, not {self.resample}"
            )
        self._shares("word_dropout", "character_dropout")
        if not 0 <= self.frame_mask <= 0.5:
            raise UsageError(f"{named('frame_mask')} must be between 0 and 0.5, not {self.frame_mask}")
        check_vocabulary_size(self.unit, self.vocabulary_size)
        if self.feature_columns and self.ignore_columns:
            raise UsageError(_ignored_beside(self.feature_columns))
        if self.file_column and (self.id_column or self.time_column):
            raise UsageError(
                f"a table has one row per file ({named('file_column')}) or one per step ({named('id_column')}, "
                f"{named('time_column')}); leave out what it has not"
            )

    def read_otherwise(self, how: Mapping[str, object]) -> Self:
        """Give the same for other files; what cannot stand beside a new option is not carried over."""
        dropped = _ROWS if "file_column" in how else ["file_column"] if how.keys() & _ROWS else []
        return self.from_mapping({**self.to_mapping(), **dict.fromkeys(dropped), **how})


def _ignored_beside(features: str) -> str:
    """Say that columns are left out already."""
    if takes("feature_columns"):
        both = f"give it or {named('ignore_columns')}, not both"
        return f"{named('feature_columns')} leaves all others out; {both}"
    return (
        f"the run reads the columns {features} alone, which leaves all others out; leave {named('ignore_columns')} out"
    )
