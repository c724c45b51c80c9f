"""Texts out of a network: what is said of what a search has found. Loads no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.features import TokenFeatures
from throughtime.data.encoding.units import words_in
from throughtime.decoding.beam import Beam, Written
from throughtime.tasks.supervised.prediction import WrittenText
from throughtime.tasks.translate.options import Predicting, Writing
from throughtime.tasks.translate.targets import UNKNOWN, WrittenTargets

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
            decode = features.vocabulary.decoder()
            return tuple(decode(token) for token in features.ids(text).tolist())


def told(found: Sequence[Written], targets: WrittenTargets, read: tuple[str, ...], *, copying: bool) -> WrittenText:
    """Say what was written of one source, the best text and the next ones.

    Args:
        found: the texts, the best first.
        targets: the tokens.
        read: the tokens of the source.
        copying: whether an unknown token is the one of the source that was looked at most.

    Returns:
        What is said.
    """
    best, *others = (_text(each, targets, read, copying) for each in found)
    return replace(best, others=tuple(others))


def _text(found: Written, targets: WrittenTargets, read: tuple[str, ...], copying: bool) -> WrittenText:
    tokens, looks = targets.tokens(found.tokens.tolist()), found.attention
    looks = None if looks is None else looks[: len(tokens), : len(read)]
    if copying and looks is not None:
        tokens = _copied(tokens, read, looks, spaced=targets.spaced)
    text = targets.text(tokens)
    return WrittenText(
        text, score=found.score, tokens=tokens, source_tokens=read, attention=looks, ended=found.ended
    )  # fmt: skip


def _copied(
    tokens: Sequence[str], read: Sequence[str], looks: NDArray[np.floating], *, spaced: bool
) -> tuple[str, ...]:
    """Put in place of each unknown token that of the source which it looked at most."""
    before, best = " " if spaced else "", cast("list[int]", looks.argmax(1).tolist())
    pairs = zip(tokens, best, strict=True)
    return tuple(before + read[place].strip() if token == UNKNOWN else token for token, place in pairs)
