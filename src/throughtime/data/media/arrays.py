"""Clips out of files of arrays (.npz, .npy): frames in time, with a label or one for each frame."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Frames, Record, Target
from throughtime.errors import DataError

__all__ = ["ARRAY_SUFFIXES", "load_array", "load_grid", "read_array_clips", "to_frames", "to_target"]

ARRAY_SUFFIXES = frozenset({".npz", ".npy"})
"""How the names of files of arrays end."""
_ARRAYS = frozenset({"frames", "clips", "grid", "label", "labels"})
"""What is read from an ``.npz``; what else is in it may be anything."""
Array: TypeAlias = NDArray[Any]
Arrays: TypeAlias = Mapping[str, Array | None]


def read_array_clips(path: Path, how: Reading, problems: Problems, *, targets: bool) -> Iterator[Record]:
    """Read the clips of one file of arrays.

    An ``.npz`` holds one clip, ``frames`` (T, ...), with ``labels`` (T,) or one ``label``; or many clips of one length,
    ``clips`` (N, T, ...), with ``labels`` (N, T) or (N,). An ``.npy`` holds the frames alone. Labels are strings or
    whole numbers. Nothing in the file can be code: arrays of objects are refused.

    Args:
        path: the file, ``.npz`` or ``.npy``.
        how: options; ``per_step`` is whether each frame has a label.
        problems: told of clips that cannot be read.
        targets: whether labels must be there; without, they are not looked at.

    Yields:
        Clips in order: content (T, F), original the path, with ``[i]`` for clip i of many.

    Raises:
        DataError: as :class:`Problems` says.
    """
    try:
        arrays = _arrays(path)
        several = "clips" in arrays
        clips = _named(arrays, "clips") if several else _named(arrays, "frames")[None]
        if several and clips.ndim < 2:
            raise DataError(f"'clips' of shape {clips.shape}, where (clips, frames, ...) is needed")
        labels = _labels(arrays, len(clips), several, how) if targets else None
    except DataError as error:
        problems.report(str(path), str(error))
        return
    for i, clip in enumerate(clips):
        place = f"{path}: clip {i}" if several else str(path)
        try:
            target = None if labels is None else _target(labels[i], len(clip), how)
            yield Record(to_frames(clip), target, place, f"{path}[{i}]" if several else str(path))
        except DataError as error:
            problems.report(place, str(error))


def load_array(path: Path) -> Frames:
    """Read the frames of one clip, without labels.

    Args:
        path: the file, ``.npz`` with ``frames`` or ``.npy``.

    Returns:
        (T, F).

    Raises:
        DataError: as for :func:`read_array_clips`.
    """
    try:
        return to_frames(_named(_arrays(path), "frames"))
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def load_grid(path: Path) -> NDArray[Any]:
    """Read the features of a picture's places, or a picture that was saved as an array.

    Args:
        path: the file, ``.npz`` with ``grid`` or ``.npy``.

    Returns:
        The array as it is.

    Raises:
        DataError: as for :func:`read_array_clips`.
    """
    try:
        arrays = _arrays(path)
        return _named(arrays, "frames" if path.suffix.lower() == ".npy" else "grid")
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def _arrays(path: Path) -> Arrays:
    """Read the arrays of a file by name, None for those that are of no use; messages name no file."""
    try:
        if path.suffix.lower() == ".npy":
            with path.open("rb") as file:
                return {"frames": _array(file)}
        with zipfile.ZipFile(path) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            return {name: _array(archive.open(f"{name}.npy")) if name in _ARRAYS else None for name in names}
    except FileNotFoundError:
        raise DataError("no such file") from None
    except IsADirectoryError:
        raise DataError("is a folder; give the files in it") from None
    except MemoryError:
        raise DataError("an array is larger than the memory; save it in pieces") from None
    # RuntimeError: a password; NotImplementedError: a compression that is unknown here.
    except (OSError, ValueError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, KeyError) as error:
        reason = " ".join(str(error).split())
        if "Object arrays" in reason:
            raise DataError(
                "an array of objects (dtype=object) is refused, since it could hold code; "
                "save numbers, and labels as plain strings: np.array(labels, dtype=str)"
            ) from None
        raise DataError(f"not a file that numpy.savez wrote, or broken ({reason}); save it again") from None


def _array(file: IO[bytes]) -> Array:
    with file:
        return np.lib.format.read_array(file)  # refuses objects unless told otherwise


def _named(arrays: Arrays, name: str) -> Array:
    array = arrays.get(name)
    if array is None:
        there = ", ".join(repr(each) for each in arrays) or "none"
        raise DataError(f"no array {name!r} in it (arrays there: {there}); save it with np.savez(file, {name}=...)")
    return array


def _labels(arrays: Arrays, clips: int, several: bool, how: Reading) -> Array:
    """Give the labels, first axis clips."""
    labels = _named(arrays, "labels" if several or how.per_step else "label")
    if not several:
        return labels[None]
    if labels.ndim < 1 or len(labels) != clips:
        raise DataError(f"{clips} clips and labels of shape {labels.shape}; there must be one row of labels per clip")
    return labels


def _target(labels: Array, steps: int, how: Reading) -> Target:
    """Check the labels of one clip; numpy's scalars become plain strings and numbers."""
    if labels.dtype.kind not in ("USbiuf" if how.target_type == "number" and not how.per_step else "USbiu"):
        raise DataError(f"labels of type {labels.dtype}; save strings or whole numbers")
    if how.per_step:
        if labels.shape != (steps,):
            raise DataError(f"{steps} frames and labels of shape {labels.shape}; there must be one label per frame")
        return _filled(_plain(value) for value in labels.tolist())
    if how.target_type == "labels" and labels.ndim == 1:
        return tuple(dict.fromkeys(_filled(_plain(value) for value in labels.tolist())))
    if labels.size != 1:
        raise DataError(f"labels of shape {labels.shape}, where one for the whole clip is needed")
    return to_target(_plain(labels.item()), how)


