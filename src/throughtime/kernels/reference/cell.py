"""What a cell is: the sizes of its parameters, a projection of the input, and one step.

A cell holds no tensors. Its parameters come to it as a mapping from name to tensor, so that the same cell serves a
module, a functional call, a kernel's reference and a test. Which optional parameters are there says which variant runs:
no ``bias_ih`` means no bias, ``ln_ih.weight`` means a layer-normalised cell, ``weight_hr`` a projected one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import ClassVar

from torch import Tensor
from torch.nn import functional

from throughtime.errors import UnknownNameError, UsageError

__all__ = ["CAPABILITIES", "Cell", "CellStep", "Parameters", "affine", "cell_named", "normalise", "register_cell"]

Parameters = Mapping[str, Tensor]
"""The parameters of one layer and direction: name without layer suffix -> tensor."""

CellStep = tuple[tuple[Tensor, ...], dict[str, Tensor]]
"""What one step returns: the next carry (h first), and the gates by name (for tracing)."""

CAPABILITIES = frozenset(
    {"bidirectional", "lengths", "resets", "stream", "trace", "layer_norm", "zoneout", "recurrent_dropout"}
)
"""What every cell can unless it says otherwise; "projection" is the one to be declared. The layer test suite runs all
that a cell declares."""


class Cell(ABC):
    """One recurrent cell: subclass it, write ``step``, and :class:`throughtime.Recurrent` runs it over time.

    The inherited parameters are those of a cell with ``len(gates)`` affine gates,
    ``W_ih (G*H, I)``, ``W_hh (G*H, P)``, ``b_ih (G*H,)``, ``b_hh (G*H,)``; override :meth:`shapes` for others.

    Example:
        The minimal gated unit (Zhou et al. 2016, "Minimal gated unit for recurrent neural networks", eq. 7):

        >>> import torch, throughtime as tt
        >>> from throughtime.kernels.reference.cell import affine
        >>> class MinimalGatedUnit(tt.Cell):
        ...     name = "mgu"
        ...     gates = ("f", "n")
        ...     def step(self, p, from_x, h, carry):
        ...         (h_prev,) = carry
        ...         f_x, n_x = from_x.chunk(2, -1)
        ...         f_h, n_h = affine(p, "hh", h).chunk(2, -1)
        ...         f = torch.sigmoid(f_x + f_h)
        ...         n = torch.tanh(n_x + f * n_h)
        ...         return ((1 - f) * h_prev + f * n,), {"f": f, "n": n}
        >>> layer = tt.Recurrent(MinimalGatedUnit(), 3, 5, num_layers=2, bidirectional=True)
        >>> y, h_n = layer(torch.randn(7, 4, 3), lengths=[7, 2, 0, 5])
        >>> y.shape, h_n.shape
        (torch.Size([7, 4, 10]), torch.Size([4, 4, 5]))
    """

    name: str
    """Unique name, by which kernels and saved models find the cell."""
    gates: ClassVar[tuple[str, ...]]
    """Names of the G gate blocks, in the order of the weights' rows."""
    capabilities: frozenset[str] = CAPABILITIES
    """What the cell can; asking for anything else raises."""
    finite_only: bool = False
    """A batch of no step, and values that are not finite, are refused: a state would never get rid of them."""
    heads: int = 1
    """Groups of units between which the recurrent product does not mix; W_hh is (G*H, H/heads)."""
    keeps: ClassVar[Mapping[str, int]] = {}
    """Gates whose bias makes a memory long: 1 where an open gate keeps the state, -1 where it overwrites it; empty: z
    keeps,
    as in a GRU, or f keeps and i overwrites, as in an LSTM."""

    def carry(self, projected: bool) -> tuple[str, ...]:
        """Names of what one step hands to the next, ``h`` first."""
        return ("h",)

    def carry_sizes(self, hidden_size: int, proj_size: int) -> tuple[int, ...]:
        """Width of each part of the carry: P for ``h``, H for the others."""
        output_size = proj_size or hidden_size
        return tuple(output_size if part == "h" else hidden_size for part in self.carry(proj_size > 0))

    def fan_in(self, hidden_size: int) -> int:
        """Inputs that meet in a unit's recurrent product: the default start is uniform in +-1/sqrt of it."""
        return hidden_size

    def shapes(self, input_size: int, hidden_size: int, proj_size: int, bias: bool) -> dict[str, tuple[int, ...]]:
        """Shape of every parameter of one layer and direction, in ``torch.nn``'s order."""
        if proj_size and "projection" not in self.capabilities:
            raise UsageError(f"cell {self.name!r} has no projection: leave proj_size at 0")
        wide = len(self.gates) * hidden_size
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (wide, input_size),
            "weight_hh": (wide, proj_size or hidden_size),
        }
        if bias:
            shapes |= {"bias_ih": (wide,), "bias_hh": (wide,)}
        if proj_size:
            shapes["weight_hr"] = (proj_size, hidden_size)
        return shapes

    def uses(self, name: str) -> int:
        """In how many products of a step a weight stands: 1 in a matrix, in a kernel one for each place."""
        return 1

    def gate_biases(self, names: Iterable[str]) -> list[str]:
        """Which parameters are biases with a block for each gate; that of the recurrent product is not asked for."""
        return [name for name in names if name == "bias_ih"]

    def start(self, p: dict[str, Tensor]) -> None:
        """Fill, in place, the parameters that start otherwise than the initialiser has them; by default none."""
        return None

    def norms(self, hidden_size: int) -> dict[str, int]:
        """Width of each layer norm of the layer-normalised form (Ba, Kiros and Hinton 2016)."""
        wide = len(self.gates) * hidden_size
        return {"ln_ih": wide, "ln_hh": wide}

    def project(self, p: Parameters, x: Tensor) -> Tensor:
        """The part of the gates that needs no past: ``W_ih x + b_ih``; x (..., I) -> (..., G*H)."""
        return affine(p, "ih", x)

    @abstractmethod
    def step(self, p: Parameters, from_x: Tensor, h: Tensor, carry: tuple[Tensor, ...]) -> CellStep:
        """One step of the recurrence.

        Args:
            p: the parameters.
            from_x: what :meth:`project` gave for this step, (n, G*H).
            h: h[t-1] as the recurrent product sees it, (n, P): ``carry[0]``, or a recurrent dropout of it.
            carry: the true carry of the step before, h (n, P) first.

        Returns:
            the next carry, and the gates by name.
        """


