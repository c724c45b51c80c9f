"""How near written texts come to the right ones: BLEU, chrF, exact matches, error rates. Loads no torch, and sacreBLEU
only to score.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from itertools import islice
from operator import eq
from typing import Any, Literal

from throughtime.data.encoding.scripts import sets_no_spaces
from throughtime.errors import UnknownNameError
from throughtime.tasks.writing.edits import References, Tokens, error_rate

__all__ = [
    "TOKENIZATIONS",
    "bleu_by_order",
    "score_texts",
    "signature",
    "tokenize_for",
    "word_accuracy",
]


TOKENIZATIONS = ("13a", "intl", "zh", "char", "none")
"""How BLEU may cut texts: those of sacreBLEU that need no other package and no download."""
LOOKED_AT, BEGINNING = 1000, 500
"""Texts that are looked at, and characters of each: enough to tell how they are written."""
MARKS = frozenset(".,?!;:،؛؟।۔")
"""Marks that stand at the end of a word, and by themselves in a text that is cut already."""
ALONE = 0.8
"""Share of these marks that stand alone in texts that are cut: abbreviations keep theirs."""


def score_texts(
    written: Sequence[str],
    right: Sequence[Sequence[str]],
    *,
    tokenize: str,
    tokens: tuple[Tokens, References] | None = None,
) -> dict[str, float]:
    """Score texts against their references: one or more for each, and not as many for all.

    Args:
        written: N texts that were written, N at least 1.
        right: the references of each.
        tokenize: how BLEU cuts texts, one of :data:`TOKENIZATIONS`; ``"none"`` at spaces alone.
        tokens: the tokens of what was written, and of the references, where their error rate is wanted, too.

    Returns:
        ``bleu`` and ``chrf`` of the whole (0 to 100, as sacreBLEU has them: Papineni et al. 2002, with exponential
        smoothing; Popović 2015, chrF2); ``exact_match``, the share of texts that are one of their references in each
        character (1 less this is what is called word error rate where each text is one word's pronunciation);
        ``token_error_rate`` where there are tokens; ``character_error_rate``; ``word_error_rate``, of words between
        spaces. The rates are :func:`error_rate`. BLEU is 0 where no text has four tokens.

    Raises:
        UnknownNameError: the tokenization is none of those.

    Source: Post 2018, "A call for clarity in reporting BLEU scores".

    Example:
        >>> scores = score_texts(["a red fox"], [["a fox", "a red dog"]], tokenize="13a")
        >>> scores["exact_match"], round(scores["word_error_rate"], 4), round(scores["character_error_rate"], 4)
        (0.0, 0.3333, 0.2222)
    """
    listed = _listed(right)
    found = {
        "bleu": float(_bleu(tokenize).corpus_score(written, listed).score),
        "chrf": float(_chrf().corpus_score(written, listed).score),
        "exact_match": sum(text in one for text, one in zip(written, right, strict=True)) / len(written),
    }
    if tokens is not None:
        found["token_error_rate"] = error_rate(*tokens)
    words = [[text.split() for text in one] for one in right]
    found["character_error_rate"] = error_rate(written, right)
    found["word_error_rate"] = error_rate([text.split() for text in written], words)
    return found


def bleu_by_order(written: Sequence[str], right: Sequence[Sequence[str]], *, tokenize: str) -> dict[str, float]:
    """Give BLEU-1 to BLEU-4 of texts, as captions are scored.

    Args:
        written: N texts that were written, N at least 1.
        right: the references of each.
        tokenize: how texts are cut, one of :data:`TOKENIZATIONS`.

    Returns:
        ``bleu_1``, ``bleu_2`` and ``bleu_3``, which count runs of up to one, two and three words, and ``bleu`` of up to
        four words (0 to 100, smoothed as in :func:`score_texts`).

    Raises:
        UnknownNameError: the tokenization is none of those.

    Source: Papineni et al. 2002, "BLEU: a method for automatic evaluation of machine translation".

    Example:
        >>> scores = bleu_by_order(["a red fox runs"], [["a red dog runs"]], tokenize="none")
        >>> [round(scores[name], 1) for name in ("bleu_1", "bleu_2")]
        [75.0, 50.0]
    """
    if tokenize not in TOKENIZATIONS:
        raise UnknownNameError("tokenization", tokenize, TOKENIZATIONS)
    bleu = import_module("sacrebleu.metrics.bleu").BLEU
    scores: dict[str, float] = {}
    for order, name in enumerate(("bleu_1", "bleu_2", "bleu_3", "bleu"), 1):
        metric = bleu(tokenize=tokenize, force=True, max_ngram_order=order)
        scores[name] = float(metric.corpus_score(written, _listed(right)).score)
    return scores


def word_accuracy(written: Sequence[str], right: Sequence[Sequence[str]]) -> float:
    """Give the share of the words of references that texts have in the same place.

    .. code-block:: text

        sum_n #{i : w_n[i] = r_n[i]} / sum_n |r_n|

    r_n is the reference of text n of which the greatest share is matched so, the first of equal ones; a place is
    counted from the beginning, so a word that is left out costs all that come after it.

    Args:
        written: N texts that were written, of words between spaces.
        right: the references of each.

    Returns:
        The share, from 0 to 1.

    Example:
        >>> word_accuracy(["a red fox", "no"], [["a blue fox", "an ox"], ["no way"]])
        0.6
    """
    matched = total = 0
    for text, references in zip(written, right, strict=True):
        words = text.split()
        counts = [(sum(map(eq, words, one)), len(one)) for one in (reference.split() for reference in references)]
        same, length = max(counts, key=lambda count: count[0] / max(1, count[1]))
        matched, total = matched + same, total + length
    return matched / max(1, total)


def signature(right: Sequence[Sequence[str]], *, tokenize: str, score: Literal["bleu", "chrf"] = "bleu") -> str:
    """Say how a score was made, in the words of sacreBLEU, so that others can compare theirs with it.

    Args:
        right: the references of each text.
        tokenize: as in :func:`score_texts`.
        score: which of sacreBLEU's two.

    Returns:
        Its signature.

    Raises:
        UnknownNameError: the tokenization is none of those.

    Example:
        >>> signature([["a", "b"], ["c"]], tokenize="13a").rpartition("|")[0]
        'nrefs:var|case:mixed|eff:no|tok:13a|smooth:exp'
    """
    # It counts the references and does not read them.
    counted = _listed([[""] * len(one) for one in right])
    return str((_bleu(tokenize, counted) if score == "bleu" else _chrf(counted)).get_signature())


def _bleu(tokenize: str, references: Sequence[Sequence[str | None]] | None = None) -> Any:
    if tokenize not in TOKENIZATIONS:
        raise UnknownNameError("tokenization", tokenize, TOKENIZATIONS)
    # Without force it logs that texts look cut: whoever wants these cut no more has said "none".
    return import_module("sacrebleu.metrics.bleu").BLEU(tokenize=tokenize, force=True, references=references)


def _chrf(references: Sequence[Sequence[str | None]] | None = None) -> Any:
    return import_module("sacrebleu.metrics.chrf").CHRF(references=references)


def _listed(right: Sequence[Sequence[str]]) -> list[list[str | None]]:
    """The first reference of each text, the second of each, and so on: None where a text has no more."""
    most = max(map(len, right))
    return [[one[place] if place < len(one) else None for one in right] for place in range(most)]


def tokenize_for(texts: Sequence[str]) -> str:
    """Choose how BLEU cuts texts, by how they are written.

    Args:
        texts: references, or what is learned from; the first 1000 are looked at.

    Returns:
        ``"zh"`` where most letters are Chinese characters and few are kana; ``"char"`` where they are of another script
        that sets no spaces between words; ``"none"`` where marks stand as words of their own, so that the texts are cut
        already; else ``"13a"``, which cuts off marks as WMT's script does.

    Example:
        >>> [tokenize_for([text]) for text in ("我喜欢茶。", "私はお茶が好きです。", "I like tea .", "I like tea.")]
        ['zh', 'char', 'none', '13a']
    """
    beginnings = [text[:BEGINNING] for text in islice(texts, LOOKED_AT)]
    if sets_no_spaces(beginnings):
        return "zh" if _is_chinese(beginnings) else "char"
    marked = [word for text in beginnings for word in text.split() if word[-1] in MARKS]
    alone = sum(MARKS.issuperset(word) for word in marked)
    return "none" if marked and alone >= ALONE * len(marked) else "13a"


def _is_chinese(texts: Sequence[str]) -> bool:
    """Whether most letters are Chinese characters, and hardly any kana stand between them, as they do in Japanese."""
    kinds: Counter[str] = Counter()
    for letter, count in Counter("".join(texts)).items():
        if letter.isalpha():
            kinds[unicodedata.name(letter, "?").split()[0]] += count
    return 2 * kinds["CJK"] > kinds.total() and 20 * (kinds["HIRAGANA"] + kinds["KATAKANA"]) < kinds["CJK"]
