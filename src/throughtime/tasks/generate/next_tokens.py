"""What a language model expects next, asked again and again while a text grows and shrinks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.units import words_in
from throughtime.data.encoding.vocabulary import Vocabulary, prompt_ids
from throughtime.decoding.decoder import Scores
from throughtime.doors import named
from throughtime.errors import UsageError
from throughtime.models.language_model import LanguageDecoder
from throughtime.models.parts.row_states import State
from throughtime.tasks.generate.expected import Candidate, Expected

__all__ = ["NextTokens"]

_KEPT = 256
"""Places at which the state is kept: so far back a text can be changed without being read again."""


class _Place(NamedTuple):
    """What is known after some tokens."""

    length: int
    state: State
    scores: Scores


class NextTokens:
    """A text that is typed: at each change the network goes on from the last place that is still the same.

    Args:
        begin: makes a network that has read all but the last of some tokens.
        vocabulary: text to ids and back.
        separator: text that stands between documents, where such a one was learned.
    """

    def __init__(
        self, begin: Callable[[list[int]], LanguageDecoder], vocabulary: Vocabulary, separator: str | None
    ) -> None:
        self._begin, self._vocabulary, self._separator = begin, vocabulary, separator
        self._tokens: list[int] = []
        self._places: deque[_Place] = deque(maxlen=_KEPT)
        self._decoder: LanguageDecoder | None = None

    def after(self, text: str, top: int = 5) -> Expected:
        """Say what comes after a text.

        Args:
            text: from the start of a document on; may be empty.
            top: candidates to give.

        Returns:
            The candidates and the rest. Where words are read and the last one is begun, they are those that end it.

        Raises:
            UsageError: ``top`` is not positive, or the text has what the model has never seen.
        """
        if top < 1:
            raise UsageError(f"{named('top')} must be at least 1, not {top}")
        begun = self._begun(text)
        before = text.removesuffix(begun)
        scores = self._read([self._vocabulary.document, *prompt_ids(self._vocabulary, before)])
        shares = np.exp(scores.astype(np.float64) - scores.max())
        if begun:
            shares = np.where(self._starts_with(begun), shares, 0.0)
            if not shares.any():
                prompt_ids(self._vocabulary, text)  # says what it does not know
        shares /= shares.sum()
        order = np.argsort(-shares, kind="stable")
        chosen = [int(token) for token in order[:top] if shares[token] > 0]
        candidates = tuple(self._candidate(token, float(shares[token]), begun) for token in chosen)
        others = int(np.count_nonzero(shares)) - len(chosen)
        return Expected(candidates, max(0.0, 1.0 - sum(each.probability for each in candidates)), others)

    def _read(self, tokens: list[int]) -> Scores:
        """The scores of what comes after tokens, of which only what is new is read."""
        same = _in_common(self._tokens, tokens)
        while self._places and self._places[-1].length > same:
            self._places.pop()
        self._tokens = tokens
        if self._places and self._decoder is not None:
            last = self._places[-1]
            self._decoder.state = last.state
            start = last.length
        else:
            self._decoder, start = self._begin(tokens), len(tokens) - 1
        for count, token in enumerate(tokens[start:], start + 1):
            scores = self._decoder.step(np.array([token]))[0]
            self._places.append(_Place(count, self._decoder.state, scores))
        return self._places[-1].scores

    def _begun(self, text: str) -> str:
        """The last word of a text, where words are read and it is none that is known."""
        if self._vocabulary.unit != "words" or text[-1:].isspace():
            return ""
        *_, last = ["", *words_in(text)]
        return last if self._vocabulary.unseen(last) else ""

    def _starts_with(self, begun: str) -> NDArray[np.bool_]:
        """For each token whether it is a word that begins so."""
        marks, decode = (self._vocabulary.document, self._vocabulary.unknown), self._vocabulary.decoder()
        return np.array(
            [token not in marks and decode(token).startswith(begun) for token in range(len(self._vocabulary))]
        )

    def _candidate(self, token: int, probability: float, begun: str) -> Candidate:
        if token == self._vocabulary.document:
            return Candidate(self._separator or "", probability, "end of the document")
        text = self._decoded(token)
        name = repr(text) if text else f"{self._vocabulary.unit[:-1]} {token}"
        return Candidate(text.removeprefix(begun), probability, name)

    def _decoded(self, token: int) -> str:
        """What a token is after the last few: a piece of a word has its space where one stands there."""
        decode = self._vocabulary.decoder()
        for before in self._tokens[-4:]:
            if before not in (self._vocabulary.document, self._vocabulary.unknown):
                decode(before)
        return decode(token)


def _in_common(one: Iterable[int], other: Iterable[int]) -> int:
    """How many tokens two texts begin with in common."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
