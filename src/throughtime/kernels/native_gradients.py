"""From the gradients of the gates at every token to those of the parameters and of the rows: large products."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from throughtime.kernels.native_pass import Kept, Pass
from throughtime.kernels.products import linear, transposed_product

__all__ = ["SweptPass", "parameter_gradients"]


class SweptPass(NamedTuple):
    """What the loop leaves of one pass."""

    kept: Kept
    gates: Tensor
    """(N, grads*H): gradients of the gates."""
    raw: Tensor | None
    """(N, G*H): gradients of the recurrent products before their layer norm."""
    h_prev: Tensor
    """(N, P): the state that entered each row."""
    reset_h: Tensor | None
    """(N, H): r * h, where the candidate's product is apart."""
    grad_m: Tensor | None
    """(N, P): gradient of the projection."""
    m: Tensor | None
    """(N, H): what was projected."""
    sums: dict[str, Tensor]
    """Gradients of what is not in every cell."""


def parameter_gradients(one: Pass, swept: SweptPass) -> tuple[dict[str, Tensor], Tensor]:
    """What the loop's gradients come to, in sums over all tokens.

    Args:
        one: the pass.
        swept: what its loop left.

    Returns:
        the gradients of the parameters by name, and that of the rows (N, I).
    """
    hidden, is_gru, named = one.hidden, one.call.cell == "gru", dict(swept.sums)
    from_x = swept.gates[:, : 3 * hidden] if is_gru else swept.gates
    from_h = swept.gates[:, hidden:] if is_gru else swept.gates
    w_ih, rows = one.p["weight_ih"], one.call.rows[one.rows].contiguous().resolve_neg()
    if one.normed:
        # The norm wants PyTorch's order of gates; elsewhere it is cheaper to turn the weights than all tokens.
        from_x = from_x.roll(-hidden, 1) if is_gru else from_x
        from_x, named["ln_ih.weight"], named["ln_ih.bias"] = _normed_projection_back(one, swept.kept, from_x)
        named["bias_ih"] = named["ln_ih.bias"].clone()
        named["ln_hh.bias"] = from_h.sum(0)
        named["bias_hh"] = named["ln_hh.bias"].clone()
    turned = hidden if is_gru and not one.normed else 0  # the core's order is n r z
    grad_rows = linear(from_x, w_ih.roll(turned, 0).t())
    w_ih_grad, b_ih = (grad.roll(-turned, 0) for grad in transposed_product(from_x, rows))
    named["weight_ih"], named["bias_ih"] = w_ih_grad, named.get("bias_ih", b_ih)
    named["weight_hh"], b_hh = _recurrent_gradient(one, swept, from_h if swept.raw is None else swept.raw)
    named["bias_hh"] = named.get("bias_hh", b_hh)
    if swept.grad_m is not None and swept.m is not None:
        named["weight_hr"], _ = transposed_product(swept.grad_m, swept.m)
    return named, grad_rows


def _recurrent_gradient(one: Pass, swept: SweptPass, raw: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of W_hh and b_hh."""
    if one.heads > 1:
        return _gradient_by_head(one, swept.h_prev, raw)
    if swept.reset_h is None:
        return transposed_product(raw, swept.h_prev)
    r_z, n = raw[:, : 2 * one.hidden], raw[:, 2 * one.hidden :]
    parts = transposed_product(r_z, swept.h_prev), transposed_product(n, swept.reset_h)
    weights, biases = zip(*parts, strict=True)
    return torch.cat(weights), torch.cat(biases)


def _gradient_by_head(one: Pass, h_prev: Tensor, raw: Tensor) -> tuple[Tensor, Tensor]:
    """The same where no head sees another: a product for each gate and head."""
    size = one.hidden // one.heads
    seen = h_prev.chunk(one.heads, 1)
    parts = [
        transposed_product(raw.narrow(1, block * size, size), seen[block % one.heads])
        for block in range(one.gates * one.heads)
    ]
    weights, biases = zip(*parts, strict=True)
    return torch.cat(weights), torch.cat(biases)


def _normed_projection_back(one: Pass, kept: Kept, grad: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of W_ih x, and of its layer norm's gain and shift."""
    assert kept.product is not None and kept.moments is not None
    mean, scale = kept.moments
    product, gain, shift = kept.product, one.p["ln_ih.weight"], one.p["ln_ih.bias"]
    return torch.ops.aten.native_layer_norm_backward(
        grad.contiguous(), product, product.shape[-1:], mean, scale, gain, shift, [True, True, True]
    )
