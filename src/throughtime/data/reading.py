"""How files are to be read, and what becomes of records that cannot be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

from throughtime.errors import DataError

__all__ = ["Fill", "Found", "Note", "Problems", "Reading"]

Note: TypeAlias = Callable[[str], None]
"""Is called with what the user should know, in one line."""
Fill: TypeAlias = Literal["forward", "linear", "zero"]
"""What takes the place of a missing value."""


@dataclass(slots=True, kw_only=True)
class Found:
    """What was found in the data that was learned from, so that other data is read alike; a run keeps it."""

    fixed: bool = False
    """Whether it comes from a run, or from data that was read before, and must stay as it is."""
    counted: bool | None = None
    """Whether a column of CoNLL lines counts the words; None where no such lines were read."""
    features: list[str] = field(default_factory=list[str])
    """Columns of series that are features, in order; empty where no series were read."""
    target: str | None = None
    """Column of series that was the target; None where no series were read, or none had a target."""
    flags: list[str] = field(default_factory=list[str])
    """Those of them that are true or false."""
    levels: list[list[str]] = field(default_factory=list[list[str]])
    """Column and label of each feature that says whether a label stands there, in the order they were met."""
    values: list[str] = field(default_factory=list[str])
    """Columns of a table in wide format that hold the values of a series; empty where no such table was read."""
    place: int | None = None
    """Which of its columns, from 0, was the target."""
    scheme: str | None = None
    """Scheme of labels that mark spans, BIO or BIOES; None where they mark none."""
    spans: bool = False
    """Whether the labels were marks in texts, so that texts are cut into words and marks of punctuation."""
    answers: str | None = None
    """Whether answers to questions are "spans" of their contexts or "words"; None where no questions were read."""
    size: list[int] = field(default_factory=list[int])
    """Height and width that whole pictures were brought to; empty where none were read."""
    labels_were: str | None = None
    """What they were in the data, where they were turned into that scheme."""

    def to_mapping(self) -> dict[str, Any]:
        """Give what was found, as plain values."""
        return {
            name: value for name, value in asdict(self).items() if value not in (None, False, []) and name != "fixed"
        }

    @classmethod
    def from_mapping(cls, saved: Mapping[str, Any]) -> Found:
        """Make it again from what :meth:`to_mapping` gave; a TypeError says that it is damaged."""
        return cls(**saved, fixed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How files are to be read: the options that the formats see. None leaves a choice to the format, which says it."""

    per_step: bool = False
    """Whether there is a target for each step, not one for the whole record."""
    target_type: Literal["label", "labels", "number", "sequences", "spans"] = "label"
    """A label, several labels, a number, sequences, or marked parts: answers to a question."""
    encoding: str = "utf-8"
    """Encoding of text files."""
    format: str | None = None
    """Name of the files' format; None tells it from each file."""
    separator: str | None = None
    """What stands between the cells of a table of text: a name or the character; None tells it from the file."""
    header: bool | None = None
    """Whether the first line of a table names its columns."""
    text_column: str | None = None
    """Column of a table that holds the text."""
    target_column: str | None = None
    """Column of a table, or of CoNLL lines, that holds the target."""
    label_separator: str = ","
    """What stands between several labels of one record."""
    file_column: str | None = None
    """Column of a table that names a file (sound, image, array, text), from the table's folder on."""
    id_column: str | None = None
    """Column of a table in long format that tells the series apart."""
    time_column: str | None = None
    """Column of a table in long format that orders the steps of a series."""
    feature_columns: str | None = None
    """Columns of a table in long format that are features, between commas; None takes all that are nothing else."""
    ignore_columns: str | None = None
    """Columns of a table in long format that are left out, between commas."""
    wide: bool | None = None
    """Whether each row of a table is a series of one feature, a value in each column; None tells from the columns."""
    beside_columns: tuple[tuple[str, str], ...] = ()
    """Columns of a table that stand beside the content: (name in ``Record.beside``, column)."""
    group_column: str | None = None
    """Column of a table that says which records belong together."""
    image_steps: Literal["rows", "pixels", "none"] = "rows"
    """What a step of an image is; none keeps it whole, (H, W, C)."""
    colour: bool = False
    """Whether images keep their colours (three features a pixel) or become grey (one)."""
    mel_bands: int = 40
    """Features of a step of sound."""
    resample: int | None = None
    """Samples a second that every sound is brought to; None leaves them as they are, which must then be alike."""
    fill: Fill | None = None
    """What takes the place of values that are missing in a table in long format; None refuses them."""
    tbptt: int | None = None
    """Steps that a series of numbers in long format is handed out in at a time; None hands it out whole."""
    found: Found = field(default_factory=Found, compare=False)
    """What was found in the data that was learned from; reading that data fills it in."""

    @property
    def captions(self) -> bool:
        """Whether pictures are read, and captions that belong to them."""
        return self.image_steps == "none" and self.target_type == "sequences"

    @property
    def names_files(self) -> bool:
        """Whether the cells of a table name files: a column of such was asked for, or pictures with captions are."""
        return self.file_column is not None or self.captions


@dataclass(slots=True)
class Problems:
    """What becomes of records that cannot be read: the first ends everything, or all are skipped and listed."""

    skip: bool = False
    """Whether to go on without them."""
    note: Note = print
    """Called with what the user should know, in one line."""
    skipped: list[str] = field(default_factory=list[str])
    """The messages of those that were skipped, in order."""

    def report(self, place: str, message: str) -> None:
        """Tell of a record that cannot be read; the caller goes on with the next one if this returns.

        Args:
            place: file and line, such as ``"reviews.csv: line 7"``.
            message: what is wrong and how to mend it.

        Raises:
            DataError: bad records are not to be skipped.
        """
        if not self.skip:
            raise DataError(f"{place}: {message}")
        self.skipped.append(f"{place}: {message}")
