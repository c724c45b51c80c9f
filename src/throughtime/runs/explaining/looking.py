"""A run's network while it reads one thing: what its layers read, and what it says of that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from throughtime.data.encoding.features import TokenFeatures, WordFeatures, text_of, words_of
from throughtime.data.encoding.vocabulary import Vocabulary, prompt_ids
from throughtime.data.panel.panel import Panel
from throughtime.data.reading import Note
from throughtime.data.record import Record
from throughtime.errors import UsageError
from throughtime.insight import Subject, inside, subject
from throughtime.layers import Recurrent
from throughtime.runs.explaining.layers import layers_of
from throughtime.tasks import task_named
from throughtime.tasks.generate.labels import number_of
from throughtime.tasks.writing.shifting import shifted
from throughtime.tasks.writing.vocabularies import token_texts

__all__ = ["caught", "look_at_record", "look_at_series", "look_at_text"]

MARK = "¶"
"""How the mark before a text is shown."""
NAMED = 20
"""Words that the network has never seen, of which so many are named."""


def look_at_text(model: Any, text: str, at: int | None, condition: str | None) -> Subject:
    """Look at a language model while it reads a text.

    Args:
        model: the model with its vocabulary.
        text: the text.
        at: the step at which it says what comes next; None: the last.
        condition: label of the text, where it has learned texts with labels.

    Returns:
        What is looked at; what it says is the logarithm of each token's probability.

    Raises:
        UsageError: the text has tokens that it has never seen, or there is no such step or label.
    """
    vocabulary, net = model.vocabulary, model.model
    ids = [vocabulary.document, *prompt_ids(vocabulary, text)]
    tokens = torch.tensor([ids], device=model.device)
    number = number_of(model.labels, condition)
    conditions = None if number is None else torch.full_like(tokens, number)
    place = len(ids) - 1 if at is None else at

    def forward() -> Tensor:
        h, _ = net.recurrent(net.read(tokens, conditions))
        return net.output(net.projection(h[0, place])).log_softmax(-1)

    _check_step(place, len(ids))
    texts = (MARK, *token_texts(vocabulary, ids[1:]))
    return inside(net, forward, at=place, labels=_names(vocabulary, net.output.out_features), texts=texts)


def _check_step(at: int, steps: int) -> None:
    if not -steps <= at < steps:
        raise UsageError(f"at is step {at}, and what was read has the steps 0 to {steps - 1}")


def _names(vocabulary: Vocabulary, count: int) -> list[str]:
    """What each token is called: as it is written."""
    special = {vocabulary.document: MARK, vocabulary.unknown: "�"}
    return [special[token] if token in special else "".join(token_texts(vocabulary, [token])) for token in range(count)]


def look_at_record(learner: Any, record: Record, at: int | None, note: Note) -> Subject:
    """Look at a network while it reads a record.

    Args:
        learner: the network with its features.
        record: what it reads.
        at: the step at which it says something; None: the last.
        note: told of words that it has never seen.

    Returns:
        What is looked at; what it says are the scores of its labels, or the logarithms of the probabilities of what it
        writes, token by token; or else what its layers give.

    Raises:
        UsageError: the record has tokens that it has never seen, or there is no such step.
    """
    if learner.name == "caption":
        raise UsageError("a captioner reads no sequence; where each of its words has looked is in its report")
    features = learner.inputs.features
    texts = _texts(features, record, note)
    if learner.name == "translate":
        return _look_at_writing(learner, record, at, texts)
    if learner.name not in ("classify", "tag"):
        recurrent, x = caught(learner.model, lambda: list(learner.predict([record])))
        return subject(recurrent, x, at=at, texts=texts if len(texts) == len(x) else ())
    batch = learner.batch(features.items([record]), np.arange(1))
    labels = () if learner.inputs.targets.labels is None else learner.inputs.targets.labels.names
    steps = int(batch.arrays["lengths"][0])
    place = steps - 1 if at is None else at
    _check_step(place, steps)

    def forward() -> Tensor:
        scores = learner.model(batch.arrays)[0]
        return scores if scores.dim() == 1 else scores[_answer(batch.arrays, place % steps)]

    return inside(learner.model, forward, at=place, labels=labels, texts=texts)


def _look_at_writing(learner: Any, record: Record, at: int | None, texts: tuple[str, ...]) -> Subject:
    """Look at the encoder of a translator; what it says is the logarithm of each written token's probability."""
    ((_, said),) = learner.predict([record])
    ids = learner.targets.ids(said.value)
    before, wanted, lengths = shifted([ids], learner.targets.vocabulary.document, learner.device)
    batch = learner.batch(learner.inputs.features.items([record]), np.arange(1))

    def forward() -> Tensor:
        logits = learner.model(before, lengths, learner.model.encode(batch.arrays))
        return logits.log_softmax(-1).gather(1, wanted[:, None])[:, 0]

    labels = (*token_texts(learner.targets.vocabulary, ids[:-1].tolist()), MARK)
    return inside(learner.model, forward, at=at, labels=labels, texts=texts)


