"""Texts out of a network: what is said of what a search has found. Loads no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from throughtime.data.encoding.features import TokenFeatures
from throughtime.data.encoding.units import words_in
from throughtime.decoding.beam import Beam, Written
from throughtime.tasks.supervised.prediction import WrittenText
from throughtime.tasks.translate.options import Predicting, Writing
from throughtime.tasks.translate.targets import WrittenTargets
from throughtime.tasks.translate.vocabularies import token_texts

__all__ = ["beam_of", "source_tokens", "told"]


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
    best, *others = (_text(each, targets, read, how.copy_unknown) for each in found)
    if not isinstance(how, Predicting) or how.n_best == 1:
        return best
    return replace(best, rank=1, others=tuple(replace(each, rank=rank) for rank, each in enumerate(others, 2)))


def _text(found: Written, targets: WrittenTargets, read: tuple[str, ...], copying: bool) -> WrittenText:
    ids: list[int] = found.tokens.tolist()
    tokens, looks = targets.tokens(ids), found.attention
    looks = None if looks is None else looks[: len(tokens), : len(read)]
    if copying and looks is not None:
        best = [read[place] for place in cast("list[int]", looks.argmax(1).tolist())]
        copies = [f" {token.strip()}" for token in best] if targets.spaced else best
        unknown = [token == targets.vocabulary.unknown for token in ids]
        tokens = tuple(copy if lacks else token for copy, token, lacks in zip(copies, tokens, unknown, strict=True))
    text = targets.text(tokens)
    return WrittenText(
        text, score=found.score, tokens=tokens, source_tokens=read, attention=looks, ended=found.ended
    )  # fmt: skip
