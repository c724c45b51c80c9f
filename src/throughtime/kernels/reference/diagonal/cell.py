"""What a diagonal cell is: gates read from the input alone, own numbers of each unit, and a step unit by unit.

The product with the past, which makes a recurrent network slow, is gone: all that depends on the input is one large
product over all steps, and what is left of the recurrence costs a few operations a unit. Where the step is linear in
the state, h[t] = a[t] h[t-1] + b[t], steps compose, (a, b) then (a', b') being (a' a, a' b + b'), so that time can be
cut into parts which are swept side by side: Blelloch 1990, "Prefix sums and their applications"; Martin and Cundy 2018,
"Parallelizing linear recurrent neural nets over sequence length".
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, cast

import torch
from torch import Tensor

from throughtime.kernels.reference.cell import CAPABILITIES, Cell, CellStep, Parameters

__all__ = ["DiagonalCell", "LinearCell", "positive"]

State = tuple[Tensor, ...]
"""Parts of a unit's state, each (..., H)."""


class DiagonalCell(Cell):
    """A cell without a product in time: write :meth:`unit`, and the sweep runs it over all units at once.

    .. code-block:: text

        x'[t] = W_ih x[t] + b_ih                        for all steps at once, G blocks of H
        state[t] = unit(x'[t], own, state[t-1])         each unit by itself
        h[t] = read(x'[t], state[t])                    for all steps at once; by default state[t] itself

    Parameters: ``weight_ih (G*H, I)``, ``bias_ih (G*H,)``, and those of ``own``, each a vector. Layer norm normalises
    W_ih x, once over all gates.

    Source: Li et al. 2018, "Independently recurrent neural network (IndRNN)", and Lei et al. 2018, "Simple recurrent
    units for highly parallelizable recurrence", which made recurrences of such units.
    """

    capabilities = CAPABILITIES - {"zoneout", "recurrent_dropout"}
    finite_only = True
    own: ClassVar[tuple[str, ...]] = ()
    """Names of the parameters that are numbers of each unit."""
    state: ClassVar[tuple[str, ...]] = ("h",)
    """Names of the parts of the state, which :meth:`unit` takes and gives; without h where h is read from it."""

    @property
    def reads(self) -> int:
        """How many of the projection's blocks :meth:`unit` reads, the first ones; the others are for :meth:`read`."""
        return len(self.gates)

    def carry(self, projected: bool) -> tuple[str, ...]:
        return self.state if "h" in self.state else ("h", *self.state)

    def shapes(self, input_size: int, hidden_size: int, proj_size: int, bias: bool) -> dict[str, tuple[int, ...]]:
        plain = super().shapes(input_size, hidden_size, proj_size, bias)
        shapes = {name: plain[name] for name in ("weight_ih", "bias_ih") if name in plain}
        return shapes | dict.fromkeys(self.own, (hidden_size,))

    def norms(self, hidden_size: int) -> dict[str, int]:
        return {"ln_ih": len(self.gates) * hidden_size}

    def blocks(self, from_x: Tensor, hidden: int) -> State:
        """What :meth:`unit` reads of one projection (..., G*H): blocks of H."""
        return cast(State, from_x[..., : self.reads * hidden].split(hidden, -1))

    def numbers(self, p: Parameters) -> State:
        """The numbers of each unit as :meth:`unit` takes them, each (H,); by default the parameters of ``own``."""
        return tuple(p[name] for name in self.own)

    @abstractmethod
    def unit(self, x: State, own: State, state: State) -> tuple[State, dict[str, Tensor]]:
        """One step of every unit.

        Args:
            x: the blocks of the input's projection, each (..., H).
            own: the numbers of each unit, each (H,).
            state: the parts of the state before, each (..., H).

        Returns:
            the parts of the state after, and the gates by name.
        """

    def read(self, p: Parameters, from_x: Tensor, state: State) -> Tensor:
        """The output h of steps whose states are known, (..., P)."""
        return state[0]

    def step(self, p: Parameters, from_x: Tensor, h: Tensor, carry: tuple[Tensor, ...]) -> CellStep:
        before = carry if "h" in self.state else carry[1:]
        after, gates = self.unit(self.blocks(from_x, before[0].shape[-1]), self.numbers(p), before)
        return (after if "h" in self.state else (self.read(p, from_x, after), *after)), gates


class LinearCell(DiagonalCell):
    """A diagonal cell whose step is linear in its state: write :meth:`coefficients`.

    .. code-block:: text

        state[t] = a(x'[t]) state[t-1] + b(x'[t])

    Source: Martin and Cundy 2018, "Parallelizing linear recurrent neural nets over sequence length".
    """

    @abstractmethod
    def coefficients(self, x: State, own: State) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """A and b of steps, (..., H), and the gates by name; complex where the state is."""

    def joined(self, state: State) -> Tensor:
        """The parts of the state as one tensor, complex where the state is."""
        return state[0]

    def parted(self, state: Tensor) -> State:
        """The way back."""
        return (state,)

    def unit(self, x: State, own: State, state: State) -> tuple[State, dict[str, Tensor]]:
        a, b, gates = self.coefficients(x, own)
        return self.parted(a * self.joined(state) + b), gates


def positive(x: Tensor) -> Tensor:
    """``g(x) = x + 1/2`` where x >= 0, else ``sigmoid(x)``: smooth enough and never negative.

    Source: Feng et al. 2024, "Were RNNs all we needed?", appendix B.
    """
    return torch.where(x >= 0, x + 0.5, torch.sigmoid(x))
