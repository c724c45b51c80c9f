"""Which kernel runs a call of a layer, and why."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from throughtime.kernels import sight
from throughtime.kernels.dispatch import Explanation, explain_request
from throughtime.layers.recurrent import Recurrent
from throughtime.layers.rows import Input, Lengths, packed_rows

__all__ = ["explain"]


def explain(
    layer: Recurrent,
    x: Input,
    *,
    lengths: Lengths | None = None,
    resets: Tensor | None = None,
    mask: Tensor | None = None,
    trace: bool = False,
) -> Explanation:
    """Say which kernel ``layer(x, lengths=..., resets=..., mask=..., trace=...)`` would run, and why the others do not.

    Args:
        layer: a recurrent layer, in the mode (train or eval) that is asked about.
        x: (T, B, I) or any other form that the layer takes.
        lengths: as for the layer.
        resets: as for the layer.
        mask: as for the layer.
        trace: as for the layer.

    Returns:
        the choice; printed, one line per kernel.

    Raises:
        ShapeError: a tensor that does not fit.
        KernelError: a kernel is forced and cannot run the call.

    Example:
        >>> import torch, throughtime as tt
        >>> print(tt.explain(tt.LSTM(3, 4, layer_norm=True), torch.randn(5, 2, 3)))
        native: runs this call
        torch: not used, it knows no ln_c.bias, ln_c.weight, ln_hh.bias, ln_hh.weight, ln_ih.bias, ln_ih.weight
        triton: not used, it runs on CUDA, not on cpu
        reference: could run it, native was preferred
    """
    x = layer.entered(x)
    layer.check(x)
    rows = packed_rows(x, lengths, resets, layer.batch_first, mask)
    request = layer.request(rows.rows, rows.batch, dense=rows.dense, resets=resets is not None, trace=trace)
    return explain_request(replace(request, way=sight.way((rows.rows, *layer.parameters()))))
