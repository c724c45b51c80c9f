"""PyTorch's own recurrent kernels behind our call: oneDNN and ATen on a CPU, cuDNN on an NVIDIA GPU.

They serve the plain cells. Ragged rows run packed, as ``PackedSequence`` does; resets in one direction run by cutting
time where any row resets, which costs little while resets are rare (document ends).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from throughtime.kernels.call import Call, Swept
from throughtime.kernels.reference.cell import Parameters
from throughtime.kernels.sight import has_memory

__all__ = ["FUNCTIONS", "WEIGHTS", "can_flatten", "flatten", "run", "run_stack", "step"]

_torch: Any = torch
_VF: Any = torch._VF  # pyright: ignore[reportPrivateUsage]  # the functions that torch.nn itself calls

FUNCTIONS: dict[str, Callable[..., tuple[Tensor, ...]]] = {
    "rnn_tanh": _VF.rnn_tanh,
    "rnn_relu": _VF.rnn_relu,
    "lstm": _VF.lstm,
    "gru": _VF.gru,
}
"""Cell name -> the function that runs a whole stack of it."""

WEIGHTS = frozenset({"weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"})
"""Parameters that these functions know."""


_STEPS: dict[str, Callable[..., Any]] = {
    "rnn_tanh": _VF.rnn_tanh_cell,
    "rnn_relu": _VF.rnn_relu_cell,
    "lstm": _VF.lstm_cell,
    "gru": _VF.gru_cell,
}


def step(cell: str, p: Parameters, x: Tensor, carry: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """One step of a plain cell, without projection.

    Args:
        cell: name of the cell.
        p: the parameters.
        x: (B, I).
        carry: parts of (B, H), h first.

    Returns:
        the next carry.
    """
    weights = (p["weight_ih"], p["weight_hh"], p.get("bias_ih"), p.get("bias_hh"))
    after = _STEPS[cell](x, _carry(carry), *weights)
    return tuple(after) if len(carry) > 1 else (after,)


def run_stack(
    cell: str,
    x: Tensor | PackedSequence,
    state: Sequence[Tensor],
    weights: list[Tensor],
    *,
    bias: bool,
    layers: int,
    dropout: float,
    training: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Tensor, list[Tensor]]:
    """A whole plain stack in one call, as ``torch.nn`` makes it.

    Args:
        x: (T, B, I), (B, T, I) when ``batch_first``, or a packed sequence.
        state: parts of (L*D, B, width), in the order of the packed sequence's rows.
        weights: all parameters, layer by layer, direction by direction.
        cell: name of the cell.
        bias: whether there are biases.
        layers: L.
        dropout: between layers, drawn by torch's generator.
        training: whether that dropout acts.
        bidirectional: D is 2.
        batch_first: order of the axes of a padded batch.

    Returns:
        the output (for a packed sequence its data), and the final state.
    """
    options = (weights, bias, layers, dropout, training, bidirectional)
    if isinstance(x, PackedSequence):
        y, *final = FUNCTIONS[cell](x.data, x.batch_sizes, _carry(state), *options)
    else:
        y, *final = FUNCTIONS[cell](x, _carry(state), *options, batch_first)
    return y, final


def run(call: Call) -> Swept:
    """Sweep every direction of one layer; arguments and results as in ``reference.run``."""
    sizes = call.sizes()
    tokens = sum(sizes)
    if tokens == 0:
        return call.rows.new_zeros(call.rows.shape[0], _width(call)), [part.clone() for part in call.state]
    rows = call.rows[:tokens]
    if call.resets is not None:
        y, final = _run_cut(call, rows, sizes, call.resets[:tokens])
    elif sizes[0] == sizes[-1] == call.state[0].shape[1]:
        y, final = _run_dense(call, rows, call.state)
    else:
        y, final = _run_packed(call, rows, sizes)
    tail = call.rows.shape[0] - tokens
    return (torch.cat([y, y.new_zeros(tail, y.shape[1])]) if tail else y), final


def _width(call: Call) -> int:
    return call.directions * call.state[0].shape[-1]


def _arguments(call: Call) -> tuple[Any, ...]:
    """Weights, has_biases, num_layers, dropout, train, bidirectional."""
    return call.weights, "bias_ih" in call.names, 1, 0.0, call.training, call.directions == 2


def _carry(state: Sequence[Tensor]) -> Any:
    return state[0] if len(state) == 1 else tuple(state)


def _run_dense(call: Call, rows: Tensor, state: Sequence[Tensor]) -> Swept:
    """Every row has every step: rows are (T*B, I)."""
    x = rows.view(-1, state[0].shape[1], rows.shape[-1])
    y, *final = FUNCTIONS[call.cell](x, _carry(state), *_arguments(call), False)
    return y.reshape(rows.shape[0], -1), final


def _run_packed(call: Call, rows: Tensor, sizes: list[int]) -> Swept:
    """Rows end at different steps; rows of no step at all keep their state."""
    alive = sizes[0]
    started = [part[:, :alive].contiguous() for part in call.state]
    y, *final = FUNCTIONS[call.cell](rows, torch.tensor(sizes, device="cpu"), _carry(started), *_arguments(call))
    return y, [torch.cat([new, old[:, alive:]], 1) for new, old in zip(final, call.state, strict=True)]


def _run_cut(call: Call, rows: Tensor, sizes: list[int], resets: Tensor) -> Swept:
    """One direction, full rows: time is cut where any row resets, and those rows restart there."""
    batch = call.state[0].shape[1]
    x, cleared = rows.view(len(sizes), batch, -1), resets.view(len(sizes), batch)
    cuts = cast("list[int]", cleared.any(1).nonzero().flatten().tolist())
    bounds = sorted({0, *cuts, len(sizes)})
    state = list(call.state)
    outputs: list[Tensor] = []
    for start, stop in pairwise(bounds):
        restart = call.restart or [part.new_zeros(1, part.shape[-1]) for part in state]
        mask = cleared[start][:, None]
        state = [torch.where(mask, new[:, None], old) for new, old in zip(restart, state, strict=True)]
        y, state = _run_dense(call, x[start:stop].reshape(-1, x.shape[-1]), state)
        outputs.append(y)
    return torch.cat(outputs), state


_CUDNN_MODES = {"rnn_relu": 0, "rnn_tanh": 1, "lstm": 2, "gru": 3}


def can_flatten(weights: Sequence[Tensor]) -> bool:
    """Whether weights can be moved, in place, into the block that :func:`flatten` makes.

    They can where all are parameters of one type in the memory of one GPU whose cuDNN takes them, and no two are the
    same memory. What stands where a parameter was (parametrized, pruned) is made anew at each call, and so is no place
    to write to.

    Args:
        weights: all parameters that one call reads.
    """
    first = weights[0]
    alike = all(isinstance(each, nn.Parameter) and each.dtype == first.dtype and each.is_cuda for each in weights)
    cudnn = alike and _torch._use_cudnn_rnn_flatten_weight() and torch.backends.cudnn.is_acceptable(first)
    if not cudnn or not has_memory(weights):
        return False
    return len({each.data_ptr() for each in weights}) == len(weights)


def flatten(
    cell: str, weights: list[Tensor], *, input_size: int, hidden_size: int, proj_size: int, layers: int, bias: bool,
    batch_first: bool, bidirectional: bool,
) -> None:  # fmt: skip
    """Move CUDA weights, in place, into one block in the layout that cuDNN reads without copying.

    Args:
        cell: name of the cell.
        weights: all parameters, layer by layer, direction by direction.
        input_size: I.
        hidden_size: H.
        proj_size: P, or 0.
        layers: L.
        bias: whether there are biases.
        batch_first: order of the axes of a padded batch.
        bidirectional: D is 2.
    """
    per_cell = (4 if bias else 2) + (1 if proj_size else 0)
    with torch.cuda.device_of(weights[0]), torch.no_grad():
        _VF._cudnn_rnn_flatten_weight(
            weights,
            per_cell,
            input_size,
            _CUDNN_MODES[cell],
            hidden_size,
            proj_size,
            layers,
            batch_first,
            bidirectional,
        )
