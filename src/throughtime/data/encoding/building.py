"""Features for records like these, and features again from what a run has kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeVar, cast

import numpy as np

from throughtime.data.encoding.features import Features, FrameFeatures, TokenFeatures, WordFeatures, text_of, words_of
from throughtime.data.encoding.joined import JoinedFeatures
from throughtime.data.encoding.pictures import PictureFeatures
from throughtime.data.encoding.scripts import sets_no_spaces
from throughtime.data.encoding.statements import StatementFeatures
from throughtime.data.encoding.vocabulary import build_vocabulary, load_vocabulary
from throughtime.data.encoding.word_vocabulary import WordVocabulary
from throughtime.data.record import Record
from throughtime.data.text import Document, Text

__all__ = ["Unit", "build_features", "load_features", "natural_unit"]

Unit = Literal["words", "characters", "bytes", "bpe"]
"""What one step of a text is."""
Value = TypeVar("Value")


def build_features(
    records: Sequence[Record],
    *,
    unit: Unit | None,
    spelled: bool,
    per_word: bool,
    at_least: int = 1,
    vocabulary_size: int | None = None,
    extra_words: Iterable[str] = (),
) -> Features:
    """Build what reads records like these.

    Args:
        records: the records to learn from, and no others.
        unit: what one step of a text is; None takes words, or characters where the texts have no spaces (names, DNA)
            or their script sets none between words.
        spelled: whether words are read with their spelling.
        per_word: whether the network answers word by word.
        at_least: how often a word must occur to have a vector of its own.
        vocabulary_size: number of words or pieces to know; None knows all words, 2000 pieces.
        extra_words: words to know that need not occur, such as those that come with vectors.

    Returns:
        The features.
    """
    if isinstance(records[0].content, np.ndarray):
        return _frame_features(records)
    if (unit or natural_unit(records)) == "words":
        vocabulary = WordVocabulary.build(map(words_of, records), at_least=at_least, most=vocabulary_size)
        return WordFeatures(vocabulary.with_words(extra_words), spelled=spelled)
    chosen = unit or natural_unit(records)
    text = Text(tuple(Document(text_of(record)) for record in records))
    return TokenFeatures(build_vocabulary(chosen, text, vocabulary_size), per_word=per_word)


def natural_unit(records: Sequence[Record]) -> Unit:
    """Say what one step of such texts should be.

    Args:
        records: records that hold text or words.

    Returns:
        ``"characters"`` where hardly any text has a space in it, or where most letters are of a script without spaces
        between words (Chinese, Japanese, Thai ...), else ``"words"``.

    Example:
        >>> natural_unit([Record("今天 很好", "good", "row 1"), Record("天气 不好", "bad", "row 2")])
        'characters'
    """
    texts = [record.content for record in records if isinstance(record.content, str)]
    with_spaces = sum(" " in text.strip() for text in texts)
    few_spaces = texts and with_spaces < len(texts) / 10
    return "characters" if few_spaces or sets_no_spaces(texts) else "words"


def _frame_features(records: Sequence[Record]) -> FrameFeatures:
    width = cast(Any, records[0].content).shape[1]
    total, squares, steps = np.zeros(width), np.zeros(width), 0
    for record in records:
        frames = np.asarray(record.content, np.float64)
        total += frames.sum(0)
        squares += (frames**2).sum(0)
        steps += len(frames)
    mean = total / steps
    deviation = np.sqrt(np.maximum(squares / steps - mean**2, 0))
    return FrameFeatures(mean.tolist(), np.where(deviation > 1e-6 * (1 + abs(mean)), deviation, 1.0).tolist())


def load_features(saved: Mapping[str, Any]) -> Features:
    """Make features again from what ``to_mapping`` gave.

    Args:
        saved: plain values.

    Returns:
        The features.

    Raises:
        ValueError: the values are damaged.
    """
    try:
        match saved["kind"]:
            case "words":
                words, counts = _each(str, saved["words"]), _each(int, saved["counts"])
                if len(words) != len(counts):
                    raise ValueError(f"{len(words)} words, but {len(counts)} counts")
                return WordFeatures(WordVocabulary(words, saved["characters"], counts), spelled=_flag(saved["spelled"]))
            case "tokens":
                vocabulary = load_vocabulary(saved["unit"], json.dumps(saved["vocabulary"]))
                per_word, marked = _flag(saved["per_word"]), _flag(saved["marked"])
                spaced = _flag(saved.get("spaced", False))  # which runs of earlier releases have not
                return TokenFeatures(vocabulary, per_word=per_word, marked=marked, spaced=spaced)
            case "frames":
                mean, scale = (_each(float, saved[part]) for part in ("mean", "scale"))
                if len(mean) != len(scale) or not all(each > 0 for each in scale):
                    raise ValueError("mean and scale do not fit")
                return FrameFeatures(mean, scale)
            case "statements":
                return StatementFeatures(WordVocabulary(_each(str, saved["words"]), "", _each(int, saved["counts"])))
            case "pictures":
                return PictureFeatures.from_mapping(saved)
            case "joined":
                return JoinedFeatures({name: load_features(part) for name, part in saved["parts"].items()})
            case kind:
                raise ValueError(f"there is no kind of features {kind!r}")
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a part is missing or of the wrong kind ({error})") from None


def _flag(value: object) -> bool:
    """Check that a value is a yes or a no."""
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, not {value!r}")
    return value


def _each(kind: type[Value], values: object) -> list[Value]:
    """Check that the values are a list of one kind."""
    each = cast("list[Value]", values)
    if not isinstance(values, list | tuple) or not all(isinstance(value, kind) for value in each):
        raise ValueError(f"expected a list of {kind.__name__}")
    return list(each)
