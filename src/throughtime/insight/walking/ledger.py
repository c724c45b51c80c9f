"""The book that is kept of a step: every quantity by name, what it is made of, and what there is to say of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from throughtime.kernels.reference.cell import Cell, Parameters

__all__ = ["Entry", "Ledger", "Recipe"]


@dataclass(frozen=True)
class Entry:
    """A quantity of a step."""

    name: str
    """Such as "f" or "kept"."""
    kind: str
    """What kind of quantity it is; see :class:`throughtime.insight.results.Quantity`."""
    formula: str
    """How it is made."""
    parents: tuple[str, ...]
    """Of which other quantities."""
    tensor: Tensor
    """(1, width), as gradients see it."""
    words: str
    """A sentence, with ``{name}`` where the number of a quantity goes and ``{d_name}`` where its gradient does."""


@dataclass
class Ledger:
    """The quantities of a step in the order in which they are computed."""

    entries: dict[str, Entry] = field(default_factory=dict[str, Entry])
    """By name."""
    back: list[str] = field(default_factory=list[str])
    """Sentences about the way back, like those of the entries."""

    def add(self, kind: str, formula: str, tensor: Tensor, words: str = "") -> Tensor:
        """Enter a quantity.

        Args:
            kind: what kind it is.
            formula: its name, or "name = ..." in the names of others: those become its parents.
            tensor: (1, width).
            words: a sentence about it.

        Returns:
            The tensor, to go on with: gradients with respect to it are those of this quantity in this step.
        """
        name, _, made_of = formula.partition(" = ")
        parents = [each for each in re.findall(r"[a-z_]+", made_of) if each in self.entries]
        if not tensor.requires_grad and torch.is_grad_enabled():
            tensor.requires_grad_()
        self.entries[name] = Entry(name, kind, formula, tuple(dict.fromkeys(parents)), tensor, words)
        return tensor

    def before(self, part: str, tensor: Tensor) -> Tensor:
        """Enter a part of the carry as it comes in, apart from all else that it goes into."""
        return self.add("state", f"{part}_before", tensor.clone())

    def sum(self, gate: str, past: Tensor, x: Tensor, made: str) -> Tensor:
        """Enter the two parts of a gate's sum, and the sum.

        Args:
            gate: such as "f".
            past: what the state before gives.
            x: what is read gives.
            made: how the first is made, such as "W_hh h_before + b_hh".
        """
        x = self.add("input", f"x_{gate}", x.clone())
        past = self.add("product", f"past_{gate} = {made}", past.clone())
        return self.add("preactivation", f"sum_{gate} = x_{gate} + past_{gate}", x + past)


Recipe = Callable[[Ledger, Cell, Parameters, Tensor, tuple[Tensor, ...]], tuple[Tensor, ...]]
"""(ledger, cell, parameters, the input's part of the gates (1, G*H), the carry before) -> the carry after."""
