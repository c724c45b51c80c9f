"""The one place that chooses a kernel, says why, and runs it.

Whether a kernel may see a call's memory at all is decided beside it, in :mod:`throughtime.kernels.sight`.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from throughtime.errors import KernelError, UnknownNameError, UsageError
from throughtime.kernels import reference, sight, torch_fused
from throughtime.kernels.call import Call, Swept
from throughtime.kernels.diagonal.native import parts
from throughtime.kernels.diagonal.run import run as run_diagonal
from throughtime.kernels.diagonal.units import Sweep
from throughtime.kernels.measured import torch_is_faster
from throughtime.kernels.reference.cell import cell_named
from throughtime.kernels.reference.diagonal import DiagonalCell, LinearCell
from throughtime.kernels.requests import KERNELS, Request
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


class _Forced(threading.local):
    def __init__(self) -> None:
        self.name: str | None = None  # on the instance: torch.compile does not guard a class's default


_forced = _Forced()


@contextmanager
def use_kernel(name: str) -> Generator[None]:
    """Force one kernel for every recurrent layer called inside, in this thread.

    Args:
        name: "native" (the C++ core), "torch" (PyTorch's own kernels), "triton" (programs for a GPU), "reference" (the
            plain loop); for cells that are linear in their state "scan" (over chunks of time, in PyTorch's operators;
            "triton" does the same on a GPU); for other diagonal cells "newton" (see :func:`throughtime.newton`).

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
    """Where PyTorch's own kernels are preferred to ours: for the types of their results, or by measurement."""
    if sight.tracing():
        return True  # its operators are what exporters and other runtimes know
    if request.device != "cuda" and autocast_is_on(request.device):
        return True  # which type comes out of autocast differs from cell to cell there
    return torch_is_faster(request)


def _first(request: Request) -> list[str]:
    """Kernels that are asked before the others."""
    if _torch_is_better(request):
        return ["torch"]
    return ["triton"] if request.device == "cuda" and not isinstance(cell_named(request.cell), DiagonalCell) else []


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
        return next(name for name in (*_first(request), *KERNELS) if KERNELS[name](request) is None)
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
    call = at_autocast_type(call, device) if autocast_is_on(device) else call
    with exact_types(call):
        return reference.run(call)


def _run_diagonal(call: Call, kernel: str, request: Request) -> Swept:
    """A layer whose products stand outside of the sweep, so that PyTorch and whatever looks on see them."""
    device = call.rows.device.type
    call = at_autocast_type(call, device) if autocast_is_on(device) else call
    with exact_types(call):
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
    how: str = ""
    """How time is gone through, where that is not step by step."""
    others: tuple[str, ...] = tuple(KERNELS)
    """The kernels that are told of."""

    def __str__(self) -> str:
        lines = [f"{self.kernel}: runs this call{self.how and f', {self.how}'}"]
        told = [name for name in self.others if name != self.kernel]
        lines += [f"{name}: not used, {self.refused[name]}" for name in told if name in self.refused]
        lines += [f"{name}: could run it, {self.kernel} was preferred" for name in told if name not in self.refused]
        return "\n".join(lines)


_FOR_DIAGONAL = ("scan", "newton")
"""Kernels that no other cell could have."""


def explain_request(request: Request) -> Explanation:
    """The choice for ``request``, with reasons."""
    reasons = {name: refusal(request) for name, refusal in KERNELS.items()}
    kernel, diagonal = choose(request), isinstance(cell_named(request.cell), DiagonalCell)
    told = tuple(name for name in KERNELS if diagonal or name not in _FOR_DIAGONAL)
    refused = {name: reason for name, reason in reasons.items() if reason is not None}
    return Explanation(kernel, refused, _how(request, kernel) if diagonal else "", told)


def _how(request: Request, kernel: str) -> str:
    """How a kernel goes through the time of a diagonal cell."""
    if kernel in ("triton", "scan"):
        return "as a scan over chunks of time"
    if kernel == "newton":
        return "by Newton's method over chunks of time"
    if kernel != "native":
        return ""
    linear = isinstance(cell_named(request.cell), LinearCell)
    way = "as a scan" if linear else "unit by unit"
    if request.size is None:
        return f"{way}: rows or units, and else chunks of time, on their own threads" if linear else way
    rows, units, chunks = parts(request.cell, *request.size)
    cut = {"rows": rows, "units": units, "time": chunks}
    shared = " and ".join(f"{name} in {count} parts" for name, count in cut.items() if count > 1)
    return f"{way}, {shared or 'on one thread'}"
