"""One step of a cell, taken apart: every gate, product and sum with its numbers, forward and back, in words."""

from __future__ import annotations

import torch
from torch import Tensor

from throughtime.errors import UsageError
from throughtime.insight.results import Quantity, Walk
from throughtime.insight.subject import Subject
from throughtime.insight.subject import step as checked_step
from throughtime.insight.unrolled import Lane, lane_named, numbers
from throughtime.insight.walking import diagonal, gated
from throughtime.insight.walking.ledger import Entry, Ledger, Recipe
from throughtime.insight.windows import WINDOW, look
from throughtime.kernels.call import Call
from throughtime.kernels.reference.cell import Cell
from throughtime.kernels.reference.slstm import SLSTMCell

__all__ = ["RECIPES", "recipe_of", "walk"]

RECIPES: dict[str, Recipe] = {
    "rnn_tanh": gated.tanh_rnn,
    "rnn_relu": gated.relu_rnn,
    "lstm": gated.lstm,
    "lstm_peephole": gated.lstm,
    "gru": gated.gru,
    "gru_reset_before": gated.gru_reset_before,
    "mingru": diagonal.mingru,
    "mingru_log": diagonal.mingru,
    "minlstm": diagonal.minlstm,
    "minlstm_log": diagonal.minlstm,
    "indrnn_relu": diagonal.indrnn,
    "indrnn_tanh": diagonal.indrnn,
    "paragru": diagonal.paragru,
    "sru": diagonal.sru,
    "rglru": diagonal.rglru,
    "lru": diagonal.lru,
    "slstm": gated.slstm,
}
"""Cell -> its step, quantity by quantity; an sLSTM's, however many heads it has."""


def recipe_of(cell: Cell) -> Recipe | None:
    """Find the step of a cell.

    Args:
        cell: any.

    Returns:
        Its step, or None where there is none.
    """
    return RECIPES.get("slstm" if isinstance(cell, SLSTMCell) else cell.name)


def walk(
    subject: Subject,
    step: int | None = None,
    *,
    lane: str = "l0",
    unit: int = 0,
    towards: int | str | None = None,
    window: int = WINDOW,
) -> Walk:
    """Walk through one step of a cell.

    Forward, each quantity is what the cell computes: the step is taken a second time from its parts, and put in the
    place of the first. Back, its gradient is that of the score by way of this step: of the state before, not what it
    gave to the layer above by itself.

    Args:
        subject: what is looked at.
        step: which one; None: the one at which something is said.
        lane: layer and direction, such as "l0" or "l1_reverse".
        unit: whose numbers are in the words.
        towards: number or label of the score whose gradient is followed; None: the largest, or of layers by themselves
            the sum of their outputs.
        window: steps that are looked at, at most.

    Returns:
        Every quantity in order, and the step in sentences.

    Raises:
        UnknownNameError: a layer that is not there.
        UsageError: a step or a unit that is not there, a cell that has no walk, or zoneout.

    Source: the papers of the cells, such as Hochreiter and Schmidhuber 1997, "Long short-term memory"; see
    :mod:`throughtime.kernels.reference`.

    Example:
        >>> import torch, throughtime as tt
        >>> from throughtime.insight import subject, walk
        >>> layer = tt.GRU(3, 4)
        >>> found = walk(subject(layer, torch.randn(20, 3)), 7, unit=2)
        >>> [quantity.name for quantity in found.quantities][-3:], found.error < 1e-12
        (['written', 'kept', 'h'], True)
        >>> found.words[1].startswith("The candidate is")
        True
    """
    own = _checked(subject, lane, unit)
    place = subject.at if step is None else checked_step("step", step, len(subject.x))
    with torch.no_grad():
        before = look(subject, window)
    if place not in before.steps:
        there = f"steps {before.steps.start} to {before.steps.stop - 1}"
        raise UsageError(f"step {place} is not among those looked at, {there}: give another, or a larger window")
    taken = _Taken(own, place - before.start, before.seen.before[lane])
    with torch.enable_grad():
        seen = look(subject, window, [taken])
        score, label = subject.chosen(seen.scores, towards)
        entries = list(taken.book.entries.values())
        gradients = _gradients(score, [entry.tensor for entry in entries])
    return Walk(
        cell=subject.recurrent.cell.name,
        lane=lane,
        step=place,
        unit=unit,
        text=subject.texts[place] if subject.texts else "",
        quantities=tuple(_quantity(entry, entries, gradients, unit) for entry in entries),
        error=taken.error,
        words=_words(taken.book, entries, gradients, unit, label),
    )


