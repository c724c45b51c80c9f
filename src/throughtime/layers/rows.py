"""The door of every layer: whatever form a batch comes in, packed rows inside, the same form going out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from throughtime.errors import ShapeError, UsageError
from throughtime.kernels.sight import unreadable
from throughtime.layers.skipped import kept_steps, moved_resets, steps_in_order

__all__ = ["Input", "Lengths", "Rows", "checked_lengths", "packed_rows"]

Input = Tensor | PackedSequence
"""A padded batch, one unbatched sequence, a packed sequence or a nested (jagged) tensor."""

Lengths = Sequence[int] | Tensor
"""Real steps of each row: any order, any device, zero allowed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """A batch as packed rows (see :mod:`throughtime.axes`), and the way back."""

    rows: Tensor
    """(N, I); where lengths cannot be read (B*T, I), the real tokens first."""
    batch_sizes: Tensor
    """(T,) int64 on the CPU: sequences alive at each step."""
    batch: int
    """B."""
    order: Tensor | None
    """(B,) the caller's row of each rank; None: the same."""
    grid: Tensor | None
    """(N,) place of each row in the (T, B) grid of steps and ranks, t*B + rank; None: 0, 1, 2, ..."""
    restore: Callable[[Tensor], Input]
    """Rows (N, P) -> the form the batch came in."""
    resets: Tensor | None = None
    """(N,) bool."""
    kept: Tensor | None = None
    """(B, T) bool on the CPU: the steps that are read; None where no mask passes over any."""
    lengths: Tensor | None = None
    """(B,) on the CPU: those that came with such a mask."""

    @property
    def dense(self) -> bool:
        """Every row has every step."""
        return self.grid is None

    def ranks(self) -> Tensor:
        """(N,) rank of each row."""
        grid = torch.arange(self.rows.shape[0], device=self.rows.device) if self.grid is None else self.grid
        return grid % _divisor(self.batch)

    def real(self) -> Tensor | None:
        """(N,) bool: the rows that are tokens, where lengths cannot be read; None: all are."""
        if self.grid is None or not unreadable():
            return None
        return torch.arange(self.rows.shape[0], device=self.rows.device) < self.batch_sizes.sum().to(self.rows.device)


def packed_rows(
    x: Input, lengths: Lengths | None, resets: Tensor | None, batch_first: bool, mask: Tensor | None = None
) -> Rows:
    """Turn a batch of any form into packed rows.

    Args:
        x: (T, B, I), or (B, T, I) when ``batch_first``; (T, I) unbatched; a PackedSequence; or a nested tensor of
            layout ``torch.jagged`` with rows (t_b, I).
        lengths: (B,) real steps of each row of a padded batch; None: all T.
        resets: (B, T) bool, or (T,) for an unbatched sequence; T is the longest length of a packed or nested batch.
        batch_first: order of the axes of a padded batch.
        mask: (B, T) bool, or (T,) for an unbatched sequence: True where a step is read; None: all are.

    Raises:
        ShapeError: a rank, size, dtype or length that does not fit.
        UsageError: ``lengths`` or ``mask`` beside a form that carries its own lengths.
    """
    resets = None if resets is None else _as_tensor(resets)
    if isinstance(x, PackedSequence):
        _own_lengths("a PackedSequence", lengths)
        _no_mask("a PackedSequence", mask)
        _readable("a PackedSequence")
        return _from_packed(x, resets)
    if x.is_nested:
        _own_lengths("a nested tensor", lengths)
        _no_mask("a nested tensor", mask)
        _readable("a nested tensor")
        return _from_nested(x, resets)
    if x.dim() == 2:
        _own_lengths("an unbatched sequence", lengths)
        return _from_unbatched(x, resets) if mask is None else _from_masked(x, resets, mask)
    if x.dim() != 3:
        raise ShapeError(f"input must have 2 (unbatched) or 3 dimensions, got shape {tuple(x.shape)}")
    return _from_padded(x, lengths, resets, mask, batch_first)


def _as_tensor(values: Any) -> Tensor:
    """A tensor as it is (a tracer would warn of a conversion), anything else as one on the CPU."""
    return values if isinstance(values, Tensor) else torch.as_tensor(values, device="cpu")


def _own_lengths(form: str, lengths: Lengths | None) -> None:
    if lengths is not None:
        raise UsageError(f"{form} carries its own lengths: leave lengths= out")


def _no_mask(form: str, mask: Tensor | None) -> None:
    if mask is not None:
        raise UsageError(f"mask= goes with a padded batch, not with {form}: pad it, and give its lengths= and mask=")


