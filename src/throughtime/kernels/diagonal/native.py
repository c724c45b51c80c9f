"""The C++ core behind the op ``throughtime::diagonal``: addresses, room, threads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor

from throughtime.errors import ShapeError
from throughtime.kernels.diagonal.room import like_rows
from throughtime.kernels.diagonal.units import Sweep
from throughtime.kernels.packing import address, core, dtype_name, target

__all__ = ["CELLS", "backward", "forward", "parts"]

CELLS = {
    "given": 0, "mingru": 1, "mingru_log": 2, "minlstm": 3, "minlstm_log": 4, "lru": 5, "rglru": 6, "sru": 7,
    "indrnn_relu": 8, "indrnn_tanh": 9, "paragru": 10,
}  # fmt: skip
"""Cell name -> its number in the core."""

_GATES, _NUMBERS, _STATES = 4, 3, 2
"""The most that a cell of the core has of each."""

_SMALL = 1 << 15
"""Units and steps of a sweep under which waking a second thread costs more than it brings."""


def forward(sweep: Sweep) -> tuple[list[Tensor], list[Tensor]]:
    """Sweep one direction.

    Args:
        sweep: what to sweep; its cell is one of :data:`CELLS`.

    Returns:
        the states, parts of (N', H), zero past the last token; and the final state, parts of (B, H).
    """
    sizes, dtype = _checked(sweep), sweep.x[0].dtype
    sweep = _wide(sweep)
    batch, hidden = sweep.initial[0].shape
    tokens = sum(sizes)
    states = [like_rows(sweep.x[0], hidden) for _ in sweep.initial]
    if tokens < sweep.rows:
        for part in states:
            part[tokens:] = 0
    finals = [torch.empty_like(part) for part in sweep.initial]
    blocks = _blocks(sweep.x, hidden)
    resets = _resets(sweep, sizes)
    addresses = [
        *_padded([place for place, _ in blocks], _GATES), *_places(sweep.own, _NUMBERS),
        *_places(sweep.initial, _STATES), *_places(sweep.restart, _STATES), *_places(states, _STATES),
        *_places(finals, _STATES),
    ]  # fmt: skip
    strides = _padded([stride for _, stride in blocks], _GATES)
    _core(sweep, sizes, batch, hidden, resets).forward(dtype_name(sweep.x[0].dtype), addresses, strides)
    return [part.to(dtype) for part in states], [part.to(dtype) for part in finals]


def backward(
    sweep: Sweep, states: Sequence[Tensor], grad_states: Sequence[Tensor | None], grad_finals: Sequence[Tensor | None]
) -> list[Tensor]:
    """Gradients of ``sweep.tensors()``.

    Args:
        sweep: as for :func:`forward`.
        states: what it gave, parts of (N', H).
        grad_states: their gradients; None: zeros.
        grad_finals: gradients of the final state, parts of (B, H); None: zeros.
    """
    sizes, dtype = _checked(sweep), sweep.x[0].dtype
    sweep = _wide(sweep)
    batch, hidden = sweep.initial[0].shape
    tokens, kind = sum(sizes), sweep.x[0].dtype
    states = [part.to(kind).contiguous() for part in states]
    given = [None if grad is None else grad.to(kind).contiguous().resolve_neg() for grad in grad_states]
    grad = [
        torch.zeros_like(part) if end is None else end.to(kind).contiguous().resolve_neg().clone()
        for end, part in zip(grad_finals, sweep.initial, strict=True)
    ]
    grad_x = [like_rows(each, each.shape[1]) for each in sweep.x]
    if tokens < sweep.rows:
        for each in grad_x:
            each[tokens:] = 0
    sums = sweep.x[0].new_zeros(len(sweep.own) + len(states), hidden)
    blocks, grad_blocks = _blocks(sweep.x, hidden), _blocks(grad_x, hidden)
    resets = _resets(sweep, sizes)
    addresses = [
        *_padded([place for place, _ in blocks], _GATES), *_places(sweep.own, _NUMBERS),
        *_places(sweep.initial, _STATES), *_places(sweep.restart, _STATES), *_places(states, _STATES),
        *_places(given, _STATES),
        *_padded([place for place, _ in grad_blocks], _GATES), *_places(grad, _STATES), address(sums),
    ]  # fmt: skip
    strides = [*_padded([s for _, s in blocks], _GATES), *_padded([s for _, s in grad_blocks], _GATES)]
    _core(sweep, sizes, batch, hidden, resets).backward(dtype_name(kind), addresses, strides)
    restart = sums[len(sweep.own) :].unbind() if sweep.restart else ()
    return [each.to(dtype) for each in (*grad_x, *sums[: len(sweep.own)].unbind(), *grad, *restart)]


def parts(cell: str, steps: int, batch: int, hidden: int) -> tuple[int, int, int]:
    """Into how many parts the rows, the units and the time of a dense sweep are cut, each part on a thread of its own.

    Args:
        cell: its name.
        steps: T.
        batch: B.
        hidden: H.
    """
    rows, units, chunks = (
        core()
        .DiagonalSweep(
            target(), CELLS[cell], hidden, batch, [batch] * steps, False, _threads(steps * batch * hidden), 0
        )
        .cut()
    )
    return rows, units, chunks


def _threads(work: int) -> int:
    """Threads for so many units and steps, at most."""
    return torch.get_num_threads() if work > _SMALL else 1


def _core(sweep: Sweep, sizes: list[int], batch: int, hidden: int, resets: Tensor | None) -> Any:
    """The core's loop, ready to run."""
    number, threads = CELLS[sweep.cell.name], _threads(sum(sizes) * hidden)
    return core().DiagonalSweep(target(), number, hidden, batch, sizes, sweep.reverse, threads, address(resets))


def _resets(sweep: Sweep, sizes: list[int]) -> Tensor | None:
    """(N,) bool: the state is cleared before this row in the order of the direction."""
    resets = sweep.resets
    if resets is None or not sweep.reverse:
        return None if resets is None else resets.contiguous()
    later, start = torch.zeros_like(resets), 0
    for size, after in pairwise(sizes):
        later[start : start + after] = resets[start + size : start + size + after]
        start += size
    return later


def _blocks(x: Sequence[Tensor], hidden: int) -> list[tuple[int, int]]:
    """Address and row stride of each block of H."""
    size = x[0].element_size()
    return [
        (address(each) + block * hidden * size, each.stride(0))
        for each in x
        for block in range(each.shape[1] // hidden)
    ]


def _padded(values: Sequence[int], count: int) -> list[int]:
    return [*values, *[0] * (count - len(values))]


def _places(tensors: Sequence[Tensor | None], count: int) -> list[int]:
    return _padded([address(tensor) for tensor in tensors], count)


def _wide(sweep: Sweep) -> Sweep:
    """States and sums of bfloat16 are float32; rows and vectors lie side by side."""
    kind = torch.float32 if sweep.x[0].dtype == torch.bfloat16 else sweep.x[0].dtype
    rows = [_rows(each.to(kind)) for each in sweep.x]
    rest = [each.to(kind).contiguous().resolve_neg() for each in (*sweep.own, *sweep.initial, *sweep.restart)]
    return sweep.with_tensors([*rows, *rest])


def _rows(x: Tensor) -> Tensor:
    x = x.resolve_neg()
    return x if x.stride(1) == 1 and x.shape[0] > 0 else x.contiguous()


def _checked(sweep: Sweep) -> list[int]:
    """The rows of each step, where everything fits: the core reads and writes wherever it is told to.

    Raises:
        ShapeError: something does not.
    """
    batch, hidden = sweep.initial[0].shape
    sizes = [size for size in cast("list[int]", sweep.batch_sizes.tolist()) if size]
    falls = sizes == sorted(sizes, reverse=True) and (not sizes or (sizes[0] <= batch and sizes[-1] > 0))
    fits = all(each.shape == (sweep.rows, each.shape[-1]) and each.shape[-1] % hidden == 0 for each in sweep.x)
    fits &= sweep.restart == [] or len(sweep.restart) == len(sweep.initial)
    fits &= all(each.shape == (hidden,) for each in (*sweep.own, *sweep.restart))
    fits &= all(each.shape == (batch, hidden) for each in sweep.initial)
    fits &= all(each.dtype == sweep.x[0].dtype and each.device.type == "cpu" for each in sweep.tensors())
    fits &= sweep.resets is None or (sweep.resets.shape == (sweep.rows,) and sweep.resets.dtype == torch.bool)
    if not (fits and falls and sum(sizes) <= sweep.rows and _counts(sweep, hidden) == _known_counts(sweep.cell.name)):
        shapes = [tuple(each.shape) for each in sweep.tensors()]
        raise ShapeError(
            f"a sweep of {sweep.cell.name!r} over steps of {sizes[:8]} rows does not fit tensors of {shapes}"
        )
    return sizes


def _counts(sweep: Sweep, hidden: int) -> list[int]:
    """Blocks of x, numbers of each unit, parts of the state."""
    return [sum(each.shape[-1] // hidden for each in sweep.x), len(sweep.own), len(sweep.initial)]


@cache
def _known_counts(cell: str) -> list[int]:
    return core().DiagonalSweep(target(), CELLS[cell], 1, 1, [1], False, 1, 0).sizes()
