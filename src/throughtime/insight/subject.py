"""What is looked at: recurrent layers, one sequence that they read, and a score of what they gave."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from throughtime.errors import ArgumentTypeError, ShapeError, UnknownNameError, UsageError
from throughtime.layers import Recurrent
from throughtime.layers.multidimensional import ConvLSTM, GridLSTM

__all__ = ["Score", "Subject", "changed", "check_layer", "evaluating", "read", "step", "subject", "texts_of"]

Score = Callable[[Tensor, Any], Tensor]
"""The layers' output (T, D*P) and their state after the last step (as they return it of one sequence), to scores
(S,)."""

SUM = "sum of outputs"
"""What the score of layers by themselves is called."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Recurrent layers, a sequence that they read, and what is made of their output at one step.

    :func:`subject` makes one of layers by themselves, :func:`throughtime.insight.inside` one of a whole net. Layers are
    looked at as they are in evaluation, whatever their mode is: without dropout, zoneout by its expectation.
    """

    recurrent: Recurrent
    """The layers."""
    x: Tensor
    """(T, I) what they read, on their device and in their dtype."""
    score: Score
    """What is said of it."""
    at: int
    """The step at which it is said."""
    labels: tuple[str, ...] = ()
    """(S,) names of the scores; empty where they have none."""
    texts: tuple[str, ...] = ()
    """(T,) what each step is of, for people to read; empty where nothing is known."""
    state: Any = None
    """What the layers begin with, as they take it for one sequence; None: their own initial state."""
    summed: bool = False
    """Whether the scores are outputs, of which none is what is said: then they are taken together."""

    def number(self, scores: Tensor, towards: int | str | None) -> int | None:
        """Say which score is meant.

        Args:
            scores: (S,).
            towards: its number or its label; None: the largest, or of layers by themselves all.

        Returns:
            Its number; None for all together.

        Raises:
            UnknownNameError: no score has that label.
            UsageError: no score has that number.
        """
        if towards is None:
            return None if self.summed else int(scores.detach().argmax())
        if isinstance(towards, str):
            if towards not in self.labels:
                raise UnknownNameError("score", towards, self.labels or map(str, range(len(scores))))
            return self.labels.index(towards)
        if not 0 <= towards < len(scores):
            raise UsageError(f"there is no score {towards}: they are 0 to {len(scores) - 1}")
        return towards

    def chosen(self, scores: Tensor, towards: int | str | None) -> tuple[Tensor, str]:
        """Pick one score, or their sum where all are meant, as for :meth:`number`; with what it is called."""
        number = self.number(scores, towards)
        if number is None:
            return scores.sum(), SUM
        return scores[number], self.label(number)

    def label(self, number: int) -> str:
        """What a score is called: its label, or its number where there are none."""
        return self.labels[number] if self.labels else str(number)


def subject(
    layer: Recurrent,
    x: Tensor | NDArray[Any],
    *,
    at: int | None = None,
    score: Callable[[Tensor], Tensor] | None = None,
    labels: Sequence[str] = (),
    texts: Sequence[str] = (),
) -> Subject:
    """Look at layers by themselves while they read one sequence.

    Args:
        layer: any :class:`throughtime.Recurrent` over vectors: any cell, stacked, bidirectional.
        x: (T, I) what it reads; T is 1 or more.
        at: the step whose output is scored, -1 being the last; None: the last.
        score: makes scores (S,) of the outputs (T, D*P), in the dtype of the layer; None: the outputs at ``at``.
        labels: (S,) names of the scores.
        texts: (T,) what each step is of, for people to read.

    Returns:
        What the functions of :mod:`throughtime.insight` take.

    Raises:
        ArgumentTypeError: another kind of layer or input.
        ShapeError: an input that is no sequence of vectors of the layer's width.
        UsageError: a step that is not there, or another number of texts than of steps.

    Example:
        >>> import torch, throughtime as tt
        >>> seen = subject(tt.LSTM(3, 4), torch.randn(10, 3))
        >>> seen.at, seen.chosen(torch.tensor([1.0, 2.0]), None)[1]
        (9, 'sum of outputs')
    """
    check_layer(layer)
    taken = _sequence(layer, x)
    place = step("at", taken.shape[0] - 1 if at is None else at, taken.shape[0])

    def outputs(y: Tensor, state: Any) -> Tensor:
        return y[place] if score is None else score(y)

    return Subject(
        recurrent=layer,
        x=taken,
        score=outputs,
        at=place,
        labels=tuple(labels),
        texts=texts_of(texts, taken.shape[0]),
        summed=score is None,
    )


def step(name: str, value: int, steps: int) -> int:
    """Check the number of a step, counted from the end where it is below 0.

    Args:
        name: of the argument, for the message.
        value: what was given for it.
        steps: T.

    Raises:
        UsageError: it is not there.
    """
    if isinstance(value, bool) or not isinstance(value, Integral):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ArgumentTypeError(f"{name} must be the number of a step, got {value!r}")
    if not -steps <= value < steps:
        raise UsageError(f"{name} is step {value}, and the sequence has the steps 0 to {steps - 1}")
    return int(value) % steps


@contextmanager
def evaluating(net: nn.Module) -> Generator[None]:
    """Have a net in evaluation inside, and every part of it in its own mode after.

    Args:
        net: the net.

    Yields:
        Once.
    """
    training = [module for module in net.modules() if module.training]
    net.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True


def read(layer: Recurrent, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
    """Run layers in evaluation on the fastest way there is, that of cuDNN apart, which has no gradient there.

    Args:
        layer: the layers.
        x: (T, B, I).
        state: the state before, as the layers take it, or None.

    Returns:
        outputs (T, B, D*P) and the state after.
    """
    with evaluating(layer), torch.backends.cudnn.flags(enabled=not torch.is_grad_enabled()):
        y, after = layer(x.transpose(0, 1) if layer.batch_first else x, state)
    return (y.transpose(0, 1) if layer.batch_first else y), after


def changed(state: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """A state as layers take and give it, each of its tensors changed.

    Args:
        state: a tensor, a tuple or a list of such states, or None.
        change: what is done to a tensor.
    """
    if state is None or isinstance(state, Tensor):
        return None if state is None else change(state)
    return type(state)(changed(part, change) for part in state)


def texts_of(texts: Sequence[str], steps: int) -> tuple[str, ...]:
    """Check that there is a text for each step, or none at all.

    Args:
        texts: them.
        steps: T.

    Raises:
        UsageError: there are more or fewer.
    """
    if texts and len(texts) != steps:
        raise UsageError(f"texts has {len(texts)} entries for {steps} steps: give one for each, or none")
    return tuple(texts)


def check_layer(layer: object) -> None:
    """Raise where something is no stack of recurrent layers over vectors.

    Args:
        layer: what was given.

    Raises:
        ArgumentTypeError: it is something else.
    """
    if isinstance(layer, nn.RNNBase):
        name = type(layer).__name__
        raise ArgumentTypeError(
            f"a torch.nn.{name} shows no gates: make tt.{name} of the same sizes and load its state_dict"
        )
    if not isinstance(layer, Recurrent):
        raise ArgumentTypeError(f"what is looked at must be a throughtime.Recurrent, got a {type(layer).__name__}")
    if isinstance(layer, ConvLSTM | GridLSTM):
        raise ArgumentTypeError(
            f"a {type(layer).__name__} reads pictures or grids: only layers over vectors are looked at"
        )


def _sequence(layer: Recurrent, x: Tensor | NDArray[Any]) -> Tensor:
    if not isinstance(x, Tensor | np.ndarray):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ArgumentTypeError(f"x must be a tensor or an array (T, {layer.input_size}), got a {type(x).__name__}")
    weight = layer.all_weights[0][0]
    if x.ndim != 2 or x.shape[1] != layer.input_size or not x.shape[0]:
        raise ShapeError(f"x must be one sequence (T, {layer.input_size}) of a step or more, got {tuple(x.shape)}")
    return torch.as_tensor(x).detach().to(weight)