def _checked(subject: Subject, lane: str, unit: int) -> Lane:
    """The lane of that name, where it has a walk and such a unit."""
    layer = subject.recurrent
    own = lane_named(layer, lane)
    if recipe_of(layer.cell) is None:
        raise UsageError(f"cell {layer.cell.name!r} has no walk: the cells that have one are {', '.join(RECIPES)}")
    if any(layer.zoneout):
        raise UsageError("a walk knows no zoneout: make the same layer with zoneout=0 and load its state_dict")
    units = layer.hidden_sizes[own.layer]
    if not 0 <= unit < units:
        raise UsageError(f"there is no unit {unit} in {lane}: it has the units 0 to {units - 1}")
    return own


class _Taken:
    """Takes one step apart, and puts what comes of it in the place of what the cell gave.

    Args:
        lane: layer and direction.
        step: which one, in the window.
        start: the carry before the first step of the lane.
    """

    def __init__(self, lane: Lane, step: int, start: tuple[Tensor, ...]) -> None:
        self.book, self.error = Ledger(), 0.0
        self._lane, self._step, self._carry = lane, step, start
        self._made: tuple[Tensor, ...] = ()

    def before(self, lane: Lane, step: int, call: Call, from_x: Tensor) -> tuple[Call, Tensor]:
        if (lane, step) == (self._lane, self._step):
            recipe, own = recipe_of(call.body()), call.parameters(lane.direction)
            assert recipe is not None, "checked before"
            self._made = recipe(self.book, call.body(), own, from_x, self._carry)
        return call, from_x

    def after(self, lane: Lane, step: int, carry: tuple[Tensor, ...], gates: dict[str, Tensor]) -> tuple[Tensor, ...]:
        if lane != self._lane:
            return carry
        self._carry = carry
        if step != self._step:
            return carry
        pairs = zip(self._made, carry, strict=True)
        self.error = max((made - given).abs().max().item() for made, given in pairs)
        return self._made


def _gradients(score: Tensor, tensors: list[Tensor]) -> list[Tensor]:
    if not score.requires_grad:
        return [torch.zeros_like(tensor) for tensor in tensors]
    return list(torch.autograd.grad(score, tensors, allow_unused=True, materialize_grads=True))


def _quantity(entry: Entry, entries: list[Entry], gradients: list[Tensor], unit: int) -> Quantity:
    return Quantity(
        name=entry.name,
        kind=entry.kind,
        formula=entry.formula,
        parents=entry.parents,
        values=numbers(entry.tensor[0]),
        gradients=numbers(gradients[entries.index(entry)][0]),
        words=_filled(entry.words, entries, gradients, unit),
    )


def _filled(words: str, entries: list[Entry], gradients: list[Tensor], unit: int) -> str:
    """A sentence with the numbers of a unit in it."""
    known: dict[str, str] = {}
    for entry, gradient in zip(entries, gradients, strict=True):
        if unit < entry.tensor.shape[1]:  # a projected h has fewer
            known[entry.name] = _number(entry.tensor[0, unit].item())
            known[f"d_{entry.name}"] = _number(gradient[0, unit].item())
    return words.format_map(known)


def _number(value: float) -> str:
    return f"{value:.2f}" if value == 0 or abs(value) >= 0.01 else f"{value:.1e}"


def _words(book: Ledger, entries: list[Entry], gradients: list[Tensor], unit: int, label: str) -> tuple[str, ...]:
    forward = [_filled(entry.words, entries, gradients, unit) for entry in entries if entry.words]
    back = [_filled(words, entries, gradients, unit) for words in book.back]
    pairs = zip(entries, gradients, strict=True)
    sizes = {entry.name: float(gradient.square().sum().sqrt()) for entry, gradient in pairs}
    part = next(part for part in ("c", "m", "h", "re") if f"{part}_before" in sizes)
    here, before = sizes[part], sizes[f"{part}_before"]
    if here > 0:
        back.append(
            f"The gradient of the score ({label}) at {part} is {_number(here)} long, over all units; of it "
            f"{_number(before)} reaches {part} of the step before by way of this step: {_number(before / here)} of it."
        )
    return (*forward, *back)
