"""Our layers, through the interface that everyone uses."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from throughtime import layers
from throughtime.bench import tensors
from throughtime.bench.peers.torch_layers import dtype_of, named, weights, work_of
from throughtime.bench.workload import Work, Workload
from throughtime.kernels import native

__all__ = ["layer", "machine", "stream_numpy", "stream_torch"]

RESETS = 0.02
"""Share of the steps before which a row is reset, where resets are asked for."""


def _module(workload: Workload) -> layers.Recurrent:
    options = {name: value for name, value in workload.options.items() if name not in ("resets", "weight_dtype")}
    module = getattr(layers, named(workload))(
        workload.hidden,
        workload.hidden,
        workload.layers,
        bidirectional=workload.bidirectional,
        dropout=workload.dropout,
        **options,
    )
    module.load_state_dict(weights(workload), strict=False)  # the norms of a layer-normalised cell keep their ones
    return module.to(dtype_of(workload))


def _ragged(workload: Workload) -> dict[str, Any]:
    """What a call is given beside its input."""
    given: dict[str, Any] = {"lengths": torch.tensor(workload.lengths)} if workload.ragged else {}
    if workload.options.get("resets"):
        drawn = torch.rand(workload.batch, workload.steps, generator=torch.Generator().manual_seed(0))
        given["resets"] = drawn < RESETS
    return given


def layer(workload: Workload) -> Work:
    """One call of the layer: inference, or forward and backward.

    Args:
        workload: what is computed.
    """
    module, given = _module(workload), _ragged(workload)
    return work_of(workload, module, lambda x: module(x, **given)[0])


def _stream(workload: Workload) -> Any:
    module: Any = _module(workload).eval()
    kind = workload.options.get("weight_dtype")
    return module.stream(1, weight_dtype=getattr(torch, kind)) if kind else module.stream(1)


def stream_numpy(workload: Workload) -> Work:
    """One streamed step, from a numpy row to a numpy row.

    Args:
        workload: what is computed.
    """
    stream, row = _stream(workload), tensors.inputs(workload)[0]
    return lambda: stream.step(row)


def stream_torch(workload: Workload) -> Work:
    """One streamed step, from tensor to tensor.

    Args:
        workload: what is computed.
    """
    stream, row = _stream(workload), torch.from_numpy(tensors.inputs(workload)[0])

    def step() -> Tensor:
        return stream.step(row)

    return step


def machine() -> Mapping[str, Any]:
    """The CPU target that the native core runs on, and the chip's measured peak on it.

    Returns:
        ``target``, and ``peak``: floating-point operations per second by type, where the core can measure it.
    """
    if native.unavailable():
        return {"target": "none: " + str(native.unavailable()), "peak": {}}
    measure: Any = getattr(import_module("throughtime._native"), "peak", None)
    target, threads = native.target(), torch.get_num_threads()
    types = {"float32": False, "bfloat16": True} if measure else {}
    # The best of several: a peak is what the chip can do when nothing holds it up.
    peak = {name: max(measure(target, half, threads) for _ in range(15)) for name, half in types.items()}
    return {"target": target, "peak": peak}
