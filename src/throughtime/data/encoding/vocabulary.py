"""Text to ids and back, for four kinds of tokens: characters, bytes, words, and pieces of words (BPE).

Every vocabulary has one id that is no text: the document mark, which stands before each document. As the token
after a document's last one it means "the document ends". Characters and words also have an id for the unknown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from throughtime.data.encoding import units
from throughtime.data.encoding.units import BPE, Bytes, Characters, Decode, Words, chunks
from throughtime.data.source import TokenSource
from throughtime.data.text import RawText, Text
from throughtime.doors import of_fit
from throughtime.errors import UsageError

__all__ = ["Vocabulary", "build_vocabulary", "encode_text", "load_vocabulary", "prompt_ids"]


class Vocabulary(Protocol):
    """What the tasks need of a vocabulary."""

    @property
    def unit(self) -> str:
        """Name of the unit: characters, bytes, words or bpe."""
        ...

    @property
    def document(self) -> int:
        """Id of the document mark."""
        ...

    @property
    def unknown(self) -> int | None:
        """Id of what the vocabulary does not know, or None where it knows everything."""
        ...

    @property
    def file_name(self) -> str:
        """Name of the file it is kept in."""
        ...

    def __len__(self) -> int:
        """Give the number of ids."""
        ...

    def encode(self, content: RawText) -> NDArray[np.integer]:
        """Turn text into ids, (N,), without a document mark."""
        ...

    def unseen(self, content: RawText) -> list[str]:
        """List the different pieces of ``content`` that it does not know, in order of appearance."""
        ...

    def decoder(self) -> Decode:
        """Start decoding a text."""
        ...

    def to_json(self) -> str:
        """Give all that is needed to load it again."""
        ...


def build_vocabulary(unit: str, text: Text, size: int | None) -> Vocabulary:
    """Build the vocabulary of a text.

    Args:
        unit: characters, bytes, words or bpe.
        text: the training text, and nothing else.
        size: number of ids wanted for words (10000 if None) and bpe (2000 if None), marks included.

    Returns:
        The vocabulary; it may be smaller than ``size`` where the text has no more to give.
    """
    contents = [document.content for document in text.documents]
    match unit:
        case "bytes":
            return Bytes()
        case "words":
            return Words.build(contents, max(1, (size or 10_000) - 2))
        case "bpe":
            return BPE.build(contents, size or 2_000)
        case _:
            return Characters.build(contents)


def load_vocabulary(unit: str, written: str) -> Vocabulary:
    """Load what ``to_json`` gave.

    Args:
        unit: characters, bytes, words or bpe.
        written: the JSON text.

    Returns:
        The vocabulary.

    Raises:
        ValueError: the text is damaged or of another unit.
    """
    if unit == "bpe":
        try:
            return BPE(Tokenizer.from_str(written))
        except Exception as error:  # the tokenizers package raises a bare Exception
            raise ValueError(str(error)) from None
    content = json.loads(written)
    if not isinstance(content, dict) or cast(Mapping[str, Any], content).get("unit") != unit:
        raise ValueError(f"it is not a vocabulary of {unit}")
    if unit == "bytes":
        return Bytes()
    tokens = cast(Mapping[str, Any], content).get("tokens")
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in cast(list[object], tokens)):
        raise ValueError("it has no list of tokens")
    tokens = cast(list[str], tokens)
    return Characters(tokens) if unit == "characters" else Words(tokens)


def encode_text(vocabulary: Vocabulary, text: Text) -> TokenSource:
    """Turn documents into a source of ids; each item is the document mark and then the document.

    Args:
        vocabulary: what turns text into ids.
        text: the documents.

    Returns:
        One item per document, in the smallest unsigned type that holds the vocabulary.
    """
    dtype = np.min_scalar_type(len(vocabulary) - 1)
    mark = np.array([vocabulary.document], dtype)
    pieces: list[NDArray[np.unsignedinteger]] = []
    lengths: list[int] = []
    for document in text.documents:
        ids = [vocabulary.encode(chunk).astype(dtype) for chunk in chunks(document.content, units.CHUNK)]
        pieces += [mark, *ids]
        lengths.append(1 + sum(map(len, ids)))
    return TokenSource(np.concatenate(pieces) if pieces else np.array([], dtype), lengths)


def prompt_ids(vocabulary: Vocabulary, prompt: str) -> list[int]:
    """Turn a prompt into ids.

    Args:
        vocabulary: what turns text into ids.
        prompt: any text; may be empty.

    Returns:
        The ids, without a document mark.

    Raises:
        UsageError: the prompt has characters or words which the model has never seen; they are listed.
    """
    unseen = vocabulary.unseen(prompt)
    if unseen:
        shown = ", ".join(repr(each) for each in unseen[:20]) + (", ..." if len(unseen) > 20 else "")
        raise UsageError(
            f"the prompt has {vocabulary.unit} that are not in the model's vocabulary: {shown}; "
            f"leave them out, or train on text that has them ({of_fit('unit', 'bytes')} or bpe reads any text)"
        )
    return [int(token) for token in vocabulary.encode(prompt)]
