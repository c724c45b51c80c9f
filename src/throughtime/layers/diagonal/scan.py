"""The recurrence by itself, and the choice of Newton's method."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from numbers import Real
from typing import cast

import torch
from torch import Tensor

from throughtime.errors import ArgumentTypeError, ShapeError
from throughtime.kernels import dispatch
from throughtime.kernels.diagonal.newton import NewtonReport, NewtonSettings, newton_settings
from throughtime.kernels.diagonal.run import WAYS
from throughtime.kernels.diagonal.units import Sweep
from throughtime.kernels.reference.diagonal.given import GivenCell
from throughtime.layers.construction.arguments import alike, flag, size
from throughtime.layers.rows import Lengths, packed_rows

__all__ = ["linear_scan", "newton"]

_GIVEN = GivenCell()


def linear_scan(
    a: Tensor,
    b: Tensor,
    initial: Tensor | None = None,
    *,
    lengths: Lengths | None = None,
    resets: Tensor | None = None,
    batch_first: bool = False,
) -> tuple[Tensor, Tensor]:
    """All states of a recurrence that is linear in its state, in parallel; differentiable as often as asked.

    .. code-block:: text

        h[t] = a[t] h[t-1] + b[t]

    On the CPU the C++ core sweeps rows and units on all cores, and cuts time into chunks where there are few of both;
    elsewhere it is a scan in PyTorch's operators. Nothing is divided or logarithmed: any a is allowed, zero and
    negative ones too.

    Args:
        a: (T, B, H), or (B, T, H) when ``batch_first``; floating.
        b: the same shape and type.
        initial: (B, H) the state before the first step; None: zeros.
        lengths: (B,) real steps of each row; states past the end are zero, and the final state is that of the row's own
            end.
        resets: (B, T) bool: the state is cleared before that step.
        batch_first: order of the axes.

    Returns:
        the states in the form of b, and the final state (B, H).

    Raises:
        ArgumentTypeError: no tensors.
        ShapeError: tensors that do not fit each other.
        KernelError: a kernel is forced that cannot run it.

    Source: Blelloch 1990, "Prefix sums and their applications"; Martin and Cundy 2018, "Parallelizing linear recurrent
    neural nets over sequence length".

    Example:
        >>> import torch, throughtime as tt
        >>> a, b = torch.full((4, 1, 1), 0.5), torch.ones(4, 1, 1)
        >>> h, last = tt.linear_scan(a, b)
        >>> h.flatten().tolist(), last.item()
        ([1.0, 1.5, 1.75, 1.875], 1.875)
    """
    _check(a, b)
    flag("batch_first", batch_first)
    rows, kept = (packed_rows(each, lengths, resets, batch_first) for each in (b, a))
    batch, hidden = rows.batch, b.shape[-1]
    initial = b.new_zeros(batch, hidden) if initial is None else _checked_initial(initial, b, batch)
    start = initial if rows.order is None else initial.index_select(0, rows.order)
    sweep = Sweep(_GIVEN, [kept.rows, rows.rows], [], rows.batch_sizes, rows.resets, [start], [], False)
    (states,), (last,) = WAYS[dispatch.choose_sweep(sweep)](sweep)
    last = last if rows.order is None else last.index_select(0, torch.argsort(rows.order))
    return cast(Tensor, rows.restore(states)), last


def _check(a: object, b: object) -> None:
    if not isinstance(a, Tensor) or not isinstance(b, Tensor):
        raise ArgumentTypeError(f"a and b must be tensors, got a {type(a).__name__} and a {type(b).__name__}")
    fits = a.shape == b.shape and a.dim() == 3 and a.shape[-1] > 0 and a.dtype == b.dtype and b.is_floating_point()
    if not fits:
        given = f"{a.dtype} {tuple(a.shape)} and {b.dtype} {tuple(b.shape)}"
        raise ShapeError(f"a and b must be floating tensors of one shape (T, B, H), H at least 1, got {given}")
    alike("a", a, "b", b)


def _checked_initial(initial: object, b: Tensor, batch: int) -> Tensor:
    if not isinstance(initial, Tensor):
        raise ArgumentTypeError(f"initial must be a tensor, got a {type(initial).__name__}")
    wanted = (batch, b.shape[-1])
    if initial.shape != wanted or initial.dtype != b.dtype or initial.device != b.device:
        given = f"{initial.dtype} {tuple(initial.shape)} on {initial.device}"
        raise ShapeError(f"initial must be {b.dtype} {wanted} on {b.device}, got {given}")
    return initial


@contextmanager
def newton(*, tolerance: float | None = None, iterations: int = 20, chunk: int = 256) -> Generator[NewtonReport]:
    """Solve all steps of nonlinear diagonal cells (IndRNN, ParaGRU) at once by Newton's method, and say how that went.

    Each layer called inside runs on the kernel "newton", in this thread: time is cut into chunks, each solved by
    iterations that are scans, until no residual |h[t] - unit(x[t], h[t-1])| is above the tolerance. A chunk that does
    not get there is swept step by step, exactly, and counted. Worth it where a device has far more lanes than a step
    has units.

    Args:
        tolerance: the largest residual that is accepted; None: 4 units in the last place of the largest state, or of 1.
        iterations: of a chunk, at most.
        chunk: steps that are solved together.

    Returns:
        a report that grows with each call: ``iterations`` and ``residuals`` of each chunk, and how many were
        ``sequential``.

    Raises:
        ArgumentTypeError: a value of another type.
        UsageError: a value out of range.
        KernelError: raised by the call of a layer whose cell it cannot solve.

    Source: Lim et al. 2024, "Parallelizing non-linear sequential models over the sequence length"; Danieli et al. 2025,
    "ParaRNN: unlocking parallel training of nonlinear RNNs for large language models".

    Example:
        >>> import torch, throughtime as tt
        >>> layer, x = tt.ParaGRU(3, 4), torch.randn(100, 2, 3)
        >>> with tt.newton(chunk=50) as report:
        ...     y, _ = layer(x)
        >>> torch.allclose(y, layer(x)[0], atol=1e-5), len(report.iterations), report.sequential
        (True, 2, 0)
    """
    if tolerance is not None and (isinstance(tolerance, bool) or not isinstance(cast(object, tolerance), Real)):
        raise ArgumentTypeError(f"tolerance must be a number above 0, got {tolerance!r}")
    most, steps = size("iterations", iterations, 1), size("chunk", chunk, 1)
    settings = NewtonSettings(tolerance=tolerance, iterations=most, chunk=steps)
    with newton_settings(settings), dispatch.use_kernel("newton"):
        yield settings.report
