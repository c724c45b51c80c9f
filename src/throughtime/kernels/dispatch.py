"""The one place that chooses a kernel, says why, and runs it.

Whether a kernel may see a call's memory at all is decided beside it, in :mod:`throughtime.kernels.sight`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from throughtime.errors import KernelError, UnknownNameError, UsageError
from throughtime.kernels import native, reference, sight, torch_fused
from throughtime.kernels.call import Call, Swept
from throughtime.kernels.diagonal import native as diagonal_native
from throughtime.kernels.diagonal.run import run as run_diagonal
from throughtime.kernels.diagonal.units import Sweep
from throughtime.kernels.reference.cell import cell_named
from throughtime.kernels.reference.diagonal import DiagonalCell, LinearCell
from throughtime.kernels.sight import Way
from throughtime.kernels.sweep import at_autocast_type, autocast_is_on, exact_types, sweep, sweep_eagerly

__all__ = [
    "KERNELS",
    "Explanation",
    "Request",
    "choose",
    "choose_sweep",
    "explain_request",
    "run",
    "use_kernel",
    "working_dtype",
]

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
    if request.cell not in native.CELLS:
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
    "scan": _scan_refusal,
    "reference": _reference_refusal,
    "newton": _newton_refusal,
}
"""Kernel name -> why it refuses a request (None: it serves), in order of preference.

The reference serves everything, so what stands after it runs only where it is asked for."""


class _Forced(threading.local):
    def __init__(self) -> None:
        self.name: str | None = None  # on the instance: torch.compile does not guard a class's default


_forced = _Forced()


@contextmanager
def use_kernel(name: str) -> Generator[None]:
    """Force one kernel for every recurrent layer called inside, in this thread.

    Args:
        name: "native" (the C++ core), "torch" (PyTorch's own kernels), "scan" (a scan over time in PyTorch's operators,
            for cells that are linear in their state), "newton" (Newton's method over time, for nonlinear diagonal
            cells: see :func:`throughtime.newton`) or "reference" (the plain loop).

    Raises:
        UnknownNameError: there is no kernel of that name.
        KernelError: raised by the layer's call when the kernel cannot run it, with the reason.

    Example:
        >>> import torch, throughtime as tt
        >>> layer, x = tt.GRU(3, 4), torch.randn(5, 2, 3)
        >>> with tt.use_kernel("reference"):
        ...     y, _ = layer(x)
        >>> torch.allclose(y, layer(x)[0], atol=1e-6)
        True
    """
    if name not in KERNELS:
        raise UnknownNameError("kernel", name, KERNELS)
    before, _forced.name = _forced.name, name
    try:
        yield
    finally:
        _forced.name = before


def _torch_is_better(request: Request) -> bool:
    """Where PyTorch's own kernels are preferred to the C++ core: for the types of their results, or by measurement."""
    if sight.tracing():
        return True  # its operators are what exporters and other runtimes know
    if autocast_is_on(request.device):
        return True  # which type comes out of autocast differs from cell to cell there
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


def working_dtype(x: Tensor) -> torch.dtype:
    """Type in which a layer on ``x`` computes: its own, or autocast's."""
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if x.dtype != torch.float64 and autocast_is_on(kind) else x.dtype


def choose(request: Request) -> str:
    """Name of the kernel that runs ``request``: the forced one, or the first that does not refuse.

    Raises:
        KernelError: the forced kernel refuses.
    """
    forced = _forced.name
    if forced is None:
        if _torch_is_better(request) and _torch_refusal(request) is None:
            return "torch"
        return next(name for name, refusal in KERNELS.items() if refusal(request) is None)
    reason = KERNELS[forced](request)
    if reason is not None:
        raise KernelError(f"kernel {forced!r} was forced and cannot run this call: {reason}")
    return forced


def run(call: Call, request: Request) -> Swept:
    """Run one layer on the kernel that :func:`choose` names, the way that :func:`throughtime.kernels.sight.way` allows.

    Args:
        call: the tensors and options.
        request: the same call as :func:`choose` sees it.

    Compiled, exported and traced calls are the one opaque op; transforms and subclasses of tensors, and direct calls of
    the reference, are plain PyTorch; direct calls of the other kernels keep their own, lighter autograd.

    Raises:
        KernelError: the forced kernel cannot run it.
        UsageError: lengths that cannot be read where the reference has to.
    """
    way = sight.way(call.everything())
    if way is not request.way:
        request = replace(request, way=way)
    kernel = choose(request)
    if way is Way.REFERENCE:
        return reference.run(call, sizes=_sizes(call, request))
    if kernel != "reference" and isinstance(call.body(), DiagonalCell):
        return _run_diagonal(call, kernel, request)
    if way is Way.OPAQUE or (kernel == "reference" and call.recompute):
        return sweep(call, kernel)
    if kernel == "reference":
        return _run_plainly(call)
    return torch_fused.run(call) if kernel == "torch" else sweep_eagerly(call, kernel)


def choose_sweep(sweep: Sweep) -> str:
    """Name of the way that runs a sweep which stands by itself, outside of a layer.

    Args:
        sweep: of a cell that is linear in its state.

    Raises:
        KernelError: the forced kernel cannot run it.
    """
    like, seen = sweep.x[0], sight.way(sweep.tensors())
    dense = not sight.unreadable() and like.shape[0] == sweep.batch_sizes.shape[0] * sweep.initial[0].shape[0]
    request = Request(
        cell=sweep.cell.name, names=frozenset(), dtype=like.dtype, device=like.device.type, directions=1, dense=dense,
        resets=sweep.resets is not None, size=None, keep=True, recompute=False, single=False, restart=False,
        zoneout=False, hidden_dropout=False, trace=False, way=seen,
    )  # fmt: skip
    return choose(request)


def _run_plainly(call: Call) -> Swept:
    """The reference under PyTorch's autograd: the op would keep nothing, and run it once more for its gradients."""
    device = call.rows.device.type
    with exact_types(call):
        return reference.run(at_autocast_type(call, device) if autocast_is_on(device) else call)


def _run_diagonal(call: Call, kernel: str, request: Request) -> Swept:
    """A layer whose products stand outside of the sweep, so that PyTorch and whatever looks on see them."""
    device = call.rows.device.type
    with exact_types(call):
        call = at_autocast_type(call, device) if autocast_is_on(device) else call
        return run_diagonal(call, kernel, request.dense or not sight.unreadable())


def _sizes(call: Call, request: Request) -> list[int] | None:
    """The rows of each step where they are known without reading a tensor; None: read them."""
    if request.dense:
        batch = call.state[0].shape[1]
        return [batch] * (call.rows.shape[0] // batch) if batch else []
    if sight.unreadable() and not torch.compiler.is_compiling():
        raise UsageError(
            "lengths cannot be read here, inside a transform that is traced: trace outside of the transform"
        )
    return None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Which kernel runs a call, and why the others do not."""

    kernel: str
    """Name of the kernel that runs."""
    refused: dict[str, str]
    """Kernel -> reason, for those that cannot run the call."""

    def __str__(self) -> str:
        lines = [f"{self.kernel}: runs this call"]
        lines += [f"{name}: not used, {reason}" for name, reason in self.refused.items()]
        others = [name for name in KERNELS if name != self.kernel and name not in self.refused]
        lines += [f"{name}: could run it, {self.kernel} was preferred" for name in others]
        return "\n".join(lines)


def explain_request(request: Request) -> Explanation:
    """The choice for ``request``, with reasons."""
    reasons = {name: refusal(request) for name, refusal in KERNELS.items()}
    return Explanation(choose(request), {name: reason for name, reason in reasons.items() if reason is not None})
