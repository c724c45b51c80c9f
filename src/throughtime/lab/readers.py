"""What a run reads of a text, and what it says of it: one reader for runs that write, one for runs that give labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from throughtime.data.encoding.vocabulary import prompt_ids
from throughtime.data.record import Record
from throughtime.errors import UsageError
from throughtime.insight import Subject
from throughtime.lab.reading import Floats
from throughtime.layers import Recurrent
from throughtime.runs import Run
from throughtime.runs.explaining.looking import look_at_record, look_at_text
from throughtime.tasks.writing.vocabularies import token_texts

__all__ = ["Said", "Seen", "TextReader", "place_texts", "reader_for"]

START = 160
"""Tokens that a run which writes begins the page with."""
PLACE = "the text"
LAST_OF_ONE_UNIT = 0xFFFF
"""The last character that UTF-16 writes as one unit."""
FAR = 200
"""Characters that may be left out between two parts, such as blanks between words."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A text as the layers read it."""

    text: str
    """The text."""
    x: Tensor
    """(T, I)."""
    spans: NDArray[np.int64]
    """(T, 2) begin and end of each step's part of the text, counted as a browser does (UTF-16)."""
    notes: tuple[str, ...] = ()
    """What the user should know of it."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What is said at a step, the likeliest first."""

    names: tuple[str, ...]
    """(K,) tokens or labels."""
    shares: NDArray[np.float64]
    """(K,) their probabilities."""
    kind: str
    """"next": what comes after this step; "step": the label of this step; "here": the label, if the text ended here;
    "whole": the label of the whole text."""


