"""Whether PyTorch's kernels or our own are faster where both serve a call: what was measured, as a few rules."""

from __future__ import annotations

import torch

from throughtime.kernels.requests import Request

__all__ = ["torch_is_faster"]

_TF32_FROM = 256
"""Units from which float32 with products in TF32 is faster in Triton than in cuDNN."""

_PERSISTENT = (16, 512)
"""Rows up to which, and units from which, cuDNN is faster in float16, where it holds its weights on chip too."""


def torch_is_faster(request: Request) -> bool:
    """Whether PyTorch's own kernels are preferred to the others by measurement.

    Args:
        request: a call that they serve.

    On a GPU: whole training steps, T 256, one layer, I = H, milliseconds, Triton / cuDNN in the same type, on an H200:

    ========================  ===========  ============================  ===========
    LSTM bfloat16, B 64 H 128  1.24 / 8.7   LSTM float16, B 64 H 512      2.17 / 5.0
    LSTM bfloat16, B 64 H 512  2.13 / 10.6  LSTM float16, B 16 H 512      1.90 / 1.67
    LSTM bfloat16, B 256 H 256 2.40 / 10.2  LSTM float16, B 16 H 1024     4.69 / 2.25
    LSTM bfloat16, B 16 H 1024 4.69 / 11.5  LSTM float32, TF32, H 128     1.89 / 1.58
    GRU bfloat16, B 64 H 256   1.67 / 7.9   LSTM float32, TF32, H 256     2.57 / 8.4
    ========================  ===========  ============================  ===========

    Ragged rows cost Triton nothing, and packed ones cuDNN 1.4 times as much as dense ones; time cut at resets costs it
    19 times as much. Float32 without TF32 is cuDNN's. An Elman network was not measured and follows these.
    """
    if request.device == "cuda":
        return _cudnn_is_faster(request)
    if request.size is None or request.resets:
        return False
    steps, batch, hidden = request.size
    if steps == 1:
        return True
    if request.cell != "lstm" or request.dtype != torch.float32 or request.directions == 2:
        return False
    if request.keep:
        return batch >= 8 and (hidden <= 128 or batch < 16)
    return batch >= 16 and hidden < 512


def _cudnn_is_faster(request: Request) -> bool:
    if request.resets:
        return False
    if request.size is not None and request.size[0] == 1:
        return True
    if request.dtype == torch.float32:
        return not torch.backends.cudnn.allow_tf32 or (request.hidden or 0) < _TF32_FROM
    if request.dtype == torch.float16 and request.size is not None and request.directions == 1:
        _, batch, hidden = request.size
        return batch <= _PERSISTENT[0] and hidden >= _PERSISTENT[1]
    return request.dtype not in (torch.float16, torch.bfloat16)
