"""A whole net as what is looked at: all that stands before its recurrent layers and behind them is the net's own."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn

from throughtime.errors import ArgumentTypeError, ShapeError, UsageError
from throughtime.insight.subject import Subject, changed, check_layer, evaluating, step, texts_of
from throughtime.layers import Recurrent

__all__ = ["inside"]


def inside(
    net: nn.Module,
    forward: Callable[[], Tensor],
    *,
    recurrent: Recurrent | None = None,
    call: int = 0,
    at: int | None = None,
    labels: Sequence[str] = (),
    texts: Sequence[str] = (),
) -> Subject:
    """Look at the recurrent layers of a net while it reads one sequence.

    The net is run once, to see what its layers read. Later another output is put in place of theirs, so that what the
    net says of it is known. So the net may be anything: a head, a pooling, attention, a decoder behind the layers.
    What goes past the layers, such as a sum around them, is held as it was, and is not counted as what they remember.

    Args:
        net: the net; it is run in evaluation, whatever its mode is.
        forward: runs it on one sequence and gives what it says, (S,), such as logits or log-probabilities.
        recurrent: its layers; None: ``net.recurrent``.
        call: which of its calls of the layers is looked at, where one run calls them more than once.
        at: the step at which something is said; None: the last. Of what is said of the whole, it is the last.
        labels: (S,) names of what is said.
        texts: (T,) what each step is of.

    Returns:
        What the functions of :mod:`throughtime.insight` take.

    Raises:
        ArgumentTypeError: the net has no such layers.
        ShapeError: a batch of more than one sequence, padding, a mask, or more than one axis of scores.
        UsageError: a call or a step that is not there, another number of texts than of steps, or a state that is
            cleared inside the sequence.

    Example:
        >>> import torch
        >>> from throughtime.models.language_model import LanguageModel
        >>> net, tokens = LanguageModel(10, hidden_size=8, embedding_size=4), torch.tensor([[1, 2, 3]])
        >>> seen = inside(net, lambda: net(tokens)[0][0, -1].log_softmax(-1), texts=["a", "b", "c"])
        >>> seen.x.shape, seen.at
        (torch.Size([3, 4]), 2)
    """
    layer: Any = getattr(net, "recurrent", None) if recurrent is None else recurrent
    if layer is None:
        raise ArgumentTypeError(f"a {type(net).__name__} has no attribute recurrent: give recurrent=, its layers")
    check_layer(layer)
    x, state = _caught(layer, net, forward, call)
    steps = len(x)
    place = step("at", steps - 1 if at is None else at, steps)

    def score(y: Tensor, state: Any) -> Tensor:
        put = y[None] if layer.batch_first else y[:, None]
        with torch.enable_grad(), evaluating(net), _standing_in(layer, _substitute(layer, call, put, state)):
            scores = forward()
        if scores.dim() != 1:
            raise ShapeError(f"forward must give what is said of one sequence, (S,), got shape {tuple(scores.shape)}")
        return scores

    return Subject(
        recurrent=layer,
        x=x,
        state=state,
        score=score,
        at=place,
        labels=tuple(labels),
        texts=texts_of(texts, steps),
    )


Run = Callable[..., Any]
"""The call of a layer."""


@contextmanager
def _standing_in(layer: Recurrent, run: Run) -> Generator[None]:
    """Have something else called in the layers' place inside."""
    layer.forward = run
    try:
        yield
    finally:
        del layer.forward


def _caught(layer: Recurrent, net: nn.Module, forward: Callable[[], Tensor], call: int) -> tuple[Tensor, Any]:
    """What the layers read in a call, (T, I), and the state that they are given."""
    calls: list[dict[str, Any]] = []

    def run(*given: Any, **named: Any) -> Any:
        bound = signature(type(layer).forward).bind(layer, *given, **named)
        calls.append(bound.arguments)
        return type(layer).forward(layer, *given, **named)

    with torch.enable_grad(), evaluating(net), _standing_in(layer, run):  # without gradients nets may read in pieces
        forward()
    if not 0 <= call < len(calls):
        raise UsageError(f"the layers are called {len(calls)} times in a run of the net, so there is no call={call}")
    x, lengths, resets = (calls[call].get(name) for name in ("input", "lengths", "resets"))
    if not isinstance(x, Tensor) or x.is_nested or x.dim() != 3 or x.shape[0 if layer.batch_first else 1] != 1:
        raise ShapeError("one sequence is looked at, padded (1, T, I), and the net's layers read another batch")
    x = x.detach()[0] if layer.batch_first else x.detach()[:, 0]
    if not len(x) or (lengths is not None and int(lengths[0]) != len(x)) or calls[call].get("mask") is not None:
        raise ShapeError("every step of the sequence must be read: give one that is no longer than its steps, unmasked")
    if resets is not None and bool(resets[:, 1:].any()):
        raise UsageError("the net clears its state inside the sequence: give the part from the last clearing on")
    state = changed(calls[call].get("hx"), Tensor.detach)
    return x, None if resets is not None and bool(resets[:, :1].any()) else state


def _substitute(layer: Recurrent, call: int, y: Tensor, state: Any) -> Run:
    calls = iter(range(call + 1))

    def run(*given: Any, **named: Any) -> Any:
        return (y, state) if next(calls, None) == call else type(layer).forward(layer, *given, **named)

    return run
