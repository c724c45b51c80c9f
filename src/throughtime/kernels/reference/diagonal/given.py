"""Units and nothing around them: the recurrence of a cell whose input's part is given."""

from __future__ import annotations

from torch import Tensor

from throughtime.kernels.reference.cell import Cell, CellStep, Parameters
from throughtime.kernels.reference.diagonal.cell import DiagonalCell, LinearCell, State

__all__ = ["GivenCell", "Units"]


class GivenCell(LinearCell):
    """The recurrence by itself.

    .. code-block:: text

        h[t] = a[t] h[t-1] + b[t]                  a, b: the blocks of what is read

    Source: Martin and Cundy 2018, "Parallelizing linear recurrent neural nets over sequence length".
    """

    name = "given"
    gates = ("a", "b")

    def coefficients(self, x: State, own: State) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        return x[0], x[1], {}


class Units(Cell):
    """A diagonal cell whose rows are what its units read, and whose parameters are their numbers.

    So the one loop over time sweeps what stands between ``project`` and ``read``.

    Args:
        cell: the whole cell.

    Source: that of the cell, such as Li et al. 2018, "Independently recurrent neural network (IndRNN)".
    """

    def __init__(self, cell: DiagonalCell) -> None:
        self.name, self._cell = f"units of {cell.name}", cell

    def carry(self, projected: bool) -> tuple[str, ...]:
        return self._cell.state

    def project(self, p: Parameters, x: Tensor) -> Tensor:
        return x

    def step(self, p: Parameters, from_x: Tensor, h: Tensor, carry: tuple[Tensor, ...]) -> CellStep:
        return self._cell.unit(self._cell.blocks(from_x, carry[0].shape[-1]), tuple(p.values()), carry)
