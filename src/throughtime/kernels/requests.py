"""What a call asks of a kernel, and why a kernel does not serve it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

import torch

from throughtime.kernels import native, sight, torch_fused
from throughtime.kernels.diagonal import native as diagonal_native
from throughtime.kernels.reference.cell import cell_named
from throughtime.kernels.reference.diagonal import DiagonalCell, LinearCell
from throughtime.kernels.sight import Way
from throughtime.kernels.triton.sweep import kernel as on_gpu

__all__ = ["KERNELS", "Request"]

_OPEN = "torch.func transforms, forward-mode derivatives and subclasses of tensors run on the reference"


@dataclass(kw_only=True, slots=True)  # as good as frozen; Python takes twice as long to make a frozen one
class Request:
    """What a call needs of a kernel, known without reading a tensor's values."""

    cell: str
    """Name of the cell."""
    names: frozenset[str]
    """Names of the parameters there are."""
    dtype: torch.dtype
    """Type of the computation: the input's, or autocast's."""
    device: str
    """Type of the device, such as "cpu"."""
    directions: int
    """1 or 2."""
    dense: bool
    """Every row has every step."""
    resets: bool
    """States are cleared inside sequences."""
    size: tuple[int, int, int] | None
    """(T, B, H) of a dense call; None where it is ragged, or being compiled for any size."""
    keep: bool
    """Gradients may be asked for."""
    recompute: bool
    """What the backward pass needs is computed again there instead of kept."""
    single: bool
    """One step of one cell: there is no loop over time."""
    restart: bool
    """A reset returns to a learned state instead of zeros."""
    zoneout: bool
    """Zoneout, as a mask or in expectation."""
    hidden_dropout: bool
    """Recurrent dropout that draws a mask in this call."""
    trace: bool
    """Every gate and state is asked for."""
    hidden: int | None = None
    """H; None where it is not asked for."""
    way: Way
    """How it may reach the numbers, as far as transforms tell; :func:`run` looks at all tensors."""


def _native_refusal(request: Request) -> str | None:
    """Why the C++ core cannot run this, or None."""
    if request.way is Way.REFERENCE:
        return _OPEN
    if request.trace:
        return "it returns no gates (trace=True)"
    if request.device != "cpu":
        return f"it runs on the CPU, not on {request.device}"
    if request.dtype not in native.DTYPES:
        return f"it computes in float32, float64 or bfloat16, not in {request.dtype}"
    if request.cell in diagonal_native.CELLS:
        return native.unavailable()
    if native.number_of(request.cell) is None:
        return f"it has no cell {request.cell!r}"
    if not request.names <= native.WEIGHTS:
        return f"it knows no {', '.join(sorted(request.names - native.WEIGHTS))}"
    if request.single:
        return "it runs loops over time, and this is a single step"
    return native.unavailable()


def _torch_refusal(request: Request) -> str | None:
    """Why PyTorch's kernels cannot run this, or None."""
    if request.way is Way.REFERENCE:
        return _OPEN
    if request.trace:
        return "it returns no gates (trace=True)"
    if request.cell not in torch_fused.FUNCTIONS:
        return f"it has no cell {request.cell!r}"
    if not request.names <= torch_fused.WEIGHTS:
        return f"it knows no {', '.join(sorted(request.names - torch_fused.WEIGHTS))}"
    if request.cell != "lstm" and "weight_hr" in request.names:
        return f"its cell {request.cell!r} has no projection"
    if request.zoneout:
        return "it has no zoneout"
    if request.recompute and request.keep:
        return "it keeps every step for the backward pass (recompute=True)"
    if request.hidden_dropout:
        return "it has no recurrent dropout"
    if request.resets and not (request.dense and request.directions == 1):
        return "it resets in one direction and full rows only"
    return None


def _triton_refusal(request: Request) -> str | None:
    """Why the programs for a GPU cannot run this, or None."""
    if request.device != "cuda":
        return f"it runs on CUDA, not on {request.device}"
    if not _triton_is_there():
        return "triton is not installed: pip install 'throughtime[gpu]'"
    if not isinstance(cell_named(request.cell), DiagonalCell):
        return _gpu_sweep_refusal(request)
    if sight.unreadable():
        return "it is neither compiled nor traced"
    return _scan_refusal(request)


def _gpu_sweep_refusal(request: Request) -> str | None:
    """Why the sweep on a GPU cannot run this, or None."""
    if request.way is Way.REFERENCE:
        return _OPEN
    if request.trace:
        return "it returns no gates (trace=True)"
    if request.dtype not in on_gpu.DTYPES:
        return f"it computes in float32, bfloat16 or float16, not in {request.dtype}"
    if request.cell not in on_gpu.CELLS:
        return f"it has no cell {request.cell!r}"
    if not request.names <= native.WEIGHTS:
        return f"it knows no {', '.join(sorted(request.names - native.WEIGHTS))}"
    if request.single:
        return "it runs loops over time, and this is a single step"
    return None


@cache
def _triton_is_there() -> bool:
    return find_spec("triton") is not None


def _scan_refusal(request: Request) -> str | None:
    """Why the scan in PyTorch's operators cannot run this, or None."""
    if not isinstance(cell_named(request.cell), LinearCell):
        return f"it needs a step that is linear in the state, and that of {request.cell!r} is not"
    return _grid_refusal(request)


def _newton_refusal(request: Request) -> str | None:
    """Why Newton's method over time cannot run this, or None."""
    cell = cell_named(request.cell)
    if isinstance(cell, LinearCell):
        return f"the step of {request.cell!r} is linear in the state, and needs no iterations: see the scan"
    if not isinstance(cell, DiagonalCell) or len(cell.state) > 1:
        return f"it needs a state of one number a unit that sees no other unit, and that of {request.cell!r} is none"
    return _grid_refusal(request)


def _grid_refusal(request: Request) -> str | None:
    """Why a whole batch cannot be laid out over time, or None."""
    if request.way is Way.REFERENCE:
        return _OPEN
    if request.trace:
        return "it returns no gates (trace=True)"
    if not request.dense and sight.unreadable():
        return "it lays rows out over time, and their lengths cannot be read here"
    return None


def _reference_refusal(request: Request) -> str | None:
    """The reference runs everything."""
    return None


KERNELS: dict[str, Callable[[Request], str | None]] = {
    "native": _native_refusal,
    "torch": _torch_refusal,
    "triton": _triton_refusal,
    "scan": _scan_refusal,
    "reference": _reference_refusal,
    "newton": _newton_refusal,
}
"""Kernel name -> why it refuses a request (None: it serves), in order of preference.

The reference serves everything, so what stands after it runs only where it is asked for."""
