"""A stack of cells and its parameters: sizes, options, initialisation, names."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from numbers import Integral
from typing import Any, Literal, Self, cast

import torch
from torch import Tensor, nn

from throughtime.errors import ArgumentTypeError, UsageError
from throughtime.kernels import torch_fused
from throughtime.kernels.reference.cell import Cell, register_cell
from throughtime.layers.construction.arguments import flag, probability, size, text, zoneouts
from throughtime.layers.construction.block import Block, BlockParameters
from throughtime.layers.construction.parameters import ParameterSet
from throughtime.layers.construction.quantization import Unquantized
from throughtime.layers.construction.symbols import not_scriptable

__all__ = ["Stack"]


class Stack(Unquantized):
    """The parameters and options of stacked, perhaps bidirectional cells; :class:`throughtime.Recurrent` runs them.

    The arguments are those of :class:`throughtime.Recurrent`.

    Raises:
        ArgumentTypeError: an argument of another type.
        UsageError: an argument out of range, or one that the cell cannot honour.
    """

    def __init__(
        self,
        cell: Cell,
        input_size: int,
        hidden_size: int | Sequence[int],
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        layer_norm: bool = False,
        zoneout: float | tuple[float, float] = 0.0,
        recurrent_dropout: float = 0.0,
        weight_dropout: float = 0.0,
        input_dropout: float = 0.0,
        variational_dropout: float = 0.0,
        init: str = "default",
        initial_state: Literal["zeros", "learned"] = "zeros",
        residual: bool = False,
        recompute: bool = False,
        pre_norm: bool = False,
        feed_forward: int = 0,
    ) -> None:
        super().__init__()
        self.cell = _registered(cell)
        self.input_size = size("input_size", input_size, 1)
        self.proj_size = size("proj_size", proj_size, 0)
        self.hidden_sizes = _sizes(hidden_size, size("num_layers", num_layers, 1))
        self.hidden_size = self.hidden_sizes[0] if isinstance(hidden_size, Integral) else hidden_size
        self.num_layers = len(self.hidden_sizes)
        self.bias, self.batch_first = flag("bias", bias), flag("batch_first", batch_first)
        self.bidirectional = flag("bidirectional", bidirectional, or_number=True)
        self.dropout = _dropout(dropout, self.num_layers)
        self.layer_norm, self.residual = flag("layer_norm", layer_norm), flag("residual", residual)
        self.recompute = flag("recompute", recompute)
        self.pre_norm, self.feed_forward = flag("pre_norm", pre_norm), size("feed_forward", feed_forward, 0)
        self.init, self.initial_state = text("init", init), initial_state
        self.zoneout = zoneouts(zoneout, cell.carry(self.proj_size > 0))
        self.recurrent_dropout = probability("recurrent_dropout", recurrent_dropout)
        self.weight_dropout = probability("weight_dropout", weight_dropout)
        self.input_dropout = probability("input_dropout", input_dropout)
        self.variational_dropout = probability("variational_dropout", variational_dropout)
        self._check_options()
        self._sets = [self._parameter_sets(layer) for layer in range(self.num_layers)]
        self._blocks = [self._block_parameters(layer) for layer in range(self.num_layers)]
        if self.weight_dropout and "weight_hh" not in self._sets[0][0].names:
            raise UsageError(f"cell {cell.name!r} has no weight_hh, which weight_dropout acts on")
        self._widths = [list(self._carry(layer).values()) for layer in range(self.num_layers)]
        self._create({"device": device, "dtype": dtype})
        self.flatten_parameters()
        self.reset_parameters()

    @property
    def directions(self) -> int:
        """D: 2 when bidirectional, else 1."""
        return 2 if self.bidirectional else 1

    @property
    def output_size(self) -> int:
        """Width of the output, D*P of the last layer."""
        return self._inputs(self.num_layers)

    def _check_options(self) -> None:
        if self.proj_size and self.proj_size >= min(self.hidden_sizes):
            raise UsageError(f"proj_size {self.proj_size} must be smaller than hidden_size {min(self.hidden_sizes)}")
        if self.initial_state not in ("zeros", "learned"):
            raise UsageError(f"initial_state must be 'zeros' or 'learned', got {self.initial_state!r}")
        if self.residual and not self.proj_size and len(set(self.hidden_sizes)) > 1:
            raise UsageError(f"residual needs layers of one width, got hidden_size {self.hidden_sizes}")
        if self.residual and self.num_layers == 1:
            raise UsageError(
                "residual adds a layer's input to its output from the second layer on: give num_layers > 1"
            )
        if self.variational_dropout and self.num_layers == 1:
            raise UsageError("variational_dropout acts between layers: give num_layers > 1, or use input_dropout")
        self._require("bidirectional", self.bidirectional)
        self._require("layer_norm", self.layer_norm)
        self._require("zoneout", any(self.zoneout))
        self._require("recurrent_dropout", self.recurrent_dropout > 0)

    def _require(self, capability: str, asked: bool) -> None:
        if asked and capability not in self.cell.capabilities:
            able = ", ".join(sorted(self.cell.capabilities))
            raise UsageError(f"cell {self.cell.name!r} does not declare {capability!r} (it declares: {able})")

    def _inputs(self, layer: int) -> int:
        """Width of what a layer reads; that of the layer after the last is the stack's output."""
        return self.directions * (self.proj_size or self.hidden_sizes[layer - 1]) if layer else self.input_size

    def _parameter_sets(self, layer: int) -> list[ParameterSet]:
        sizes = (self._inputs(layer), self.hidden_sizes[layer], self.proj_size)
        return [
            ParameterSet(self.cell, sizes, self.bias, self.layer_norm, f"_l{layer}{'_reverse' if direction else ''}")
            for direction in range(self.directions)
        ]

    def _block_parameters(self, layer: int) -> BlockParameters:
        return BlockParameters(
            (self._inputs(layer), self._inputs(layer + 1)),
            pre_norm=self.pre_norm,
            feed_forward=self.feed_forward,
            bias=self.bias,
            last=layer + 1 == self.num_layers,
            suffix=f"_l{layer}",
        )

    def _create(self, factory: dict[str, Any]) -> None:
        for layer, (sets, block) in enumerate(zip(self._sets, self._blocks, strict=True)):
            for each in sets:
                each.create(self, factory)
                for part, width in self._carry(layer).items() if self.initial_state == "learned" else ():
                    self.register_parameter(f"{part}0{each.suffix}", nn.Parameter(torch.zeros(width, **factory)))
            block.create(self, factory)

    def _carry(self, layer: int) -> dict[str, int]:
        """Width of each part of a layer's carry, by name."""
        names = self.cell.carry(self.proj_size > 0)
        return dict(zip(names, self.cell.carry_sizes(self.hidden_sizes[layer], self.proj_size), strict=True))

    def reset_parameters(self) -> None:
        """Draw all weights anew as ``init`` says; a learned initial state returns to zero."""
        for layer, (sets, block) in enumerate(zip(self._sets, self._blocks, strict=True)):
            for each in sets:
                each.reset(self, self.init)
                for part in self._carry(layer) if self.initial_state == "learned" else ():
                    nn.init.zeros_(getattr(self, f"{part}0{each.suffix}"))
            block.reset(self)

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """Parameters of each layer and direction, as in ``torch.nn`` (norms and feed-forward parts apart)."""
        return [each.plain(self) for sets in self._sets for each in sets]

    def flatten_parameters(self) -> None:
        """Lay the weights out in the blocks of memory that cuDNN reads without copying; elsewhere nothing is done.

        That is one block for a stack that cuDNN runs in one call, and else one for each layer. As in ``torch.nn`` it is
        done by itself where the layer is made, moved or converted.
        """
        if not self._known():
            return
        per_layer = [self.all_weights[at : at + self.directions] for at in self._places()]
        whole = self._in_one_call()
        for number, each in enumerate([self.all_weights] if whole else per_layer):
            weights = [weight for direction in each for weight in direction]
            if torch_fused.can_flatten(weights):
                torch_fused.flatten(
                    self.cell.name,
                    weights,
                    input_size=self._inputs(number),
                    hidden_size=self.hidden_sizes[number],
                    proj_size=self.proj_size,
                    layers=self.num_layers if whole else 1,
                    bias=self.bias,
                    batch_first=self.batch_first,
                    bidirectional=self.bidirectional,
                )

    def _places(self) -> range:
        """Where in ``all_weights`` each layer begins."""
        return range(0, self.num_layers * self.directions, self.directions)

    def _apply(self, *args: Any, **kwargs: Any) -> Self:
        """Move or convert the parameters; those that come out of it lie apart."""
        applied = super()._apply(*args, **kwargs)
        self.flatten_parameters()
        return applied

    def __prepare_scriptable__(self) -> nn.Module:
        not_scriptable(self)

    def extra_repr(self) -> str:
        shown = [f"{self.input_size}, {self.hidden_size}"]
        defaults: dict[str, object] = {
            "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False, "proj_size": 0,
            "layer_norm": False, "zoneout": (0.0, 0.0), "recurrent_dropout": 0.0, "weight_dropout": 0.0,
            "input_dropout": 0.0, "variational_dropout": 0.0, "init": "default", "initial_state": "zeros",
            "residual": False, "recompute": False, "pre_norm": False, "feed_forward": 0,
        }  # fmt: skip
        shown += [f"{name}={getattr(self, name)!r}" for name, value in defaults.items() if getattr(self, name) != value]
        return ", ".join(shown)

    def _known(self) -> bool:
        """Whether torch has this cell and all its parameters."""
        return self.cell.name in torch_fused.FUNCTIONS and self._sets[0][0].known <= torch_fused.WEIGHTS

    def _plain(self) -> bool:
        """Whether torch's kernels know the whole stack, this mode's masks included."""
        return self._uniform() and not (self.training and self._masked())

    def _uniform(self) -> bool:
        return len(set(self.hidden_sizes)) == 1 and not self.around and self.initial_state == "zeros"

    def _masked(self) -> bool:
        """Whether masks are drawn in training that torch's kernels know nothing of."""
        dropouts = (self.recurrent_dropout, self.weight_dropout, self.input_dropout, self.variational_dropout)
        return any(dropouts)

    def _in_one_call(self) -> bool:
        """Whether cuDNN runs the whole stack in one call, in both modes; the layout of its weights goes by that."""
        return self._uniform() and not self._masked()

    @property
    def around(self) -> list[str]:
        """Options that put something around the layers."""
        return [name for name in ("residual", "pre_norm", "feed_forward") if getattr(self, name)]

    def block(self, layer: int) -> Block:
        """What stands around a layer, with its weights as they are now.

        Args:
            layer: its number.
        """
        return Block(self._blocks[layer].named(self), self.residual and layer > 0)

    def _restarts(self) -> list[list[Tensor]] | None:
        """The learned state of each layer, parts of (D, width)."""
        if self.initial_state == "zeros":
            return None
        return [
            [torch.stack([getattr(self, f"{part}0{each.suffix}") for each in sets]) for part in self._carry(layer)]
            for layer, sets in enumerate(self._sets)
        ]

    def _zoneouts(self) -> list[float]:
        return [self.zoneout[0]] + [self.zoneout[1]] * (len(self._carry(0)) - 1)


def _registered(cell: object) -> Cell:
    if not isinstance(cell, Cell):
        raise ArgumentTypeError(f"cell must be an instance of throughtime.Cell, got {cell!r}")
    return register_cell(cell)


def _sizes(hidden_size: Any, num_layers: int) -> list[int]:
    """H of each layer."""
    if not isinstance(hidden_size, list | tuple):
        if not isinstance(hidden_size, Integral):
            kind = type(hidden_size).__name__
            raise ArgumentTypeError(
                f"hidden_size must be a whole number, or a list with one for each layer, got a {kind}"
            )
        return [size("hidden_size", hidden_size, 1)] * num_layers
    sizes = [size("each hidden_size", each, 1) for each in cast("Sequence[object]", hidden_size)]
    if num_layers not in (1, len(sizes)) or not sizes:
        raise UsageError(f"num_layers {num_layers} does not fit the {len(sizes)} sizes in hidden_size")
    return sizes


def _dropout(dropout: float, num_layers: int) -> float:
    checked = probability("dropout", dropout, one=True)
    if checked > 0 and num_layers == 1:
        warnings.warn("dropout acts between layers, so with num_layers=1 it does nothing", UserWarning, stacklevel=4)
    return checked