def _plain(value: object) -> str:
    try:
        return (value.decode("utf-8") if isinstance(value, bytes) else str(value)).strip()
    except UnicodeDecodeError:
        raise DataError(f"label {value!r} is not UTF-8; save labels as strings") from None


def _filled(labels: Iterable[str]) -> tuple[str, ...]:
    """Refuse an empty label among labels."""
    filled = tuple(labels)
    if "" in filled:
        raise DataError("an empty label; give each a name")
    return filled


def to_target(text: str, how: Reading) -> Target:
    """Turn the text of a label into what is asked for.

    Args:
        text: a label, several with ``how.label_separator`` between them, or a number.
        how: options; ``target_type`` says which of them it is.

    Returns:
        The label, the labels, or the number.

    Raises:
        DataError: it is empty, or no finite number; the message names no file.

    Example:
        >>> to_target("sad, slow", Reading(target_type="labels")), to_target("1e3", Reading(target_type="number"))
        (('sad', 'slow'), 1000.0)
    """
    text = text.strip()
    if how.target_type == "labels":
        parts = text.split(how.label_separator) if text else []
        return tuple(dict.fromkeys(_filled(part.strip() for part in parts)))
    _filled([text])
    if how.target_type == "label":
        return text
    try:
        number = float(text)
    except ValueError:
        raise DataError(f"{text!r} is not a number") from None
    if not np.isfinite(number) or "_" in text:
        raise DataError(f"{text!r} is not a finite number")
    return number


def to_frames(values: Array) -> Frames:
    """Flatten each step of an array; bytes 0 to 255 become 0 to 1, all other numbers stay as they are.

    Args:
        values: numbers, (T, ...).

    Returns:
        (T, F).

    Raises:
        DataError: no numbers, none at all, or some that are not finite; the message names no file.

    Example:
        >>> to_frames(np.array([[[0, 51], [102, 255]]], np.uint8))
        array([[0. , 0.2, 0.4, 1. ]], dtype=float32)
    """
    if values.dtype.kind not in "biuf":
        raise DataError(f"frames of type {values.dtype}; save numbers (float32, uint8 ...)")
    if values.ndim < 1 or not values.size:
        raise DataError(f"no frames: an array of shape {values.shape}, where (frames, ...) is needed")
    with np.errstate(over="ignore"):
        frames = values.reshape(len(values), -1).astype(np.float32)
    finite = np.isfinite(frames).all(axis=1)
    if not finite.all():
        raise DataError(f"frame {int(finite.argmin())} holds what is no finite number (NaN, infinite or over 3e38)")
    return frames / np.float32(255) if values.dtype == np.uint8 else frames