def _readable(form: str) -> None:
    if unreadable() and not torch.compiler.is_compiling():  # a compiler leaves its graph for such a batch
        raise UsageError(f"{form} cannot be traced, faked or functionalized here: give a padded batch and lengths=")


def _from_packed(x: PackedSequence, resets: Tensor | None) -> Rows:
    wrong = bool((x.batch_sizes.diff() > 0).any()) or bool((x.batch_sizes < 0).any())
    if wrong or x.batch_sizes.numel() == 0 or int(x.batch_sizes.sum()) != x.data.shape[0]:
        raise ShapeError(f"a PackedSequence's batch_sizes never increase and sum to its {x.data.shape[0]} rows")
    batch, steps = int(x.batch_sizes[0]), x.batch_sizes.shape[0]
    _check_order(x, batch)
    dense = x.data.shape[0] == batch * steps
    alive = torch.arange(batch, device="cpu") < x.batch_sizes[:, None]
    grid = None if dense else alive.flatten().nonzero().flatten().to(x.data.device)
    rows = Rows(
        rows=x.data,
        batch_sizes=x.batch_sizes,
        batch=batch,
        order=x.sorted_indices,
        grid=grid,
        restore=lambda y: PackedSequence(y, x.batch_sizes, x.sorted_indices, x.unsorted_indices),
    )
    return _with_resets(rows, resets, steps)


def _check_order(x: PackedSequence, batch: int) -> None:
    order = x.sorted_indices
    if order is not None and (order.shape != (batch,) or order.dtype != torch.int64):
        given = f"{order.dtype} of shape {tuple(order.shape)}"
        raise ShapeError(f"a PackedSequence's sorted_indices must be int64 of shape {(batch,)}, got {given}")


def _from_unbatched(x: Tensor, resets: Tensor | None) -> Rows:
    steps = x.shape[0]
    sizes = torch.ones(steps, dtype=torch.int64, device="cpu")
    rows = Rows(rows=x, batch_sizes=sizes, batch=1, order=None, grid=None, restore=lambda y: y)
    return _with_resets(rows, None if resets is None else resets.reshape(1, -1), steps)


def _from_masked(x: Tensor, resets: Tensor | None, mask: Tensor) -> Rows:
    """An unbatched sequence of which some steps are passed over."""
    one = None if resets is None else resets.reshape(1, -1)
    rows = _from_padded(x.unsqueeze(1), None, one, torch.as_tensor(mask).reshape(1, -1), False)

    def restore(y: Tensor) -> Tensor:
        return cast(Tensor, rows.restore(y)).squeeze(1)

    return replace(rows, restore=restore)


def _from_padded(
    x: Tensor, lengths: Lengths | None, resets: Tensor | None, mask: Tensor | None, batch_first: bool
) -> Rows:
    batch, steps = (x.shape[0], x.shape[1]) if batch_first else (x.shape[1], x.shape[0])
    counted = None if lengths is None else checked_lengths(lengths, batch, steps)
    kept = None if mask is None else kept_steps(mask, counted, batch, steps)
    if _whole(counted if kept is None else kept.sum(1), steps):
        return _with_resets(_from_dense(x, batch, steps, batch_first), resets, steps)
    if kept is None:
        return _with_resets(_from_ragged(x, cast(Tensor, counted), None, batch_first), resets, steps)
    rows = replace(_from_ragged(x, kept.sum(1), kept, batch_first), kept=kept, lengths=counted)
    return _with_resets(rows, resets, steps)


def _whole(counts: Tensor | None, steps: int) -> bool:
    """Whether every step of every row is read, as far as that can be known: not under compilation."""
    return counts is None or (not unreadable() and bool((counts == steps).all()))


def _from_dense(x: Tensor, batch: int, steps: int, batch_first: bool) -> Rows:
    def restore(y: Tensor) -> Tensor:
        y = y.reshape(steps, batch, y.shape[-1])
        return y.transpose(0, 1) if batch_first else y

    x = x.transpose(0, 1) if batch_first else x
    sizes = torch.full((steps,), batch, dtype=torch.int64, device="cpu")
    flat = x.reshape(steps * batch, x.shape[-1])
    return Rows(rows=flat, batch_sizes=sizes, batch=batch, order=None, grid=None, restore=restore)


def _divisor(batch: Any) -> int:
    """B, or 1 where there is no row; traced, B may be a tensor, which a comparison would bake into the graph."""
    return cast(int, batch.clamp(min=1)) if isinstance(batch, Tensor) else max(batch, 1)


