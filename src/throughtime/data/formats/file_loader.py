"""Files read one by one, whatever they hold, as long as they go together."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias, assert_never

from throughtime.data.files import open_lines, suffixes
from throughtime.data.formats.fasta import FASTA_SUFFIXES
from throughtime.data.media.arrays import ARRAY_SUFFIXES, load_array, load_grid
from throughtime.data.media.audio import SOUND_SUFFIXES, load_sound
from throughtime.data.media.clips import load_clip
from throughtime.data.media.image import IMAGE_SUFFIXES, load_image
from throughtime.data.reading import Note, Reading
from throughtime.data.record import Frames, Picture
from throughtime.data.tables.array_values import as_picture
from throughtime.doors import option
from throughtime.errors import DataError

__all__ = ["FileLoader", "Kind", "kind_of", "unknown"]

Kind: TypeAlias = Literal["text", "sound", "image", "array", "sequence", "clip"]
"""What a file holds; a clip is a folder of images."""
_LEARNED = "the data that was learned from"
_WHOLE = frozenset(
    (".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson", ".parquet", ".conll", ".conllu", ".bio", ".iob", ".iob2")
)
"""How files of many examples end."""
_SUFFIXES: dict[Kind, frozenset[str]] = {
    "text": frozenset({".txt"}),
    "sound": SOUND_SUFFIXES,
    "image": IMAGE_SUFFIXES,
    "array": ARRAY_SUFFIXES,
    "sequence": FASTA_SUFFIXES,
}


def kind_of(path: Path) -> Kind | None:
    """Tell what a file holds by the end of its name.

    Args:
        path: the file.

    Returns:
        Its kind, or None for a name that tells nothing.

    Example:
        >>> kind_of(Path("a/3.WAV")), kind_of(Path("genes.fa.gz")), kind_of(Path("README.md"))
        ('sound', 'sequence', None)
    """
    suffix, packing = suffixes(path)
    for kind, known in _SUFFIXES.items():
        if suffix in known and (not packing or kind in ("text", "sequence")):
            return kind
    return None


class FileLoader:
    """Reads files one by one and sees that they go together: the first sets the sampling rate and the width for all.

    Args:
        how: options.
        note: told, once of each sort, what was changed on the way.
        rate: sampling rate that sounds must have, where a network has learned from others; None takes the first one's.
        width: features that a step must have, likewise.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "plot.txt"
        >>> _ = path.write_text("It was a dark night.")
        >>> FileLoader(Reading(), print)(path)
        'It was a dark night.'
    """

    def __init__(self, how: Reading, note: Note, *, rate: int | None = None, width: int | None = None) -> None:
        self.how = how
        self.kinds: set[Kind] = set()
        self._note = note
        self._said: set[str] = set()
        self._last: tuple[Path, Picture] | None = None
        self._rate: tuple[str, int] | None = None if rate is None else (_LEARNED, rate)
        self._width: tuple[str, int] | None = None if width is None else (_LEARNED, width)

    def __call__(self, path: Path) -> str | Frames | Picture:
        """Read a file, or a folder of frames; raises a DataError that starts with the path."""
        kind = "clip" if path.is_dir() else kind_of(path)
        if kind is not None:
            self.kinds.add(kind)
        if self.how.image_steps == "none":
            return self._picture(path, kind)
        match kind:
            case "text":
                return self._text(path)
            case "sound":
                sound = load_sound(path, self.how, self._once(path))
                self._fit_rate(str(path), sound.rate)
                return self.fit_width(str(path), sound.frames)
            case "image":
                image = load_image(path, self.how, self._once(path))
                return self.fit_width(str(path), image, pixel=3 if self.how.colour else 1)
            case "array":
                return self.fit_width(str(path), load_array(path))
            case "clip":
                return self.fit_width(str(path), load_clip(path, self.how, self._once(path)))
            case "sequence":
                raise DataError(f"{path}: holds many sequences; give the file itself as data")
            case None:
                raise DataError(f"{path}: {unknown(path)}")
            case _:
                assert_never(kind)

    def _picture(self, path: Path, kind: Kind | None) -> Picture:
        """Read a whole picture, or a grid of features; the last one is kept, as captions of one picture follow."""
        if self._last is not None and self._last[0] == path:
            return self._last[1]
        if kind == "image":
            picture = load_image(path, self.how, self._once(path))
        elif kind == "array":
            try:
                picture = as_picture(load_grid(path), "the array")
            except DataError as error:
                raise DataError(f"{path}: {str(error).removeprefix(f'{path}: ')}") from None
        else:
            known = " ".join(sorted(IMAGE_SUFFIXES | ARRAY_SUFFIXES))
            raise DataError(f"{path}: no picture; its name should end in one of {known}")
        self._last = (path, picture)
        return picture

    def _text(self, path: Path) -> str:
        text = "\n".join(open_lines(path, self.how.encoding, self._once(path)))
        if not text.strip():
            raise DataError(f"{path}: nothing but white space; write something or leave the file out")
        return text

    def _once(self, path: Path) -> Note:
        """Give a note that says of many files one thing once."""

        def note(message: str) -> None:
            what = message.replace(str(path), "")
            if what not in self._said:
                self._said.add(what)
                self._note(f"{message} (said once; the same for files after it)")

        return note

    @property
    def rate(self) -> int | None:
        """Samples a second of the sounds; None where there was none yet."""
        return self._rate[1] if self._rate else None

    def _fit_rate(self, path: str, rate: int) -> None:
        first, wanted = self._rate = self._rate or (path, rate)
        if rate != wanted:
            raise DataError(
                f"{path}: {rate} samples a second, {first} has {wanted}; "
                f"bring all sounds to one rate with {option('resample', wanted)}"
            )

    def fit_width(self, place: str, frames: Frames, *, pixel: int = 0) -> Frames:
        """See that frames are as wide as those of the first file.

        Args:
            place: the file, for the message.
            frames: (T, F).
            pixel: features of a pixel, where the frames are of one image.

        Returns:
            The frames as they are.

        Raises:
            DataError: F is another than that of the first file; both are named.
        """
        width = frames.shape[1]
        first, wanted = self._width = self._width or (place, width)
        if width == wanted:
            return frames
        if pixel:
            raise DataError(
                f"{place}: {width // pixel} pixels wide, {first} is {wanted // pixel}; make all images equally wide, "
                f"or take pixels as steps ({option('image_steps', 'pixels')})"
            )
        raise DataError(f"{place}: {width} features a step, {first} has {wanted}; all must have as many")


def unknown(path: Path) -> str:
    """Say that a name does not tell what the file holds.

    Args:
        path: the file.

    Returns:
        The end of a message.
    """
    if suffixes(path)[0] in _WHOLE:
        return "a table, or words in columns, which is no single example; give the file itself as data, not its folder"
    known = " ".join(sorted(suffix for kind in _SUFFIXES.values() for suffix in kind))
    return f"a name that ends in {path.suffix!r} does not tell what it holds (known: {known}); rename or remove it"
