"""Texts out of a network: what is said of what a search has found. Loads no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from throughtime.data.encoding.features import TokenFeatures
from throughtime.data.encoding.units import words_in
from throughtime.decoding.beam import Beam, Written
from throughtime.tasks.supervised.prediction import WrittenText
from throughtime.tasks.writing.options import Predicting, Writing
from throughtime.tasks.writing.targets import WrittenTargets
from throughtime.tasks.writing.vocabularies import token_texts

__all__ = ["beam_of", "copied", "looked_most", "source_tokens", "told"]


def beam_of(how: Writing) -> Beam:
    """Say how texts are searched for.

    Args:
        how: what was asked for.

    Returns:
        The search.
    """
    n_best = how.n_best if isinstance(how, Predicting) else 1
    penalties = {"length_penalty": how.length_penalty, "coverage_penalty": how.coverage_penalty}
    return Beam(width=how.beam, n_best=n_best, **penalties)


def source_tokens(features: TokenFeatures, text: str) -> tuple[str, ...]:
    """Give each token of a source as it stands there, known or not.

    Args:
        features: the tokens.
        text: the source.

    Returns:
        As many as it has numbers.
    """
    spaced = f" {text}" if features.spaced else text
    match features.vocabulary.unit:
        case "characters":
            return tuple(spaced)
        case "words":
            return tuple(words_in(spaced))
        case _:
            return token_texts(features.vocabulary, features.ids(text).tolist())


def told(found: Sequence[Written], targets: WrittenTargets, read: tuple[str, ...], how: Writing) -> WrittenText:
    """Say what was written of one source, the best text and the next ones.

    Args:
        found: the texts, the best first.
        targets: the tokens.
        read: the tokens of the source.
        how: what was asked for: several texts have a rank, and an unknown token may be copied from the source.

    Returns:
        What is said.
    """
    best, *others = (_text(each, targets, read, getattr(how, "copy_unknown", False)) for each in found)
    if not isinstance(how, Predicting) or how.n_best == 1:
        return best
    return replace(best, rank=1, others=tuple(replace(each, rank=rank) for rank, each in enumerate(others, 2)))


def _text(found: Written, targets: WrittenTargets, read: tuple[str, ...], copying: bool) -> WrittenText:
    ids: list[int] = found.tokens.tolist()
    tokens, looks = targets.tokens(ids), found.attention
    looks = None if looks is None else looks[: len(tokens), : len(read)]
    if copying:
        tokens = copied(ids, targets, read, looked_most(found))
    text = targets.text(tokens)
    return WrittenText(
        text, score=found.score, tokens=tokens, source_tokens=read, attention=looks, ended=found.ended
    )  # fmt: skip


def looked_most(found: Written) -> tuple[int, ...]:
    """Give the step of what was read that each token looked at most.

    Args:
        found: the text, of a network with attention.

    Returns:
        A place for each token, without the end.
    """
    assert found.attention is not None
    return tuple(cast("list[int]", found.attention[: len(found.tokens)].argmax(1).tolist()))


def copied(
    ids: Sequence[int], targets: WrittenTargets, read: tuple[str, ...], looked: Sequence[int]
) -> tuple[str, ...]:
    """Give each token as text, in place of each unknown one that which it looked at most.

    Args:
        ids: what was written.
        targets: the tokens.
        read: the tokens of the source.
        looked: a place in it for each token that was written.

    Returns:
        The tokens; where they are words a copy has the one space before it.

    Source: Luong, Sutskever, Le, Vinyals and Zaremba 2015, "Addressing the rare word problem in neural machine
    translation", with attention in place of their alignments.
    """
    best = [read[place] for place in looked]
    copies = [f" {token.strip()}" for token in best] if targets.spaced else best
    told = zip(ids, copies, targets.tokens(ids), strict=True)
    return tuple(copy if token == targets.vocabulary.unknown else text for token, copy, text in told)