def _from_ragged(x: Tensor, counts: Tensor, kept: Tensor | None, batch_first: bool) -> Rows:
    batch, steps = (x.shape[0], x.shape[1]) if batch_first else (x.shape[1], x.shape[0])
    sizes, order, grid = _layout(counts, steps)
    order, grid = order.to(x.device), grid.to(x.device)
    row, step = order[grid % _divisor(batch)], grid // _divisor(batch)
    if kept is not None:
        step = steps_in_order(kept).to(x.device)[row, step]
    source = row * steps + step if batch_first else step * batch + row
    shape = x.shape[:2]

    def restore(y: Tensor) -> Tensor:
        padded = y.new_zeros(steps * batch, y.shape[-1]).index_copy(0, source, y)
        return padded.view(*shape, y.shape[-1])

    rows = x.reshape(steps * batch, x.shape[-1]).index_select(0, source)
    return Rows(rows=rows, batch_sizes=sizes, batch=batch, order=order, grid=grid, restore=restore)


def _from_nested(x: Tensor, resets: Tensor | None) -> Rows:
    values, offsets = x.values(), cast(Tensor, cast(Any, x).offsets())
    given: Tensor | None = cast("Any", x).lengths()  # there are some where rows leave holes between them
    lengths = offsets.diff() if given is None else given
    batch, steps = lengths.shape[0], int(lengths.max()) if lengths.numel() else 0
    sizes, order, grid = _layout(lengths.cpu(), steps)
    order, grid = order.to(values.device), grid.to(values.device)
    source = offsets[order[grid % _divisor(batch)]] + grid // _divisor(batch)

    def restore(y: Tensor) -> Tensor:
        out = y.new_zeros(values.shape[0], y.shape[-1]).index_copy(0, source, y)
        return torch.nested.nested_tensor_from_jagged(out, offsets, given)

    rows = Rows(
        rows=values.index_select(0, source), batch_sizes=sizes, batch=batch, order=order, grid=grid, restore=restore
    )
    return _with_resets(rows, resets, steps)


def _layout(lengths: Tensor, steps: int) -> tuple[Tensor, Tensor, Tensor]:
    """Lengths -> (batch_sizes, order, grid), all on the CPU.

    Compiled or traced the number of tokens is not known, so ``grid`` lists the whole grid, real tokens first.
    """
    counts, order = torch.sort(lengths, descending=True, stable=True)
    alive = counts[None, :] > torch.arange(steps, device="cpu")[:, None]
    sizes = alive.sum(1)
    if unreadable():
        return sizes, order, torch.argsort(~alive.flatten(), stable=True)
    return sizes[: int(counts[0]) if counts.numel() else 0], order, alive.flatten().nonzero().flatten()


def checked_lengths(lengths: Lengths, batch: int, steps: int) -> Tensor:
    """Check the lengths of rows.

    Args:
        lengths: integers, one for each row.
        batch: B, rows.
        steps: T, the greatest length there may be.

    Returns:
        (B,) int64 on the CPU.

    Raises:
        ShapeError: they are no integers from 0 to T, or not one for each row.
    """
    counted = _as_tensor(lengths).to("cpu")
    if counted.numel() == 0:
        counted = counted.to(torch.int64)  # an empty list has no type of its own
    if counted.dtype.is_floating_point or counted.dtype.is_complex or counted.dtype == torch.bool:
        hint = " (mask= takes one bool for each step)" if counted.dtype == torch.bool else ""
        raise ShapeError(f"lengths must be integers, got {counted.dtype}{hint}")
    if counted.shape != (batch,):
        raise ShapeError(f"lengths must be one number for each of the {batch} rows, got shape {tuple(counted.shape)}")
    counted = counted.to(torch.int64)
    if unreadable():
        return counted
    bad = cast("list[int]", ((counted < 0) | (counted > steps)).nonzero().flatten().tolist())
    if bad:
        row, length = bad[0], int(counted[bad[0]])
        raise ShapeError(f"lengths must lie in 0..{steps} (the steps of the input); row {row} has {length}")
    return counted


def _with_resets(rows: Rows, resets: Tensor | None, steps: int) -> Rows:
    if resets is None:
        return rows
    wanted = (rows.batch, steps)
    if resets.dtype != torch.bool or resets.shape != wanted:
        given = f"{resets.dtype} of shape {tuple(resets.shape)}"
        raise ShapeError(f"resets must be bool of shape (batch, steps) = {wanted}, got {given}")
    if rows.kept is not None:
        resets = moved_resets(resets.to("cpu"), rows.kept)
    resets = resets.to(rows.rows.device)
    by_rank = resets if rows.order is None else resets[rows.order]
    flat = by_rank.t().reshape(-1)
    return replace(rows, resets=flat if rows.grid is None else flat[rows.grid])
