"""Scripts that set no spaces between words: there a "word" between two spaces is a whole sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

__all__ = ["sets_no_spaces"]

LOOKED_AT, BEGINNING = 1000, 500
"""Texts that are looked at, and characters of each: enough to tell the script."""

_RANGES = (
    "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # Hiragana and Katakana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"  # Chinese characters
    "\u0e00-\u0eff"  # Thai and Lao
    "\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"  # Tibetan, Burmese, Khmer
)
_UNSPACED = re.compile(f"[{_RANGES}]")
_LETTER = re.compile(rf"[^\W\d_]|[{_RANGES}]")


def sets_no_spaces(texts: Sequence[str]) -> bool:
    """Say whether most letters of texts are of a script that sets no spaces between words.

    Args:
        texts: texts of one data set.

    Returns:
        True for Chinese, Japanese, Thai, Lao, Burmese, Khmer and Tibetan; Korean sets spaces.

    Example:
        >>> sets_no_spaces(["ฉันชอบ ชา", "tea"]), sets_no_spaces(["나는 차를"]), sets_no_spaces(["I like 茶"])
        (True, False, False)
    """
    unspaced = letters = 0
    for text in islice(texts, LOOKED_AT):
        unspaced += len(_UNSPACED.findall(text[:BEGINNING]))
        letters += len(_LETTER.findall(text[:BEGINNING]))
    return 2 * unspaced > letters
