"""How right answers are, as SQuAD counts it. Loads no torch."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

__all__ = ["exact_match", "normalised", "overlap_f1", "score_answers"]

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_MARKS = str.maketrans("", "", string.punctuation)


def normalised(text: str) -> str:
    """Bring an answer to the form in which answers are compared: small letters, no punctuation, no articles.

    Args:
        text: an answer.

    Returns:
        Its words with a space between each two.

    Source: the evaluation script of SQuAD 2.0 (Rajpurkar, Jia, Liang 2018), ``normalize_answer``.

    Example:
        >>> normalised("The  Eiffel-Tower, a tower")
        'eiffeltower tower'
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_MARKS)).split())


def exact_match(said: str, right: Sequence[str]) -> float:
    """Give 1 where an answer is one of the right ones, else 0; with no right one it must be empty.

    Args:
        said: the answer.
        right: all right ones.

    Returns:
        1.0 or 0.0.

    Example:
        >>> exact_match("the sun", ["Sun"]), exact_match("sun", []), exact_match("", [])
        (1.0, 0.0, 1.0)
    """
    return float(normalised(said) in set(map(normalised, right or [""])))


def overlap_f1(said: str, right: Sequence[str]) -> float:
    """Give the harmonic mean of precision and recall of an answer's words, of the right answer that it is nearest to.

    Args:
        said: the answer.
        right: all right ones.

    Returns:
        From 0 to 1; where one of the two is empty, 1 if both are.

    Source: as :func:`normalised`; ``compute_f1``.

    Example:
        >>> overlap_f1("the bright sun", ["sun", "the moon"])
        0.6666666666666666
    """
    return max(_f1(normalised(said).split(), normalised(each).split()) for each in right or [""])


def _f1(said: Sequence[str], right: Sequence[str]) -> float:
    if not said or not right:
        return float(said == right)
    same = (Counter(said) & Counter(right)).total()
    return 2 * same / (len(said) + len(right))


def score_answers(said: Sequence[str], right: Sequence[Sequence[str]]) -> dict[str, float]:
    """Score answers; where some questions have none, also those that have one, and the others, by themselves.

    Args:
        said: an answer to each question, empty for none.
        right: the right ones of each, none where there is none.

    Returns:
        ``f1`` and ``exact_match``, from 0 to 1; where a question has no answer, ``answered_f1``,
        ``answered_exact_match`` (HasAns in SQuAD's script) and ``no_answer_accuracy`` (NoAns).

    Example:
        >>> score_answers(["sun", "moon"], [["the sun"], []])["no_answer_accuracy"]
        0.0
    """
    exact = [exact_match(*pair) for pair in zip(said, right, strict=True)]
    f1 = [overlap_f1(*pair) for pair in zip(said, right, strict=True)]
    scores = {"f1": _mean(f1), "exact_match": _mean(exact)}
    have = [place for place, each in enumerate(right) if each]
    if len(have) == len(right):
        return scores
    if have:
        scores |= {"answered_f1": _mean([f1[place] for place in have])}
        scores |= {"answered_exact_match": _mean([exact[place] for place in have])}
    none = [value for value, each in zip(exact, right, strict=True) if not each]
    return {**scores, "no_answer_accuracy": _mean(none)}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
