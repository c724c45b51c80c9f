"""What each step has contributed to a score."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from throughtime.errors import ShapeError, UnknownNameError, UsageError
from throughtime.insight.results import Saliency
from throughtime.insight.subject import Subject, changed, read
from throughtime.insight.unrolled import numbers

__all__ = ["METHODS", "saliency"]

METHODS = ("integrated_gradients", "gradient_x_input", "gradient")
"""Ways to say what a step has contributed."""
ROWS_AT_ONCE = 1 << 16
"""Steps that are read side by side at once, with all that their gradients need."""


def saliency(
    subject: Subject,
    *,
    towards: int | str | None = None,
    method: str = "integrated_gradients",
    baseline: Tensor | NDArray[Any] | None = None,
    points: int = 32,
) -> Saliency:
    """Say what each step speaks for, or against, where a net says something.

    .. code-block:: text

        integrated_gradients   (x[t] - b[t]) * mean over k of g(b + a[k] (x - b))[t]     sums to score(x) - score(b)
        gradient_x_input       x[t] * g(x)[t]
        gradient               || g(x)[t] ||                                     g(x)[t] = d score / d x[t]

    a[k] and the weights of the mean are those of Gauss and Legendre on 0 to 1, exact where the gradient along the way
    is a polynomial of a degree below 2K.

    Args:
        subject: what is looked at.
        towards: number or label of the score; None: the largest, or of layers by themselves the sum of their outputs.
        method: one of :data:`METHODS`.
        baseline: (T, I) or (I,) what stands for nothing having been read; None: zeros.
        points: K of integrated gradients; ``missing`` of the result tells whether they were enough.

    Returns:
        What was contributed, by step and by feature.

    Raises:
        UnknownNameError: a method that is none of these.
        ShapeError: a baseline of another shape.
        UsageError: a baseline where the method has none, fewer points than 1, or a score that is not there.

    Source: Sundararajan, Taly and Yan 2017, "Axiomatic attribution for deep networks", eq. 1 and proposition 1;
    gradient x input: Shrikumar, Greenside, Shcherbina and Kundaje 2016, "Not just a black box"; the gradient alone:
    Simonyan, Vedaldi and Zisserman 2014, "Deep inside convolutional networks".

    Example:
        >>> import torch, throughtime as tt
        >>> from throughtime.insight import saliency, subject
        >>> found = saliency(subject(tt.GRU(3, 8), torch.randn(20, 3)))
        >>> found.contributions.shape, abs(found.missing) < 1e-3
        ((20,), True)
    """
    if method not in METHODS:
        raise UnknownNameError("method", method, METHODS)
    if points < 1:
        raise UsageError(f"points must be 1 or more, got {points}")
    if baseline is not None and method != "integrated_gradients":
        raise UsageError(f"method {method!r} has no baseline: leave baseline= out, or use 'integrated_gradients'")
    start = _baseline(subject, baseline)
    scores, gradient = _gradients(subject, subject.x[None], towards)
    picked = subject.number(scores[0], towards)
    score, label = subject.chosen(scores[0].double(), picked)
    base = missing = math.nan
    if method == "integrated_gradients":
        base, mean = _mean_gradient(subject, start, picked, points)
        features = (subject.x - start).double() * mean
        missing = float(score) - base - float(features.sum())
    else:
        features = gradient[0].double() * (subject.x.double() if method == "gradient_x_input" else 1.0)
    steps = features.square().sum(1).sqrt() if method == "gradient" else features.sum(1)
    return Saliency(
        method=method,
        at=subject.at,
        towards=label,
        score=float(score),
        baseline_score=base,
        contributions=numbers(steps),
        features=numbers(features),
        missing=missing,
        texts=subject.texts,
    )


def _baseline(subject: Subject, given: Tensor | NDArray[Any] | None) -> Tensor:
    if given is None:
        return torch.zeros_like(subject.x)
    base = torch.as_tensor(given).to(subject.x)
    if base.shape not in (subject.x.shape, subject.x.shape[1:]):
        steps, inputs = subject.x.shape
        raise ShapeError(f"baseline must be ({steps}, {inputs}) or ({inputs},), got {tuple(base.shape)}")
    return base.expand_as(subject.x)


def _mean_gradient(subject: Subject, start: Tensor, picked: int | None, points: int) -> tuple[float, Tensor]:
    """The score of the baseline, and the mean gradient (T, I) along the way from it, in float64."""
    nodes, weights = np.polynomial.legendre.leggauss(points)
    shares = torch.as_tensor((nodes + 1) / 2).to(start)
    mean = torch.zeros_like(start, dtype=torch.float64)
    at_once = max(1, ROWS_AT_ONCE // len(start))
    for first in range(0, points, at_once):
        rows = shares[first : first + at_once, None, None]
        _, gradients = _gradients(subject, start + rows * (subject.x - start), picked)
        own = torch.as_tensor(weights[first : first + at_once] / 2).to(mean)
        mean += torch.einsum("k,kti->ti", own, gradients.double())
    scores, _ = _gradients(subject, start[None], picked)
    return float(subject.chosen(scores[0].double(), picked)[0]), mean


def _gradients(subject: Subject, rows: Tensor, towards: int | str | None) -> tuple[Tensor, Tensor]:
    """What is said of each row (K, T, I): scores (K, S), and the gradient (K, T, I) of the one that is meant."""
    with torch.enable_grad():
        x = rows.detach().transpose(0, 1).contiguous().requires_grad_()
        begin = changed(subject.state, lambda part: part.expand(-1, len(rows), -1).contiguous())
        y, after = read(subject.recurrent, x, begin)
        said = [subject.score(y[:, k], changed(after, lambda part, k=k: part[:, k : k + 1])) for k in range(len(rows))]
        total = torch.stack([subject.chosen(scores, towards)[0] for scores in said]).sum()
        if not total.requires_grad:
            return torch.stack(said).detach(), torch.zeros_like(rows)
        (gradient,) = torch.autograd.grad(total, x, allow_unused=True, materialize_grads=True)
    return torch.stack(said).detach(), gradient.transpose(0, 1)
