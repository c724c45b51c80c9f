"""What takes longer than a keystroke: each asks :mod:`throughtime.insight`, on a network of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from throughtime.insight import (
    Edit,
    Subject,
    clamp,
    gradient_flow,
    intervene,
    jacobian_spectrum,
    matching_units,
    saliency,
    walk,
)
from throughtime.lab.frames import Answer
from throughtime.lab.opened import Lab
from throughtime.lab.questions import Asked, listed_in, number_in, pair_in, text_in, whole_in
from throughtime.lab.readers import TextReader

__all__ = ["LOOKS"]

FOUND = 12
"""Units that are shown of those that match a span."""
TOP = 8
"""Things that may be said which are shown before and after something was held."""
LEAST = -700.0
"""Stands for the logarithm of nothing: e to this power is about the least that float64 holds."""


def _subject(lab: Lab, asked: Asked, act: Callable[[Subject, TextReader], Answer]) -> Answer:
    """Look at a run that reads a text up to its end, with what is said at one step."""
    opened = lab[text_in(asked, "run")]
    condition = text_in(asked, "condition", "") or None
    with opened.long_lock:
        reader = opened.long
        return act(reader.subject(text_in(asked, "text"), condition, whole_in(asked, "at")), reader)


def _span(lab: Lab, asked: Asked) -> Answer:
    """Units that are on exactly at the steps of a span."""

    def act(subject: Subject, reader: TextReader) -> Answer:
        found = matching_units(subject, pair_in(asked, "span"), count=FOUND)
        words = {"tracks": list(found.tracks), "units": found.units.tolist(), "signs": found.signs.tolist()}
        return Answer(words=words, arrays={"scores": found.scores})

    return _subject(lab, asked, act)


def _towards(asked: Asked) -> str | None:
    return text_in(asked, "towards", "") or None


def _saliency(lab: Lab, asked: Asked) -> Answer:
    """What each step has spoken for, by integrated gradients."""

    def act(subject: Subject, reader: TextReader) -> Answer:
        found = saliency(subject, towards=_towards(asked))
        words = {"towards": found.towards, "score": found.score, "baseline": found.baseline_score}
        return Answer(words={**words, "missing": found.missing}, arrays={"contributions": found.contributions})

    return _subject(lab, asked, act)


def _vanish(lab: Lab, asked: Asked) -> Answer:
    """The gradient on its way back, and by what a change of the state is multiplied."""

    def act(subject: Subject, reader: TextReader) -> Answer:
        flow, spectrum = gradient_flow(subject, towards=_towards(asked)), jacobian_spectrum(subject)
        arrays: dict[str, Any] = {"back": flow.at - flow.steps, "distances": spectrum.distances}
        arrays |= {f"flow {name}": _logarithm(norms) for name, norms in flow.norms.items()}
        arrays |= {f"spectrum {name}": np.maximum(each, LEAST) for name, each in spectrum.log_largest.items()}
        words = {"towards": flow.towards, "at": flow.at, "note": " ".join(filter(None, (flow.note, spectrum.note)))}
        decays = {name: flow.decay(name) for name in flow.norms}
        return Answer(words={**words, "decays": decays}, arrays=arrays)

    return _subject(lab, asked, act)


def _logarithm(values: Any) -> Any:
    return np.maximum(np.log(np.maximum(values, np.finfo(np.float64).tiny)), LEAST)


def _walk(lab: Lab, asked: Asked) -> Answer:
    """One step of the cell, number by number, forward and back, for one unit."""

    def act(subject: Subject, reader: TextReader) -> Answer:
        unit = whole_in(asked, "unit")
        found = walk(subject, whole_in(asked, "step"), lane=text_in(asked, "lane"), unit=unit, towards=_towards(asked))
        parts = [
            {"name": each.name, "kind": each.kind, "formula": each.formula, "parents": each.parents}
            for each in found.quantities
        ]
        values = np.array([[each.values[unit], each.gradients[unit]] for each in found.quantities])
        words = {"cell": found.cell, "text": found.text, "parts": parts, "sentences": found.words}
        return Answer(words=words | {"difference": found.error}, arrays={"values": values})

    return _subject(lab, asked, act)


def _touch(lab: Lab, asked: Asked) -> Answer:
    """What is said where units or gates are held at a value."""

    def act(subject: Subject, reader: TextReader) -> Answer:
        edits = [_edit(each) for each in listed_in(asked, "edits")]
        change = intervene(subject, *edits)
        before, after = reader.shares(change.before), reader.shares(change.after)
        order = np.argsort(-np.maximum(before, after), kind="stable")[:TOP]
        names = [change.labels[int(place)] for place in order]
        words: dict[str, Any] = {"names": names, "edits": list(change.edits)}
        return Answer(words=words, arrays={"before": before[order], "after": after[order]})

    return _subject(lab, asked, act)


def _edit(asked: Asked) -> Edit:
    return clamp(text_in(asked, "track"), number_in(asked, "value"), whole_in(asked, "unit"))


LOOKS: Mapping[str, Callable[[Lab, Asked], Answer]] = {
    "span": _span,
    "saliency": _saliency,
    "vanish": _vanish,
    "walk": _walk,
    "touch": _touch,
}
"""What is answered when it is found, by name."""
