"""How much a score at one step says to each state before it: the vanishing and the exploding gradient."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from throughtime.insight.results import Floats, Flow
from throughtime.insight.subject import Subject
from throughtime.insight.unrolled import numbers
from throughtime.insight.windows import WINDOW, look

__all__ = ["gradient_flow"]


def gradient_flow(subject: Subject, *, towards: int | str | None = None, window: int = WINDOW) -> Flow:
    """Follow a score back through time, to every state of every layer.

    .. code-block:: text

        norm[t] = || d score / d s[t] ||          s: h, c or another part of the carry, of each layer and direction

    The derivative is the whole one: all that follows from a change of s[t] counts, in later steps and in layers above.

    Args:
        subject: what is looked at.
        towards: number or label of the score; None: the largest, or of layers by themselves the sum of their outputs.
        window: steps before the score that are looked at, at most.

    Returns:
        The norms, in float64, with the steps that they are of.

    Raises:
        UsageError: there is no such score, a window of no step, or one smaller than a sequence that is read both ways.

    Source: Hochreiter 1991, "Untersuchungen zu dynamischen neuronalen Netzen"; Bengio, Simard and Frasconi 1994,
    "Learning long-term dependencies with gradient descent is difficult"; Pascanu, Mikolov and Bengio 2013, "On the
    difficulty of training recurrent neural networks", eq. 5.

    Example:
        >>> import torch, throughtime as tt
        >>> from throughtime.insight import gradient_flow, subject
        >>> layer = tt.LSTM(3, 8)
        >>> flow = gradient_flow(subject(layer, torch.randn(50, 3)))
        >>> sorted(flow.norms), flow.norms["c_l0"].shape
        (['c_l0', 'h_l0'], (50,))
        >>> bool(flow.norms["c_l0"][0] < flow.norms["c_l0"][-1])  # a new LSTM forgets
        True
    """
    with torch.enable_grad():
        seen = look(subject, window)
        score, label = subject.chosen(seen.scores, towards)
        tracks = {name: states for name, states in seen.seen.states.items()}
        gradients = iter(_gradients(score, [seen.x, *(state for states in tracks.values() for state in states)]))
    inputs = next(gradients)
    norms = {name: _norms([next(gradients) for _ in states]) for name, states in tracks.items()}
    return Flow(
        at=subject.at,
        score=float(score.detach()),
        towards=label,
        steps=np.array(seen.steps, dtype=np.int64),
        norms=norms,
        inputs=_norms(list(inputs)),
        texts=subject.texts[seen.start : seen.steps.stop],
        note=seen.note,
    )


def _gradients(score: Tensor, tensors: list[Tensor]) -> list[Tensor]:
    """D score / d each; zeros where the score does not depend on one."""
    if not score.requires_grad:
        return [torch.zeros_like(tensor) for tensor in tensors]
    return list(torch.autograd.grad(score, tensors, allow_unused=True, materialize_grads=True))


def _norms(gradients: list[Tensor]) -> Floats:
    """The norm of each, whose squares may be smaller than any number."""
    stacked: Tensor = torch.stack([gradient.detach().flatten().double() for gradient in gradients])
    largest = stacked.abs().amax(1, keepdim=True)
    scaled: Tensor = stacked / torch.where(largest == 0, 1.0, largest)
    return numbers(scaled.square().sum(1).sqrt() * largest[:, 0])