def affine(p: Parameters, which: str, x: Tensor) -> Tensor:
    """``W x + b``, or ``LN(W x) + b`` where the parameters hold that norm.

    Args:
        p: the parameters.
        which: "ih" (of the input) or "hh" (recurrent).
        x: (..., I) or (..., P).

    Returns:
        (..., G*H).
    """
    weight, bias = p[f"weight_{which}"], p.get(f"bias_{which}")
    if f"ln_{which}.weight" not in p:
        return functional.linear(x, weight, bias)
    normed = normalise(p, f"ln_{which}", functional.linear(x, weight))
    return normed if bias is None else normed + bias


def normalise(p: Parameters, norm: str, a: Tensor) -> Tensor:
    """Layer norm over the last axis where the parameters hold it, else ``a`` itself.

    Args:
        p: the parameters.
        norm: name of the norm, such as "ln_ih".
        a: (..., width).

    Source: Ba, Kiros and Hinton 2016, "Layer normalization", eq. 3-4; epsilon 1e-5 under the root.
    """
    weight = p.get(f"{norm}.weight")
    if weight is None:
        return a
    return functional.layer_norm(a, a.shape[-1:], weight, p[f"{norm}.bias"], eps=1e-5)


_cells: dict[str, Cell] = {}


def register_cell(cell: Cell) -> Cell:
    """Make ``cell`` known by its name, which stands for one class with one set of attributes.

    Kernels find a cell by its name alone, so a second cell under the name would change what the first computes.
    """
    known = _cells.get(cell.name)
    if known is not None and (type(known).__qualname__, vars(known)) != (type(cell).__qualname__, vars(cell)):
        raise UsageError(
            f"a cell named {cell.name!r} exists already ({type(known).__qualname__} {vars(known)}): choose another name"
        )
    _cells[cell.name] = cell
    return cell


def cell_named(name: str) -> Cell:
    """The registered cell of that name; raises :class:`UnknownNameError` with the nearest names."""
    if name not in _cells:
        raise UnknownNameError("cell", name, _cells)
    return _cells[name]
