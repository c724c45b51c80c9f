"""What a token is on each side of a pair of texts, and which tokens there are. Loads no torch."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from throughtime.data.encoding.building import Unit, natural_unit
from throughtime.data.encoding.units import BPE, Characters
from throughtime.data.encoding.vocabulary import Vocabulary, build_vocabulary
from throughtime.data.record import Record
from throughtime.data.text import Document, Text
from throughtime.doors import named
from throughtime.errors import UsageError

__all__ = ["build_side", "is_spaced", "pieces_for", "spaced", "token_texts", "unit_of"]

UNKNOWN = "\ufffd"
"""Stands for a token that is not known."""
MOST_WORDS, OFTEN = 1000, 20
"""Different words of a side, and how often each occurs on average, up to and from which words are its tokens."""
BYTES = 256
"""Pieces that there always are; the mark is one more."""
FEWEST_PIECES, MOST_PIECES, PIECES_BY_ROOT = 500, 16_000, 8
"""Bounds of the number of pieces that is told from the text, and how many there are for each root of its words."""


def unit_of(texts: Sequence[str]) -> Unit:
    """Say what a token of such texts should be.

    Args:
        texts: one side of what is learned from.

    Returns:
        ``"characters"`` where texts have no spaces or their script sets none, ``"words"`` where few different words
        occur again and again (phonemes, commands), else ``"bpe"``.

    Example:
        >>> unit_of(["K AE1 T", "D AO1 G"] * 100), unit_of(["cat", "dog"]), unit_of(["a cat sat", "the dog ran"])
        ('words', 'characters', 'bpe')
    """
    if natural_unit([Record(text, None, "") for text in texts]) == "characters":
        return "characters"
    words = Counter(word for text in texts for word in text.split())
    return "words" if len(words) <= MOST_WORDS and words.total() >= OFTEN * len(words) else "bpe"


def pieces_for(texts: Iterable[str]) -> int:
    """Say how many pieces of words a text is worth: 8 for each root of its words, from 500 to 16,000.

    Args:
        texts: what is learned from.

    Returns:
        The number.

    Example:
        >>> pieces_for(["a b c d e"] * 50_000)
        4000
    """
    words = sum(len(text.split()) for text in texts)
    return min(MOST_PIECES, max(FEWEST_PIECES, PIECES_BY_ROOT * round(math.sqrt(words))))


def build_side(unit: Unit, texts: Sequence[str], size: int | None) -> Vocabulary:
    """Build the vocabulary of one side, or of both together.

    Args:
        unit: what a token is.
        texts: what is learned from, and nothing else.
        size: number of words or pieces to know; None tells the pieces from the text.

    Returns:
        The vocabulary. A character that occurs once is left out, so that the unknown one has a meaning.

    Raises:
        UsageError: so few pieces that not all bytes are among them.
    """
    if unit == "characters":
        counts = Counter(character for text in texts for character in text)
        return Characters(sorted(character for character, count in counts.items() if count > 1))
    if unit == "bpe":
        if size is not None and size <= BYTES:
            least = BYTES + 1
            raise UsageError(f"{named('vocabulary_size')} must be at least {least} (all bytes) for bpe, not {size}")
        return BPE.build(map(spaced, texts), size or pieces_for(texts))
    return build_vocabulary(unit, Text(tuple(Document(spaced(text)) for text in texts)), size)


def is_spaced(vocabulary: Vocabulary) -> bool:
    """Whether a text is read with a space before it, so that a word is the same token at its begin and inside.

    Args:
        vocabulary: the tokens.

    Returns:
        True for words and pieces of words, which take the space before them along.
    """
    return vocabulary.unit in ("words", "bpe")


def spaced(text: str) -> str:
    """Put a space before a text."""
    return f" {text}"


def token_texts(vocabulary: Vocabulary, ids: Sequence[int]) -> tuple[str, ...]:
    """Give each token of a text as text, so that joined they are all of it.

    Args:
        vocabulary: the tokens.
        ids: the text as numbers.

    Returns:
        As many texts: the unknown token as U+FFFD, one that is part of a character as what it completes.

    Example:
        >>> from throughtime.data.encoding.units import Bytes
        >>> token_texts(Characters("ab"), [2, 1, 3]), token_texts(Bytes(), list("né".encode()))
        (('a', '�', 'b'), ('n', '', 'é'))
    """
    decode = vocabulary.decoder()
    texts = [UNKNOWN if token == vocabulary.unknown else decode(token) for token in ids]
    if texts and vocabulary.unknown is None:  # of bytes some may be kept back until it is seen what they begin
        blank = vocabulary.encode(" ").tolist()
        texts[-1] += "".join(map(decode, blank)).removesuffix(" ")
    return tuple(texts)