class TextReader(Protocol):
    """A run that reads texts."""

    @property
    def recurrent(self) -> Recurrent:
        """Its layers."""
        ...

    @property
    def conditions(self) -> tuple[str, ...]:
        """Labels that it has learned to write texts for; empty where it has none."""
        ...

    def see(self, text: str, condition: str | None) -> Seen:
        """Give what the layers read of a text."""
        ...

    def say(self, seen: Seen, outputs: Floats, step: int, top: int) -> Said:
        """Say what the network says at a step, given the outputs of its layers (T, D*P)."""
        ...

    def subject(self, text: str, condition: str | None, at: int) -> Subject:
        """Give what insight looks at."""
        ...

    @property
    def gives_shares(self) -> bool:
        """Whether the scores of a subject are as good as probabilities."""
        ...

    def shares(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the probabilities of a subject's scores, (S,), of what can be said; only where ``gives_shares``."""
        ...

    def first_text(self) -> str:
        """A text to begin with."""
        ...


def reader_for(run: Run) -> TextReader:
    """Open a run for the lab.

    Args:
        run: the run.

    Returns:
        What reads texts with it.

    Raises:
        UsageError: it reads no texts.
    """
    if run.task == "generate" and not run.writes_music:
        return _Writing(run)
    if run.task in ("classify", "tag"):
        features = run.model.inputs.features
        if features.kind in ("words", "tokens") and not getattr(features, "per_word", False):
            return _Labelling(run)
        what = "series, sounds or clips" if features.kind == "frames" else "words in parts"
    else:
        what = "music" if run.task == "generate" else f"no single text: its task is {run.task}"
    raise UsageError(f"{run.path} reads {what}; the lab shows runs of generate, classify and tag that read a text")


class _Writing:
    """A language model."""

    def __init__(self, run: Run) -> None:
        self._run, self._model = run, run.model

    @property
    def recurrent(self) -> Recurrent:
        return self._model.model.recurrent

    @property
    def conditions(self) -> tuple[str, ...]:
        return () if self._model.labels is None else tuple(self._model.labels.names)

    @torch.no_grad()
    def see(self, text: str, condition: str | None) -> Seen:
        vocabulary, net = self._model.vocabulary, self._model.model
        ids = [vocabulary.document, *prompt_ids(vocabulary, text)]
        tokens, number = torch.tensor([ids]), self._model.number(condition)
        x = net.read(tokens, None if number is None else torch.full_like(tokens, number))[0]
        return Seen(text=text, x=x, spans=place_texts(text, ["", *token_texts(vocabulary, ids[1:])]))

    @torch.no_grad()
    def say(self, seen: Seen, outputs: Floats, step: int, top: int) -> Said:
        net, vocabulary = self._model.model, self._model.vocabulary
        scores = net.output(net.projection(torch.from_numpy(outputs[step]))).double()
        shares = self.shares(scores.log_softmax(-1).numpy())
        order = np.argsort(-shares, kind="stable")[:top]
        order = order[shares[order] > 0]
        return Said(names=tuple(self._names(order.tolist(), vocabulary)), shares=shares[order], kind="next")

    def _names(self, ids: Sequence[int], vocabulary: Any) -> Iterator[str]:
        for token in ids:
            special = token in (vocabulary.document, vocabulary.unknown)
            yield "¶" if token == vocabulary.document else "�" if special else token_texts(vocabulary, [token])[0]

    def subject(self, text: str, condition: str | None, at: int) -> Subject:
        return look_at_text(self._model, text, at, condition)

    gives_shares = True

    def shares(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        shares = np.exp(scores)
        shares[self._model.never_written(0 if self.conditions else None)] = 0.0
        return shares / shares.sum()

    def first_text(self) -> str:
        condition = self.conditions[0] if self.conditions else None
        return "".join(self._run.generate_stream(length=START, temperature=0.7, seed=1, condition=condition))


class _Labelling:
    """A classifier or a tagger."""

    def __init__(self, run: Run) -> None:
        self._model: Any = run.model
        self._said: tuple[Seen, Any] | None = None

    @property
    def recurrent(self) -> Recurrent:
        return self._model.model.recurrent

    @property
    def conditions(self) -> tuple[str, ...]:
        return ()

    def see(self, text: str, condition: str | None) -> Seen:
        notes: list[str] = []
        if not text.strip():
            raise UsageError("type a text: this run reads one, and then gives its label")
        subject = self._look(text, None, notes)
        marked = bool(getattr(self._model.inputs.features, "marked", False))
        spans = place_texts(text, ["", *subject.texts[1:]] if marked else subject.texts)
        return Seen(text=text, x=subject.x.float(), spans=spans, notes=tuple(notes))

    def _look(self, text: str, at: int | None, notes: list[str]) -> Subject:
        problem = self._model.inputs.features.problem(record := Record(text, None, PLACE))
        if problem:
            raise UsageError(problem)
        return look_at_record(self._model, record, at, notes.append)

    def say(self, seen: Seen, outputs: Floats, step: int, top: int) -> Said:
        if self._model.name == "tag":
            said = self._whole(seen)
            return Said(names=(said.value[step],), shares=np.array([said.probability[step]]), kind="step")
        one_way = not self.recurrent.bidirectional
        found = self._so_far(outputs[: step + 1]) if one_way else self._whole(seen)
        kind = "here" if one_way else "whole"
        if found.probabilities is None:
            return Said(names=(f"{found.value:.4g}",), shares=np.empty(0), kind=kind)
        names, shares = list(found.probabilities), np.array(list(found.probabilities.values()))
        order = np.argsort(-shares, kind="stable")[:top]
        return Said(names=tuple(names[place] for place in order), shares=shares[order], kind=kind)

    @torch.no_grad()
    def _so_far(self, outputs: Floats) -> Any:
        """What is said of the text up to a step."""
        net, y = self._model.model, torch.from_numpy(outputs)[None]
        scores = net.output(net.pooling(y, y[:, -1], torch.tensor([y.shape[1]])))
        (found,) = self._model.interpret([scores[0]])
        return found

    def _whole(self, seen: Seen) -> Any:
        """What is said of the whole text, as ``predict`` says it."""
        if self._said is None or self._said[0] is not seen:
            ((_, found),) = self._model.predict([Record(seen.text, None, PLACE)])
            self._said = seen, found
        return self._said[1]

    def subject(self, text: str, condition: str | None, at: int) -> Subject:
        return self._look(text, at, [])

    @property
    def gives_shares(self) -> bool:
        return self._model.name == "classify" and self._model.inputs.targets.labels is not None

    def shares(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        (found,) = self._model.interpret([torch.from_numpy(scores)])
        return np.array(list(found.probabilities.values()))

    def first_text(self) -> str:
        return ""


def place_texts(text: str, parts: Sequence[str]) -> NDArray[np.int64]:
    """Find parts of a text one after the other.

    Args:
        text: the text.
        parts: (T,) what each step has read of it, in order; what is not found has no extent.

    Returns:
        (T, 2) begin and end of each, counted in UTF-16 as browsers count.

    Example:
        >>> place_texts("a cat\U0001f600 sat", ["", "a", "cat", "\U0001f600", " sat"]).tolist()
        [[0, 0], [0, 1], [2, 5], [5, 7], [7, 11]]
    """
    units = np.cumsum([0, *(2 if ord(each) > LAST_OF_ONE_UNIT else 1 for each in text)])
    spans, place = np.zeros((len(parts), 2), np.int64), 0
    for number, part in enumerate(parts):
        wanted = part if part in text[place : place + len(part) + FAR] else part.strip()
        start = text.find(wanted, place, place + len(wanted) + FAR)
        start = place if start < 0 else start
        place = start + (len(wanted) if text.startswith(wanted, start) else 0)
        spans[number] = units[start], units[place]
    return spans
