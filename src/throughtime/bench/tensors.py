"""The same weights, inputs and gradients for every library, so that their answers can be compared."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from throughtime.axes import GATES
from throughtime.bench.workload import Workload

__all__ = ["Array", "inputs", "output_gradient", "parameters", "real_steps"]

Array = NDArray[Any]
"""A float32 array."""


def parameters(workload: Workload) -> dict[str, Array]:
    """Weights by ``torch.nn``'s names, drawn as it draws them: uniform within 1/sqrt(H).

    Args:
        workload: what is computed.

    Returns:
        ``weight_ih_l0`` (G*H, I), ``weight_hh_l0`` (G*H, H), ``bias_ih_l0`` and ``bias_hh_l0`` (G*H,), and so on.
    """
    draw = np.random.default_rng(0)
    high, wide = workload.hidden**-0.5, len(GATES[workload.cell]) * workload.hidden
    drawn: dict[str, Array] = {}
    for layer in range(workload.layers):
        width = workload.directions * workload.hidden if layer else workload.hidden
        for suffix in (f"_l{layer}", f"_l{layer}_reverse")[: workload.directions]:
            shapes = {
                "weight_ih": (wide, width),
                "weight_hh": (wide, workload.hidden),
                "bias_ih": wide,
                "bias_hh": wide,
            }
            for name, shape in shapes.items():
                drawn[name + suffix] = draw.uniform(-high, high, shape).astype(np.float32)
    return drawn


def inputs(workload: Workload) -> Array:
    """The input, normal, (T, B, I).

    Args:
        workload: what is computed.
    """
    shape = (workload.steps, workload.batch, workload.hidden)
    return np.random.default_rng(1).standard_normal(shape, dtype=np.float32)


def real_steps(workload: Workload) -> NDArray[np.bool_]:
    """True where a row has a step, (T, B).

    Args:
        workload: what is computed.
    """
    return np.arange(workload.steps)[:, None] < np.array(workload.lengths)[None, :]


def output_gradient(workload: Workload) -> Array:
    """The gradient that reaches the output, normal, (T, B, D*H); zero past each row's end, as a masked loss gives it.

    Args:
        workload: what is computed.
    """
    shape = (workload.steps, workload.batch, workload.directions * workload.hidden)
    drawn = np.random.default_rng(2).standard_normal(shape, dtype=np.float32)
    return drawn * real_steps(workload)[:, :, None]
