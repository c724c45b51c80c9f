"""The block that a layer stands in: a norm of what it reads, a sum, a feed-forward part, a norm at the stack's end."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from throughtime.errors import UsageError
from throughtime.kernels.products import product
from throughtime.kernels.reference.cell import Parameters, normalise
from throughtime.layers.construction.parameters import NamedParameters

__all__ = ["Block", "BlockParameters"]

_LEAST = 3


class Block(NamedTuple):
    """What stands around one layer, in one call.

    .. code-block:: text

        y = layer(LN_in(x)) [+ x]
        z = y + W_down GELU(W_up LN_ff(y) + b_up) + b_down          and LN_out(z) after the last layer

    Each part is there where the parameters hold it. What a block adds in training is thinned by dropout; what runs
    through it is not, where there is a norm of the input. Without one, dropout is of the sum, as it is in ``torch.nn``.

    Source: pre-norm: Xiong et al. 2020, "On layer normalization in the transformer architecture", fig. 1b and eq. of
    table 1, whose norm this is, and which PyTorch fuses: on the CPU its RMSNorm (Zhang and Sennrich 2019) takes six
    times as long, there and back. Feed-forward part: Orvieto et al. 2023, "Resurrecting recurrent neural networks for
    long sequences", section 2; GELU: Hendrycks and Gimpel 2016.
    """

    p: Parameters
    """By name without suffix; empty where nothing but a sum stands around."""
    residual: bool
    """Whether what came in is added to what the layer gives."""

    @property
    def pre_norm(self) -> bool:
        """Whether the layer reads a norm of what comes in."""
        return "ln_in.weight" in self.p

    def enter(self, x: Tensor) -> Tensor:
        """What the layer reads.

        Args:
            x: (..., I), what comes in.
        """
        return normalise(self.p, "ln_in", x)

    def leave(self, x: Tensor, y: Tensor, dropout: float = 0.0) -> Tensor:
        """What goes out.

        Args:
            x: (..., I), what is added where there is a sum.
            y: (..., D*P), what the layer gave.
            dropout: share of units to drop, by torch's generator; 0 outside of training.

        Returns:
            (..., D*P).
        """
        inside, outside = (dropout, 0.0) if self.pre_norm else (0.0, dropout)
        y = _dropped(y, inside)
        y = y + x if self.residual else y
        if "weight_up" in self.p:
            y = y + _dropped(self._fed_forward(y), inside)
        return normalise(self.p, "ln_out", _dropped(y, outside))

    def copied(self) -> Block:
        """The same with weights of its own, as they are now."""
        return Block({name: tensor.detach().clone() for name, tensor in self.p.items()}, self.residual)

    def _fed_forward(self, y: Tensor) -> Tensor:
        inner = product(normalise(self.p, "ln_ff", y), self.p["weight_up"], self.p.get("bias_up"))
        return product(functional.gelu(inner), self.p["weight_down"], self.p.get("bias_down"))


def _dropped(y: Tensor, p: float) -> Tensor:
    return functional.dropout(y, p) if p else y


class BlockParameters(NamedParameters):
    """Where the parameters of one layer's block live in a module: ``ln_in_l0``, ``weight_up_l0`` and their like.

    Args:
        widths: (I, D*P) of the layer.
        pre_norm: whether the layer reads a norm of its input.
        feed_forward: F, inner width of the feed-forward part; 0: there is none.
        bias: whether that part has biases.
        last: whether it is the last layer of the stack, whose output is normalised once more with ``pre_norm``.
        suffix: ending of every name.

    Raises:
        UsageError: a norm of fewer than three numbers, which leaves no size of them.
    """

    def __init__(
        self, widths: tuple[int, int], *, pre_norm: bool, feed_forward: int, bias: bool, last: bool, suffix: str
    ) -> None:
        inputs, outputs = widths
        norms = {"ln_in": inputs} if pre_norm else {}
        shapes: dict[str, tuple[int, ...]] = {}
        if feed_forward:
            norms["ln_ff"] = outputs
            shapes |= {"weight_up": (feed_forward, outputs), "weight_down": (outputs, feed_forward)}
            shapes |= {"bias_up": (feed_forward,), "bias_down": (outputs,)} if bias else {}
        if pre_norm and last:
            norms["ln_out"] = outputs
        for norm, width in norms.items():
            _enough(norm, width, suffix.removeprefix("_l"))
        super().__init__(shapes, norms, suffix)

    def reset(self, module: nn.Module) -> None:
        """Draw the weights as ``nn.Linear`` does; norms start at weight 1 and bias 0."""
        with torch.no_grad():
            for name, tensor in zip(self.shapes, self.plain(module), strict=True):
                fan_in = self.shapes["weight_" + name.partition("_")[2]][1]
                tensor.uniform_(-1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))
        self.reset_norms(module)


def _enough(norm: str, width: int, layer: str) -> None:
    if width < _LEAST:
        option, what = "feed_forward" if norm == "ln_ff" else "pre_norm", "input" if norm == "ln_in" else "output"
        raise UsageError(
            f"{option} normalises {_LEAST} numbers or more, and the {what} of layer {layer} has {width}: "
            "a norm of so few leaves no size of them"
        )
