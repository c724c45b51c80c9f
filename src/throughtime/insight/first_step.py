"""What is left of the first step at each later one: forgetting, told forward."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import torch
from torch import Tensor

from throughtime.errors import ShapeError, UsageError
from throughtime.insight.results import Floats
from throughtime.insight.subject import check_layer, evaluating
from throughtime.insight.unrolled import numbers, working_dtype
from throughtime.layers import Recurrent

__all__ = ["left_of_first_step"]


@torch.no_grad()
def left_of_first_step(layer: Recurrent, x: Tensor) -> Floats:
    """Say how much what a layer gives at each step would be another if something else had been read at the first.

    .. code-block:: text

        left[t] = mean over b of || y(x[b])[t] - y(x[b] that begins as x[b-1])[t] ||  /  the same at t = 0

    Args:
        layer: layers that read one way.
        x: (B, T, I) sequences, of which some begin differently.

    Returns:
        (T,), 1 at the first step, in float64: below 1e-15 or so it is rounding. 0 throughout where nothing depends on
        the first step even there.

    Raises:
        ArgumentTypeError: another kind of layer.
        ShapeError: an input that is no batch of sequences of vectors of the layer's width, or layers that read both
            ways, for which there is no later step.
        UsageError: all begin alike.

    Source: Bengio, Simard and Frasconi 1994, "Learning long-term dependencies with gradient descent is difficult".

    Example:
        >>> import throughtime as tt
        >>> left = left_of_first_step(tt.LSTM(3, 8), torch.randn(4, 30, 3))
        >>> left[0].item(), bool(left[29] < left[5] < 1)  # a new LSTM forgets
        (1.0, True)
    """
    check_layer(layer)
    if x.dim() != 3 or x.shape[-1] != layer.input_size or not x.shape[1] or layer.bidirectional:
        raise ShapeError(
            f"x must be (B, T, {layer.input_size}) for layers that read one way, got {tuple(x.shape)} for layers that "
            f"read {'both ways' if layer.bidirectional else 'one way'}"
        )
    begins = x[:, 0].roll(1, 0)
    other = (begins != x[:, 0]).any(1)
    if not other.any():
        raise UsageError("all sequences begin alike: give some that begin with something else")
    precise = deepcopy(layer).to(working_dtype(x))  # what fades over many steps is a number there still
    kept = x[other].to(working_dtype(x))
    changed = torch.cat([begins[other, None].to(kept), kept[:, 1:]], 1)
    both = torch.cat([kept, changed])
    with evaluating(precise):
        y: Tensor = precise(both if layer.batch_first else both.transpose(0, 1))[0]
    own, another = (y if layer.batch_first else y.transpose(0, 1)).chunk(2)
    apart: Tensor = (own - another).square().sum(2).sqrt()
    left = numbers(apart.mean(0))
    return left / left[0] if left[0] > 0 else np.zeros_like(left)