def look_at_series(learner: Any, panel: Panel, at: int | None) -> Subject:
    """Look at a forecaster while it reads a series.

    Args:
        learner: the network with what it reads of series.
        panel: the one series.
        at: the step whose output is looked at; None: the last.

    Returns:
        What is looked at: the layers by themselves, over the steps that a forecast looks back on.
    """
    wanted = task_named("forecast").load_predicting()()
    recurrent, x = caught(learner.model, lambda: learner.forecast(panel, wanted))
    return subject(recurrent, x, at=at)


def _answer(arrays: dict[str, Tensor], step: int) -> int:
    """Which answer is that of a step: of parts of words the word's."""
    if "lasts" not in arrays:
        return step
    return min(int((arrays["lasts"][0] < step).sum()), arrays["lasts"].shape[1] - 1)


def _texts(features: Any, record: Record, note: Note) -> tuple[str, ...]:
    """What stands at each step; nothing where there are numbers."""
    match features:
        case WordFeatures(vocabulary=vocabulary):
            words = words_of(record)
            unknown = [word for word, number in zip(words, vocabulary.numbers(words), strict=True) if not number]
            if unknown:
                note(f"{record.place} has words that the network has never seen: {_listed(unknown)}")
            return tuple(words)
        case TokenFeatures(vocabulary=vocabulary):
            if unseen := vocabulary.unseen(text_of(record)):
                raise UsageError(
                    f"{record.place} has {vocabulary.unit} that the network has never seen: {_listed(unseen)}; leave "
                    "them out, or learn from data that has them"
                )
            ids = features.items([record]).batch([0])["tokens"][0].tolist()
            marked = (MARK,) if features.marked else ()
            return (*marked, *token_texts(vocabulary, ids[len(marked) :]))
        case _:
            return ()


def _listed(names: Sequence[str]) -> str:
    different = list(dict.fromkeys(names))
    return ", ".join(map(repr, different[:NAMED])) + (", ..." if len(different) > NAMED else "")


class _Caught(Exception):
    """Not an error: what was wanted has been seen."""


def caught(net: Any, run: Callable[[], object]) -> tuple[Recurrent, Tensor]:
    """Catch what the layers of a network read when it is first asked for something.

    Args:
        net: the network.
        run: asks it.

    Returns:
        the layers, and what they read, (T, I), of the first sequence.

    Raises:
        UsageError: it reads step by step, so that there is no sequence to be seen.
    """
    found: list[Tensor] = []
    layer = layers_of(net)
    if layer is None:
        raise UsageError("this network has no recurrent layers over vectors, so there is nothing to look at")

    def keep(module: Any, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        lengths = named.get("lengths")
        x = given[0][0] if layer.batch_first else given[0][:, 0]
        found.append(x.detach() if lengths is None else x.detach()[: int(lengths[0])])
        raise _Caught

    handle = layer.register_forward_pre_hook(cast(Any, keep), with_kwargs=True)
    try:
        run()
    except _Caught:
        pass
    finally:
        handle.remove()
    if not found:
        raise UsageError("this network writes step by step and reads no sequence, so there is nothing to look at")
    return layer, found[0]
