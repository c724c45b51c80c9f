"""The simple models that a language model is compared with: counts of tokens, and an n-gram model. Loads no torch."""

from __future__ import annotations

from throughtime.data.encoding.vocabulary import Vocabulary
from throughtime.tasks.generate.text.reader import Corpus
from throughtime.tasks.rivals.drawing import share_of
from throughtime.tasks.rivals.keeping import Rival
from throughtime.tasks.rivals.ngram import NGram

__all__ = ["learn_rivals"]

TOKENS = 2_000_000
"""Tokens that are counted at most, the last ones of the training text: some seconds, and some hundred megabytes."""
ORDERS = {"characters": 6, "bytes": 6, "words": 3, "bpe": 3}
"""Tokens of the longest n-gram by unit."""


def learn_rivals(corpus: Corpus, vocabulary: Vocabulary) -> dict[str, Rival]:
    """Count the tokens of the training text, and what follows what.

    Args:
        corpus: the training text.
        vocabulary: what its ids stand for.

    Returns:
        The models by name: ``unigram``, which knows no order, and ``ngram``, which sees a few tokens back.
    """
    tokens = corpus.source.tokens
    part = tokens[-TOKENS:]
    unit = "pieces" if vocabulary.unit == "bpe" else vocabulary.unit
    learned_from = share_of(len(part), len(tokens), "tokens")
    return {
        name: NGram.learn(part, len(vocabulary), order, unit, learned_from)
        for name, order in (("unigram", 1), ("ngram", ORDERS[vocabulary.unit]))
    }
